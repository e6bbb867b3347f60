// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the decision between two sides gets wrong: Welch's test on batch means, Holm over all series
 * of a comparison, and a minimum effect. Sides that are alike (A/A) may move in 5 of 100
 * comparisons; how often a real shift is found is reported.
 */
#include "tests/unit/decision_worlds.h"
#include "tests/unit/documented.h"

#include <stdlib.h>

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
