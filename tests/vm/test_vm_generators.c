// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generators in exact mode, as the bench compares them: they run at all in a guest of one CPU, lose
 * nothing, and two runs of one bundle agree to the byte. Rates are of virtual time, in which a
 * second is 10^9 instructions, so that they are exact as well.
 */
#include "harness/proc.h"
#include "harness/vm.h"
#include "tests/vm/folder_fixture.h"

#define KERNEL "6.1"
#define PACKETS 5000

static void run_exact(const char *out)
{
	_free_ char *path = NULL;
	_finished_ struct finished finished = {};

	assert_true(asprintf(&path, "%s/tests/bench/pktgen.json", getenv("LABRUN_DATA")) > 0);
	finished = labrun("run", "--vm=" KERNEL, "--exact", "--set", "seeds=1", "--set",
			  "iterations=5000", "--quiet", "--no-charts", "--out", out, path);
	assert_status(finished, 0);
}

static double rate_of(const json_t *summary, size_t cell)
{
	const json_t *series = find_series(cell_of(summary, cell), "delivered", "both");

	assert_non_null(series);
	return json_number_value(json_object_get(series, "mean"));
}

static void test_twice(void **state)
{
	_json_ json_t *summary = NULL;

	(void)state;
	need_kernel(KERNEL);
	run_exact("first");
	run_exact("second");
	assert_same_bytes("samples.csv");
	assert_same_bytes("counters.csv");
	assert_same_bytes("summary.json");
	summary = read_json("first", "summary.json");
	assert_true(is_valid(summary));
	for (size_t cell = 0; cell < 4; cell++) {
		printf("cell %zu: %.1f instructions a packet\n", cell,
		       1e9 / rate_of(summary, cell));
		assert_near(loss_of(summary, cell, "sent"), PACKETS, 0);
		assert_near(loss_of(summary, cell, "received"), PACKETS, 0);
		/* No packet of any generator is made and taken by less. */
		assert_true(rate_of(summary, cell) > 0 && 1e9 / rate_of(summary, cell) > 100);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_twice) };

	return run_prepare() || cmocka_run_group_tests(tests, NULL, NULL);
}
