// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/pace.h"
#include "tests/test.h"

#include <time.h>

static void test_schedule(void **state)
{
	static const struct {
		uint64_t start_ns, interval_ns, index, intended_ns, wake_ns;
	} cases[] = {
		{ 1000000, 1000, 0, 1000000, 1000000 - PACE_SPIN_NS },
		{ 1000000, 1000, 7, 1007000, 1007000 - PACE_SPIN_NS },
		{ 1000000, 0, 7, 1000000, 1000000 - PACE_SPIN_NS },
		/* No wake-up before the clock began. */
		{ 10, 5, 2, 20, 0 },
		{ PACE_SPIN_NS, 0, 0, PACE_SPIN_NS, 0 },
		/* A minute's interval, a hundred million sends. */
		{ 1, 60000000000, 100000000, 6000000000000000001, 6000000000000000001 - 60000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pace pace = { cases[i].start_ns, cases[i].interval_ns * 1000 };

		assert_int_equal(pace_intended_ns(&pace, cases[i].index), cases[i].intended_ns);
		assert_int_equal(pace_wake_ns(&pace, cases[i].index), cases[i].wake_ns);
	}
}

static void test_spin_never_ends_early(void **state)
{
	uint64_t time_ns, stopped_ns;

	(void)state;
	for (int i = 0; i < 100; i++) {
		time_ns = pace_now_ns() + 20000;
		stopped_ns = pace_spin_until(time_ns);
		assert_true(stopped_ns >= time_ns);
		assert_true(pace_now_ns() >= stopped_ns);
	}
}

static void test_spin_for_the_past_returns_now(void **state)
{
	uint64_t before_ns = pace_now_ns();

	(void)state;
	assert_true(pace_spin_until(0) >= before_ns);
	assert_true(pace_spin_until(before_ns) >= before_ns);
}

static void test_wait_never_ends_early(void **state)
{
	struct pace pace = { pace_now_ns(), 150000000 };

	(void)state;
	for (uint64_t index = 0; index < 20; index++)
		assert_true(pace_wait(&pace, index) >= pace_intended_ns(&pace, index));
	/* One that is long past is not waited for. */
	assert_true(pace_wait(&pace, 0) >= pace_intended_ns(&pace, 19));
}

/* Between readings taken around it, whose order bounds it. */
static void test_realtime_offset(void **state)
{
	uint64_t before_ns = pace_now_ns();
	struct timespec now;
	int64_t low_ns, high_ns, offset_ns;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &now);
	low_ns = now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)pace_now_ns();
	high_ns = now.tv_sec * 1000000000 + now.tv_nsec - (int64_t)before_ns;
	offset_ns = pace_realtime_offset_ns();
	assert_true(low_ns <= high_ns);
	/* It is the middle of its own bounds, which may be a little beside it. */
	assert_true(offset_ns >= low_ns - 1000 && offset_ns <= high_ns + 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_schedule),
		cmocka_unit_test(test_spin_never_ends_early),
		cmocka_unit_test(test_spin_for_the_past_returns_now),
		cmocka_unit_test(test_wait_never_ends_early),
		cmocka_unit_test(test_realtime_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
