// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/search.h"
#include "tests/test.h"

/* A path that loses nothing up to `limit_pps`; each trial in `unlucky` fails all the same. */
static void run(struct search *search, double limit_pps, uint64_t unlucky)
{
	double rate_pps;

	while ((rate_pps = search_next_pps(search)) > 0) {
		bool luck = !(unlucky & (1ull << search->trials));

		assert_true(search->trials < 60);
		search_note(search, rate_pps, luck && rate_pps <= limit_pps);
	}
}

static void test_finds_the_limit(void **state)
{
	static const double limits[] = { 10000, 10001, 123456, 999999, 4999999 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		struct search search = { .limits = { 10000, 5e6, 0.01, 0 } };

		run(&search, limits[i], 0);
		assert_true(search_result_pps(&search) <= limits[i]);
		assert_true(search_result_pps(&search) * 1.01 >= limits[i]);
		assert_false(search_is_open(&search));
		/* log2(ln(500) / ln(1.01)) = 9.3 halvings, and the two ends */
		assert_true(search.trials <= 12);
	}
}

static void test_beyond_the_ends(void **state)
{
	struct search above = { .limits = { 1000, 2000, 0.01, 0 } },
		      below = { .limits = { 1000, 2000, 0.01, 2 } };

	(void)state;
	run(&above, 5000, 0);
	assert_near(search_result_pps(&above), 2000, 0);
	assert_true(search_is_open(&above));
	assert_int_equal(above.trials, 2);
	run(&below, 500, 0);
	assert_near(search_result_pps(&below), 0, 0);
	assert_int_equal(below.trials, 3);
}

static void test_bad_luck(void **state)
{
	struct search strict = { .limits = { 1000, 1e6, 0.01, 0 } },
		      patient = { .limits = { 1000, 1e6, 0.01, 1 } };

	(void)state;
	run(&strict, 500000, 1 << 2);
	assert_true(search_result_pps(&strict) < 32000); /* the third trial is at 31623 */
	run(&patient, 500000, 1 << 2);
	assert_true(search_result_pps(&patient) * 1.01 >= 500000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_limit),
		cmocka_unit_test(test_beyond_the_ends),
		cmocka_unit_test(test_bad_luck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
