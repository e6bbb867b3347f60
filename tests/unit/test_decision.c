// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the decision between two sides gets wrong: Welch's test on batch means, Holm over all series
 * of a comparison, and a minimum effect. Sides that are alike (A/A) may move in 5 of 100
 * comparisons; how often a real shift is found is reported.
 */
#include "harness/cleanup.h"
#include "harness/compare_welch.h"
#include "tests/test.h"
#include "tests/unit/documented.h"
#include "tests/unit/draws.h"

#include <stdlib.h>
#include <string.h>

#define COMPARISONS 1000
#define SERIES 20
#define MOST_BATCHES 40
#define ALPHA 0.05
#define MEAN 1000
/* 50 wrong of 1000 are expected at most; more than 66 come by chance once in a hundred. */
#define MOST_WRONG 66

/* How batch means differ though nothing changed; parts of the mean. */
struct world {
	const char *name;
	double (*own)(uint64_t *random); /* each series' own, of deviation 1 */
	double spread; /* a batch mean's deviation */
	double shared; /* how much of the variance all series of a batch share */
	double drift; /* of one step of a walk that both sides go along, A B B A */
	double run; /* of what sets a whole side apart: two folders of different times */
};

struct sides {
	double base[SERIES][MOST_BATCHES], new[SERIES][MOST_BATCHES];
};

static double draw_skewed(uint64_t *random)
{
	return (draw_lognormal(random) - 1.6487212707001282) / 2.1611974158950873;
}

/* `shift`: by how much of its mean the first series is higher in NEW. */
static void simulate(const struct world *world, size_t batches, double shift, uint64_t *random,
		     struct sides *sides)
{
	double run = world->run * draw_normal(random), walk = 0;
	size_t taken[2] = { 0 };

	for (size_t slot = 0; slot < 2 * batches; slot++) {
		bool new = (slot + 1) / 2 % 2;
		double common = draw_normal(random) * sqrt(world->shared) * world->spread;
		size_t batch = taken[new]++;

		walk += world->drift * draw_normal(random);
		for (size_t i = 0; i < SERIES; i++) {
			double own = world->own(random) * sqrt(1 - world->shared) * world->spread;
			double value = MEAN * (1 + common + own + walk + (new ? run : 0));

			if (new)
				sides->new[i][batch] = value *(i ? 1 : 1 + shift);
			else
				sides->base[i][batch] = value;
		}
	}
}

/* Which series moved: `least` is the minimum effect, a part of the base's mean. */
static size_t decide(const struct sides *sides, size_t batches, double least, bool *ret_moved)
{
	double p_values[SERIES], parts[SERIES];
	size_t count = 0;

	for (size_t i = 0; i < SERIES; i++) {
		struct welch welch = welch_compare(sides->base[i], batches, sides->new[i], batches);

		p_values[i] = welch.p;
		parts[i] = fabs(welch.difference) / welch.base_mean;
	}
	stats_holm(p_values, SERIES, ALPHA, ret_moved);
	for (size_t i = 0; i < SERIES; i++) {
		ret_moved[i] = ret_moved[i] && parts[i] >= least;
		count += ret_moved[i];
	}
	return count;
}

static size_t count_false_alarms(const struct world *world, size_t batches, double least)
{
	static struct sides sides;
	uint64_t random = 20260501;
	bool moved[SERIES];
	size_t alarms = 0;

	for (size_t i = 0; i < COMPARISONS; i++) {
		simulate(world, batches, 0, &random, &sides);
		alarms += decide(&sides, batches, least, moved) > 0;
	}
	return alarms;
}

static void test_false_alarms(void **state)
{
	static const struct {
		struct world world;
		bool asserted;
	} cases[] = {
		{ { "normal", draw_normal, 0.03, 0, 0, 0 }, true },
		{ { "normal, half of the variance shared by a batch's series", draw_normal, 0.03,
		    0.5, 0, 0 },
		  true },
		{ { "lognormal", draw_skewed, 0.03, 0, 0, 0 }, true },
		{ { "lognormal, half shared", draw_skewed, 0.03, 0.5, 0, 0 }, true },
		{ { "normal, half shared, drifting by 1 % a batch, interleaved A B B A",
		    draw_normal, 0.03, 0.5, 0.01, 0 },
		  true },
		{ { "normal, two folders apart by 3 %: what labrun does not judge", draw_normal,
		    0.03, 0, 0, 0.03 },
		  false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t any = count_false_alarms(&cases[i].world, 10, 0);
		size_t usual = count_false_alarms(&cases[i].world, 10, 0.02);
		_free_ char *row = NULL;

		if (asprintf(&row, "| %s | %.1f %% | %.1f %% |", cases[i].world.name,
			     100.0 * (double)any / COMPARISONS,
			     100.0 * (double)usual / COMPARISONS) < 0)
			abort();
		expect_documented(row);
		if (cases[i].asserted) {
			assert_in_range(any, 0, MOST_WRONG);
			assert_in_range(usual, 0, any);
		}
	}
}

static double find_power(double spread, size_t batches, double shift, double least)
{
	const struct world world = { "", draw_normal, spread, 0.5, 0, 0 };
	static struct sides sides;
	uint64_t random = 20260502;
	bool moved[SERIES];
	size_t found = 0;

	for (size_t i = 0; i < COMPARISONS; i++) {
		simulate(&world, batches, shift, &random, &sides);
		decide(&sides, batches, least, moved);
		found += moved[0];
	}
	return 100.0 * (double)found / COMPARISONS;
}

static const double spreads[] = { 0.005, 0.01, 0.02, 0.03, 0.05 };

/* Of a shift of 2 % in one series of 20. */
static void test_power(void **state)
{
	double last = 101;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spreads); i++) {
		double ten = find_power(spreads[i], 10, 0.02, 0);
		_free_ char *row = NULL;

		if (asprintf(&row, "| %.1f %% | %.0f %% | %.0f %% | %.0f %% | %.0f %% |",
			     100 * spreads[i], ten, find_power(spreads[i], 40, 0.02, 0),
			     find_power(spreads[i], 10, 0.02, 0.01),
			     find_power(spreads[i], 10, 0.02, 0.02)) < 0)
			abort();
		expect_documented(row);
		assert_true(ten <= last);
		last = ten;
	}
}

/* With the minimum effect of 2 %, of larger shifts. */
static void test_power_of_larger(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spreads); i++) {
		_free_ char *row = NULL;

		if (asprintf(&row, "| %.1f %% | %.0f %% | %.0f %% | %.0f %% |", 100 * spreads[i],
			     find_power(spreads[i], 10, 0.03, 0.02),
			     find_power(spreads[i], 10, 0.05, 0.02),
			     find_power(spreads[i], 10, 0.10, 0.02)) < 0)
			abort();
		expect_documented(row);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_false_alarms),
		cmocka_unit_test(test_power),
		cmocka_unit_test(test_power_of_larger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
