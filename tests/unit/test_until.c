// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule by which an `until` ends a cell: when it looks, what it looks at, that two looks in a
 * row are needed, and how often the intervals it ends with hold the truth.
 */
#include "tests/test.h"
#include "tests/unit/documented.h"
#include "tests/unit/draws.h"

#include "harness/batches.h"
#include "harness/cleanup.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include "harness/until.h"

#include <math.h>
#include <string.h>

static const struct experiment_until usual = { 2, 8, 100, {} };
static const struct experiment_until early = { 2, 5, 100, {} }; /* looks at 5, 7, 9, 12, ... */

static void test_looks(void **state)
{
	static const size_t looks[] = { 8, 10, 13, 17, 22, 28, 35, 44, 55, 69, 87, 100, 100 };
	const struct experiment_until once = { 2, 7, 7, {} };
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
		at = until_next_look(&usual, at);
		assert_int_equal(at, looks[i]);
	}
	assert_int_equal(until_next_look(&once, 0), 7);
	assert_int_equal(until_next_look(&once, 7), 7);
}

static void test_takes(void **state)
{
	static const char *const named[] = { "tunnel reply", "lateness", "veth1" };
	const struct experiment_until chosen = { 2, 5, 100, { (void *)named, 3 } };
	static const struct {
		const char *name, *unit;
		enum direction direction;
		bool usual, chosen;
	} cases[] = {
		{ "rtt", "ns", DIRECTION_BOTH, true, false },
		{ "throughput", "bps", DIRECTION_BOTH, true, false },
		{ "one_way_p50", "ns", DIRECTION_BOTH, true, false },
		{ "one_way_p99", "ns", DIRECTION_BOTH, false, false },
		{ "connect_max", "ns", DIRECTION_BOTH, false, false },
		{ "lateness", "ns", DIRECTION_BOTH, false, true },
		{ "lateness_p50", "ns", DIRECTION_BOTH, false, false },
		{ "memory", "bytes", DIRECTION_BOTH, false, false },
		{ "tunnel", "ns", DIRECTION_REPLY, true, true },
		{ "tunnel", "ns", DIRECTION_REQUEST, true, false },
		{ "veth1", "ns", DIRECTION_REQUEST, true, true },
		{ "veth1", "ns", DIRECTION_REPLY, true, true },
		{ "veth10", "ns", DIRECTION_REPLY, true, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct series series = { (char *)cases[i].name, cases[i].unit,
					       cases[i].direction };

		if (until_takes(&usual, &series) != cases[i].usual ||
		    until_takes(&chosen, &series) != cases[i].chosen)
			fail_msg("%s %s", cases[i].name, direction_names[cases[i].direction]);
	}
}

static void add(struct samples *samples, uint32_t cell, const char *name, const double *means,
		uint32_t count)
{
	uint32_t series = samples_series(samples, name, DIRECTION_BOTH, "ns");

	/* Each batch's mean is that of two values about it. */
	for (uint32_t i = 0; i < count; i++) {
		samples_add(samples, cell, i, 0, series, means[i] - 7);
		samples_add(samples, cell, i, 1, series, means[i] + 7);
	}
}

static struct until_stop look_by(double percent, const double *means, uint32_t count,
				 size_t batches)
{
	const struct experiment_until until = { percent, early.min_batches, early.max_batches, {} };
	struct samples *samples = samples_new();
	struct grouped *grouped;
	struct until_stop stop;

	add(samples, 0, "rtt", means, count);
	grouped = grouped_new(samples, 1);
	stop = until_look(&until, grouped, 0, batches);
	grouped_free(grouped);
	samples_free(samples);
	return stop;
}

static struct until_stop look_at(const double *means, uint32_t count, size_t batches)
{
	return look_by(2, means, count, batches);
}

static void test_two_in_a_row(void **state)
{
	static const double means[] = { 100, 101, 100, 99, 100, 101, 99 };
	const double half = stats_t_quantile(0.975, 4) * sqrt(0.5) / sqrt(5);

	(void)state;
	assert_near(look_at(means, 7, 5).half_width_percent, half, 1e-9);
	assert_true(half < 2);
	assert_false(look_at(means, 7, 5).narrow); /* it is the first look */
	assert_true(look_at(means, 7, 7).narrow);
}

/* Narrow at the looks after 5, 9 and 12 batches, and not after 7. */
static void test_one_of_two(void **state)
{
	static const double means[] = { 100, 101, 100, 99, 100, 103, 97, 100, 100, 100, 100, 100 };

	(void)state;
	assert_true(look_at(means, 12, 5).half_width_percent < 1);
	assert_true(look_at(means, 12, 7).half_width_percent > 1.5);
	assert_true(look_at(means, 12, 9).half_width_percent < 1.5);
	assert_false(look_by(1.5, means, 12, 7).narrow);
	assert_false(look_by(1.5, means, 12, 9).narrow);
	assert_true(look_by(1.5, means, 12, 12).narrow);
	/* Where no look is, nothing is known to be narrow. */
	assert_false(look_by(1.5, means, 12, 11).narrow);
}

/* What came later does not change what was found: a run that is resumed looks again. */
static void test_prefix(void **state)
{
	static const double means[] = { 100, 101, 100, 99, 100, 101, 99, 500, 20 };

	(void)state;
	assert_true(look_at(means, 9, 7).narrow);
	assert_true(look_at(means, 7, 7).narrow);
	assert_near(look_at(means, 9, 7).half_width_percent,
		    look_at(means, 7, 7).half_width_percent, 0);
	assert_false(look_at(means, 9, 9).narrow);
}

static void test_odd_values(void **state)
{
	static const double zeros[7] = { 0 };
	static const double around[] = { -1, 1, -1, 1, -1, 1, 0 };
	struct samples *none = samples_new();
	_grouped_ struct grouped *grouped = grouped_new(none, 1);
	struct until_stop stop = until_look(&early, grouped, 0, 7);

	(void)state;
	assert_false(stop.narrow);
	assert_null(stop.widest);
	assert_true(look_at(zeros, 7, 7).narrow);
	assert_false(look_at(around, 7, 7).narrow);
	assert_true(isinf(look_at(around, 7, 7).half_width_percent));
	assert_true(isinf(look_at(zeros, 1, 1).half_width_percent));
	samples_free(none);
}

/* Every series that counts must be narrow, and the widest is named. */
static void test_widest(void **state)
{
	static const double calm[] = { 100, 101, 100, 99, 100, 101, 99, 100 };
	static const double wild[] = { 100, 150, 100, 50, 100, 150, 99, 100 };
	struct samples *samples = samples_new();
	struct grouped *grouped;
	struct until_stop stop;

	(void)state;
	add(samples, 0, "calm", calm, 8);
	add(samples, 0, "wild", wild, 8);
	add(samples, 0, "lateness", wild, 8);
	add(samples, 1, "calm", calm, 8);
	add(samples, 1, "lateness", wild, 8);
	grouped = grouped_new(samples, 2);
	stop = until_look(&early, grouped, 0, 7);
	assert_false(stop.narrow);
	assert_string_equal(stop.widest->name, "wild");
	stop = until_look(&early, grouped, 1, 7);
	assert_true(stop.narrow);
	assert_string_equal(stop.widest->name, "calm");
	grouped_free(grouped);
	samples_free(samples);
}

static json_t *summarize(const struct samples *samples, const char *error,
			 const struct experiment_until *until)
{
	const struct summary_cell cells[] = { { NULL, error, false }, { NULL, NULL, true } };
	const struct summary_input input = { .experiment = "x",
					     .mode = "native",
					     .cells = cells,
					     .cell_count = 2,
					     .samples = samples,
					     .until = until };

	return summary_build(&input);
}

static json_t *stopped_of(const json_t *summary, size_t cell)
{
	return json_object_get(json_array_get(json_object_get(summary, "cells"), cell), "stopped");
}

static void expect_stopped(const struct samples *samples, const struct experiment_until *until,
			   const char *reason)
{
	_json_ json_t *summary = summarize(samples, NULL, until);
	json_t *stopped = stopped_of(summary, 0), *found = json_object_get(stopped, "reason");

	assert_int_equal(json_integer_value(json_object_get(stopped, "batches")), 7);
	assert_near(json_number_value(json_object_get(stopped, "asked_percent")),
		    until->half_width_percent, 0);
	if (reason)
		assert_string_equal(json_string_value(found), reason);
	else
		assert_true(json_is_null(found));
	assert_null(stopped_of(summary, 1));
}

static void test_summary(void **state)
{
	static const double means[] = { 100, 101, 100, 99, 100, 101, 99 };
	const struct experiment_until capped = { 0.01, 5, 7, {} }, looser = { 2, 5, 7, {} };
	const struct experiment_until unkept = { 0.01, 5, 100, {} };
	struct samples *samples = samples_new();
	_json_ json_t *failed = NULL, *without = NULL;

	(void)state;
	add(samples, 0, "rtt", means, 7);
	expect_stopped(samples, &early, "ci_half_width");
	expect_stopped(samples, &looser, "ci_half_width");
	expect_stopped(samples, &capped, "max_batches");
	expect_stopped(samples, &unkept, NULL);
	failed = summarize(samples, "it broke", &early);
	assert_null(stopped_of(failed, 0));
	without = summarize(samples, NULL, NULL);
	assert_null(stopped_of(without, 0));
	samples_free(samples);
}

#define EXPERIMENTS 4000
#define TRUE_MEAN 1000.0

struct law {
	const char *name;
	double (*draw)(uint64_t *random);
	double mean; /* of what is drawn; its deviation is 1 */
	bool asserted;
};

/* How the end is found: as until.h has it, or as soon as a look at each batch finds it narrow. */
enum way { WAY_LABRUN, WAY_HASTY };

struct ended {
	size_t covered, batches; /* sums over all experiments */
};

static bool ends(enum way way, const struct samples *samples, size_t batches, size_t *look)
{
	struct grouped *grouped;
	struct until_stop stop;

	if (way == WAY_HASTY ? batches < 3 : batches < *look)
		return false;
	grouped = grouped_new(samples, 1);
	stop = until_look(&usual, grouped, 0, batches);
	grouped_free(grouped);
	*look = until_next_look(&usual, *look);
	return way == WAY_HASTY ? stop.half_width_percent <= usual.half_width_percent : stop.narrow;
}

/* One experiment, whose deviation is such that it needs so many batches, were that known. */
static void simulate_one(const struct law *law, double needed, enum way way, uint64_t *random,
			 struct ended *ended)
{
	double deviation = usual.half_width_percent / 100 * TRUE_MEAN / 1.96 * sqrt(needed);
	struct samples *samples = samples_new();
	uint32_t series = samples_series(samples, "rtt", DIRECTION_BOTH, "ns");
	size_t look = until_next_look(&usual, 0), batches = 0;
	struct interval interval;
	double means[100];

	while (batches < usual.max_batches && !ends(way, samples, batches, &look)) {
		means[batches] = TRUE_MEAN + deviation * (law->draw(random) - law->mean);
		samples_add(samples, 0, (uint32_t)batches, 0, series, means[batches]);
		batches++;
	}
	samples_free(samples);
	interval = stats_mean_interval(means, batches);
	ended->covered += interval.low <= TRUE_MEAN && TRUE_MEAN <= interval.high;
	ended->batches += batches;
}

static struct ended simulate(const struct law *law, double needed, enum way way)
{
	struct ended ended = { 0 };
	uint64_t random = 20260401;

	for (size_t i = 0; i < EXPERIMENTS; i++)
		simulate_one(law, needed, way, &random, &ended);
	return ended;
}

static double percent_of(const struct ended *ended)
{
	return 100.0 * (double)ended->covered / EXPERIMENTS;
}

static void expect_law(const struct law *law, double needed)
{
	struct ended labrun = simulate(law, needed, WAY_LABRUN);
	struct ended hasty = simulate(law, needed, WAY_HASTY);
	_free_ char *row = NULL;

	if (asprintf(&row, "| %s | %.0f | %.1f | %.1f %% | %.1f | %.1f %% |", law->name, needed,
		     (double)labrun.batches / EXPERIMENTS, percent_of(&labrun),
		     (double)hasty.batches / EXPERIMENTS, percent_of(&hasty)) < 0)
		abort();
	expect_documented(row);
	if (law->asserted)
		assert_in_range(labrun.covered, EXPERIMENTS * 93 / 100, EXPERIMENTS * 96 / 100);
	if (needed > 1)
		assert_true(hasty.covered < labrun.covered);
}

static void test_coverage(void **state)
{
	static const struct law laws[] = { { "normal", draw_normal, 0, true },
					   { "exponential", draw_exponential, 1, false } };
	static const double needed[] = { 1, 3, 10, 20, 50 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(laws); i++)
		for (size_t j = 0; j < ARRAY_SIZE(needed); j++)
			expect_law(&laws[i], needed[j]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),	     cmocka_unit_test(test_takes),
		cmocka_unit_test(test_two_in_a_row), cmocka_unit_test(test_one_of_two),
		cmocka_unit_test(test_prefix),	     cmocka_unit_test(test_odd_values),
		cmocka_unit_test(test_widest),	     cmocka_unit_test(test_summary),
		cmocka_unit_test(test_coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
