// SPDX-License-Identifier: GPL-2.0-only
/*
 * Of simulated experiments whose true mean is known: how many 95 % intervals hold it. Normal batch
 * means are what the method promises, and are asserted; the others are reported.
 */
#include "harness/cleanup.h"
#include "harness/stats.h"
#include "tests/test.h"
#include "tests/unit/documented.h"
#include "tests/unit/draws.h"

#include <stdlib.h>

#define EXPERIMENTS 10000
#define MOST_BATCHES 50
#define MOST_SAMPLES 100

static double draw_shifted_normal(uint64_t *random)
{
	return 5000 + 120 * draw_normal(random);
}

static const struct simulated {
	const char *name;
	double (*draw)(uint64_t *random);
	double mean;
	size_t batches, samples; /* in a batch */
	double batch_spread, run_spread; /* deviations of what all of a batch or run share */
	bool pooled; /* as if samples were independent: what labrun never does */
	bool asserted;
} simulations[] = {
	{ "normal", draw_shifted_normal, 5000, 2, 1, 0, 0, false, true },
	{ "normal", draw_shifted_normal, 5000, 3, 1, 0, 0, false, true },
	{ "normal", draw_shifted_normal, 5000, 5, 1, 0, 0, false, true },
	{ "normal", draw_shifted_normal, 5000, 10, 1, 0, 0, false, true },
	{ "normal", draw_shifted_normal, 5000, 20, 1, 0, 0, false, true },
	{ "normal", draw_shifted_normal, 5000, 50, 1, 0, 0, false, true },
	{ "exponential", draw_exponential, 1, 3, 100, 0, 0, false, false },
	{ "exponential", draw_exponential, 1, 10, 100, 0, 0, false, false },
	{ "exponential", draw_exponential, 1, 10, 1, 0, 0, false, false },
	{ "lognormal", draw_lognormal, 1.6487212707001282, 3, 100, 0, 0, false, false },
	{ "lognormal", draw_lognormal, 1.6487212707001282, 10, 100, 0, 0, false, false },
	{ "lognormal", draw_lognormal, 1.6487212707001282, 10, 1, 0, 0, false, false },
	{ "pareto", draw_pareto, 5.0 / 3, 3, 100, 0, 0, false, false },
	{ "pareto", draw_pareto, 5.0 / 3, 10, 100, 0, 0, false, false },
	{ "pareto", draw_pareto, 5.0 / 3, 10, 1, 0, 0, false, false },
	{ "normal, each batch off by half a sample's deviation", draw_normal, 0, 10, 100, 0.5, 0,
	  false, false },
	{ "the same samples, pooled", draw_normal, 0, 10, 100, 0.5, 0, true, false },
	{ "normal, the whole run off by a batch's deviation", draw_normal, 0, 10, 1, 0, 1, false,
	  false },
};

static bool covers(const struct simulated *about, uint64_t *random)
{
	double samples[MOST_BATCHES * MOST_SAMPLES], means[MOST_BATCHES];
	double run = about->run_spread * draw_normal(random);
	struct interval interval;

	for (size_t b = 0; b < about->batches; b++) {
		double batch = run + about->batch_spread * draw_normal(random);

		for (size_t i = 0; i < about->samples; i++)
			samples[b * about->samples + i] = batch + about->draw(random);
		means[b] = stats_mean(&samples[b * about->samples], about->samples);
	}
	interval = about->pooled ? stats_mean_interval(samples, about->batches * about->samples)
				 : stats_mean_interval(means, about->batches);
	return interval.low <= about->mean && about->mean <= interval.high;
}

static void test_coverage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(simulations); i++) {
		const struct simulated *about = &simulations[i];
		_free_ char *row = NULL;
		uint64_t random = 20260301 + i;
		size_t covered = 0;

		for (size_t j = 0; j < EXPERIMENTS; j++)
			covered += covers(about, &random);
		if (asprintf(&row, "| %s | %zu | %zu | %.1f %% |", about->name, about->samples,
			     about->batches, 100.0 * (double)covered / EXPERIMENTS) < 0)
			abort();
		expect_documented(row);
		if (about->asserted)
			assert_in_range(covered, 9400, 9600);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
