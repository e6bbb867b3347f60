// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two shards of an exact run, merged, are byte for byte what one machine gives: whatever the digits
 * come to. Shards of another bundle are refused.
 */
#include "tests/vm/folder_fixture.h"

#include "harness/file.h"

static void run_exact(const char *shard, const char *iterations, const char *out)
{
	_finished_ struct finished finished = labrun(
		"run", "--exact", "--vm=6.1", "--set", "seeds=3", "--iterations", iterations,
		"--quiet", "--no-charts", "--out", out, "vxlan", shard ? "--shard" : NULL, shard);

	assert_measured(finished);
}

static void assert_same(const char *name)
{
	_free_ char *one = vm_path("whole", name), *other = vm_path("merged", name);
	_free_ char *one_text = NULL, *other_text = NULL;
	size_t one_length, other_length;
	struct err err;

	assert_int_equal(file_read(one, &one_text, &one_length, &err), 0);
	assert_int_equal(file_read(other, &other_text, &other_length, &err), 0);
	if (one_length != other_length || memcmp(one_text, other_text, one_length))
		fail_msg("%s differs", name);
}

static void test_two_shards(void **state)
{
	static const char *const files[] = { "samples.csv",	"summary.json", "counters.csv",
					     "calibration.csv", "batches.csv",	"hist.csv",
					     "experiment.json", "topology.json" };
	_finished_ struct finished merged = {}, verified = {}, refused = {};

	(void)state;
	need_kernel("6.1");
	run_exact(NULL, "10", "whole");
	run_exact("1/2", "10", "a");
	run_exact("2/2", "10", "b");
	merged = labrun("merge", "--no-charts", "merged", "b", "a");
	assert_measured(merged);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		assert_same(files[i]);
	verified = labrun("verify", "whole", "a", "b", "merged");
	assert_status(verified, 0);
	run_exact("2/2", "11", "c");
	refused = labrun("merge", "other", "a", "c");
	assert_status(refused, 2);
	assert_one_line(refused.error, "cannot merge");
}

static void run_pairs(const char *shard, const char *out)
{
	_finished_ struct finished finished =
		labrun("run", "--vm=6.1", "--batches", "2", "--iterations", "3", "--quiet",
		       "--no-charts", "--set", "sweep={\"load.interval_us\":[900,1000]}",
		       "--against", "load.size=600", "--out", out, "bridge", "--shard", shard);

	assert_measured(finished);
}

/* Without --exact cells are dealt out, and the word that says which is in the guest's command. */
static void test_pairs(void **state)
{
	_finished_ struct finished merged = {}, verified = {};

	(void)state;
	need_kernel("6.1");
	run_pairs("1/2", "d");
	run_pairs("2/2", "e");
	merged = labrun("merge", "--no-charts", "pairs", "d", "e");
	assert_measured(merged);
	verified = labrun("verify", "d", "e", "pairs");
	assert_status(verified, 0);
	assert_non_null(strstr(merged.out, "A B B A"));
	assert_null(strstr(merged.out, "only BASE has this cell"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_two_shards),
					    program_test(test_pairs) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
