// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same simulations through `compare` itself: runs of two sides, A B B A, with all their series
 * in one folder. Each verdict has to be the one that the parts give, and sides that are alike may
 * move in 5 of 100 comparisons.
 */
#include "tests/unit/compare_fixture.h"
#include "tests/unit/decision_worlds.h"
#include "tests/unit/documented.h"

#define FACTOR "topology.nodes.node1.proxy.services"
#define BATCHES 10
#define PERCENT 2 /* the minimum effect, if the experiment says nothing */

static const struct made native = { .mode = "native", .unit = "ns", .vm = "" };

static json_t *batches_of(const double *values)
{
	json_t *batches = json_array();

	for (size_t i = 0; i < BATCHES; i++)
		json_array_append_new(batches, json_real(values[i]));
	return batches;
}

/* `cell` gets SERIES series, like its first but for the figures that are compared. */
static void put_side(json_t *cell, const double side[][MOST_BATCHES])
{
	const json_t *first = json_array_get(json_object_get(cell, "series"), 0);
	json_t *list = json_array();

	for (size_t i = 0; i < SERIES; i++) {
		struct interval interval = stats_mean_interval(side[i], BATCHES);
		json_t *series = json_deep_copy(first);
		char name[16];

		snprintf(name, sizeof(name), "s%02zu", i);
		json_object_set_new(series, "name", json_string(name));
		json_object_set_new(series, "batches", batches_of(side[i]));
		json_object_set_new(series, "mean", json_real(stats_mean(side[i], BATCHES)));
		json_object_set_new(series, "ci95",
				    json_pack("[f, f]", interval.low, interval.high));
		json_array_append_new(list, series);
	}
	json_object_set_new(cell, "series", list);
}

static json_t *compare_sides(const struct fixture *fixture, json_t *summary,
			     const struct sides *sides)
{
	json_t *cells = json_object_get(summary, "cells"), *comparison = NULL;
	struct err err = {};

	put_side(json_array_get(cells, 0), sides->base);
	put_side(json_array_get(cells, 1), sides->new);
	write_json(fixture->base, "summary.json", summary);
	if (compare_folders(&comparison, fixture->base, NULL, NAN, &err))
		fail_msg("%s", err.text);
	return comparison;
}

static bool is_move(const char *verdict)
{
	return !strcmp(verdict, "regression") || !strcmp(verdict, "improvement");
}

struct tally {
	size_t alarms, regressions, same, inconclusive;
};

static void count(const json_t *comparison, const bool *moved, struct tally *tally)
{
	const json_t *row;
	bool alarm = false;
	size_t i;

	assert_int_equal(json_array_size(json_object_get(comparison, "rows")), SERIES);
	json_array_foreach (json_object_get(comparison, "rows"), i, row) {
		const char *verdict = string(row, "verdict");

		assert_int_equal(is_move(verdict), moved[i]);
		alarm = alarm || moved[i];
		tally->same += !strcmp(verdict, "same");
		tally->inconclusive += !strcmp(verdict, "inconclusive");
	}
	tally->alarms += alarm;
	tally->regressions += compare_regressed(comparison);
}

static struct tally compare_worlds(const struct fixture *fixture, json_t *summary, double spread)
{
	const struct world world = { "", draw_normal, spread, 0.5, 0.3 * spread, 0 };
	static struct sides sides;
	uint64_t random = 20260503;
	struct tally tally = { 0 };

	for (size_t i = 0; i < COMPARISONS; i++) {
		_json_ json_t *comparison = NULL;
		bool moved[SERIES];

		simulate(&world, BATCHES, 0, &random, &sides);
		decide(&sides, BATCHES, PERCENT / 100.0, moved);
		comparison = compare_sides(fixture, summary, &sides);
		count(comparison, moved, &tally);
	}
	return tally;
}

static double percent(size_t part, size_t whole)
{
	return 100.0 * (double)part / (double)whole;
}

static void test_alike(void **state)
{
	static const double spreads[] = { 0.01, 0.02 };
	_json_ json_t *experiment = NULL, *summary = NULL;
	struct fixture *fixture = *state;

	make(fixture->base, &native);
	experiment = read_json(fixture->base, "experiment.json");
	json_object_set_new(experiment, "against", json_string(FACTOR));
	write_json(fixture->base, "experiment.json", experiment);
	summary = read_json(fixture->base, "summary.json");
	for (size_t i = 0; i < ARRAY_SIZE(spreads); i++) {
		struct tally tally = compare_worlds(fixture, summary, spreads[i]);
		_free_ char *row = NULL;

		if (asprintf(&row, "| %.1f %% | %.1f %% | %.1f %% | %.0f %% | %.0f %% |",
			     100 * spreads[i], percent(tally.alarms, COMPARISONS),
			     percent(tally.regressions, COMPARISONS),
			     percent(tally.same, COMPARISONS * SERIES),
			     percent(tally.inconclusive, COMPARISONS * SERIES)) < 0)
			abort();
		expect_documented(row);
		assert_in_range(tally.alarms, 0, MOST_WRONG);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_alike, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
