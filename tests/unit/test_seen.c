// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/seen.h"
#include "tests/test.h"

#include <stdlib.h>

static struct seen *fresh(void)
{
	struct seen *seen = calloc(1, sizeof(*seen));

	assert_non_null(seen);
	return seen;
}

static void test_each_once(void **state)
{
	struct seen *seen = fresh();

	(void)state;
	for (uint64_t index = 0; index < 3 * SEEN_WINDOW; index++)
		if (seen_before(seen, index) || !seen_before(seen, index))
			fail_msg("packet %lu", index);
	free(seen);
}

/* In any order within the window, here backwards in groups. */
static void test_out_of_order(void **state)
{
	const uint64_t group = SEEN_WINDOW / 2;
	struct seen *seen = fresh();
	uint64_t wrong = 0;

	(void)state;
	for (uint64_t first = 0; first < 6 * group; first += group)
		for (uint64_t i = group; i-- > 0;)
			wrong += seen_before(seen, first + i);
	assert_int_equal(wrong, 0);
	for (uint64_t i = 0; i < group; i++)
		wrong += !seen_before(seen, 5 * group + i);
	assert_int_equal(wrong, 0);
	free(seen);
}

/* A leap forgets what the place held before, whether it is shorter than the window or not. */
static void test_leaps(void **state)
{
	static const uint64_t leaps[] = { 1,
					  63,
					  64,
					  65,
					  SEEN_WINDOW - 1,
					  SEEN_WINDOW,
					  SEEN_WINDOW + 64,
					  7 * SEEN_WINDOW + 5,
					  1ull << 31 };

	(void)state;
	for (size_t i = 0; i < sizeof(leaps) / sizeof(leaps[0]); i++) {
		struct seen *seen = fresh();

		for (uint64_t index = 0; index < SEEN_WINDOW + 64; index++)
			seen_before(seen, index);
		assert_false(seen_before(seen, SEEN_WINDOW + 64 + leaps[i]));
		assert_true(seen_before(seen, SEEN_WINDOW + 64 + leaps[i]));
		assert_false(seen_before(seen, SEEN_WINDOW + 64 + leaps[i] - 1));
		free(seen);
	}
}

static void test_too_old_counts_as_seen(void **state)
{
	struct seen *seen = fresh();

	(void)state;
	assert_false(seen_before(seen, 2 * SEEN_WINDOW));
	assert_true(seen_before(seen, 5));
	assert_false(seen_before(seen, SEEN_WINDOW + 1));
	free(seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_out_of_order),
		cmocka_unit_test(test_leaps),
		cmocka_unit_test(test_too_old_counts_as_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
