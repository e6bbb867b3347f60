// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shards of a native run: each measures its own cells and judges no claim, and merged they are a
 * whole run. What is missing, is there twice or is of another run is refused by name.
 */
#include "tests/netns/result_fixture.h"

#define CELLS 5

static void run_shard(const char *shard, const char *out)
{
	_finished_ struct finished finished = labrun("run", "host-rules", QUICK, "--quiet",
						     "--no-charts", "--shard", shard, "--out", out);

	assert_status(finished, 0);
}

static void assert_verified(const char *dir)
{
	_finished_ struct finished finished = labrun("verify", dir);

	assert_status(finished, 0);
}

static void assert_shard(const char *dir, size_t index)
{
	_json_ json_t *summary = read_json(dir, "summary.json");
	json_t *claims = json_object_get(summary, "claims"), *claim;
	size_t i;

	assert_true(is_valid(summary));
	for (i = 0; i < CELLS; i++) {
		json_t *cell = cell_of(summary, i);
		bool elsewhere = i % 2 + 1 != index;

		assert_int_equal(json_is_true(json_object_get(cell, "elsewhere")), elsewhere);
		assert_int_equal(json_array_size(json_object_get(cell, "series")) == 0, elsewhere);
	}
	assert_true(json_array_size(claims) > 0);
	json_array_foreach (claims, i, claim)
		assert_string_equal(json_string_value(json_object_get(claim, "verdict")),
				    "inconclusive");
	assert_verified(dir);
}

static void assert_refused(const char *const *argv, const char *says)
{
	_finished_ struct finished finished = run_as(NULL, argv);

	assert_status(finished, 2);
	assert_one_line(finished.error, says);
	assert_false(exists("whole") || exists("whole.partial"));
}

#define refused(says, ...)                                                                         \
	assert_refused((const char *const[]){ "merge", "whole", __VA_ARGS__, NULL }, says)

static void change_environment(const char *outer, const char *inner)
{
	_json_ json_t *environment = read_json("b", "environment.json");

	json_object_set_new(json_object_get(environment, outer), inner, json_string("another"));
	assert_int_equal(json_dump_file(environment, "b/environment.json", JSON_INDENT(2)), 0);
}

static void test_merge(void **state)
{
	_finished_ struct finished merged = {};
	_json_ json_t *summary = NULL, *environment = NULL, *of_b = NULL;

	(void)state;
	need_tracing();
	run_shard("1/2", "a");
	run_shard("2/2", "b");
	assert_shard("a", 1);
	assert_shard("b", 2);
	refused("shard 2/2 is missing: cells 2 (rules=10) 4 (rules=300)", "a");
	refused("both shard 1/2", "a", "a");
	refused("both shard 2/2", "b", "a", "b");
	merged = labrun("merge", "whole", "b", "a");
	assert_measured(merged);
	assert_verified("whole");
	summary = read_json("whole", "summary.json");
	environment = read_json("whole", "environment.json");
	assert_true(is_valid(summary));
	assert_null(json_object_get(summary, "shard"));
	assert_int_equal(json_array_size(json_object_get(environment, "shards")), 2);
	for (size_t i = 0; i < CELLS; i++) {
		assert_null(json_object_get(cell_of(summary, i), "elsewhere"));
		assert_near(loss_of(summary, i, "sent"), 40, 0);
	}
	remove_tree("whole");
	of_b = read_json("b", "environment.json");
	change_environment("kernel", "release");
	refused("the kernel changed", "a", "b");
	assert_int_equal(json_dump_file(of_b, "b/environment.json", JSON_INDENT(2)), 0);
	change_environment("tools", "labrun_build");
	refused("the labrun build changed", "a", "b");
}

static void test_bad_shards(void **state)
{
	static const char *const bad[] = {
		"0/2", "3/2", "1", "1/", "a/b", "1/2x", "-1/2", "1/10001"
	};
	_finished_ struct finished many = {};

	(void)state;
	need_tracing();
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_finished_ struct finished finished =
			labrun("run", "host-rules", "--shard", bad[i], "--out", "r");

		assert_status(finished, 2);
		assert_one_line(finished.error, bad[i]);
	}
	many = labrun("run", "host-rules", "--shard", "1/6", "--out", "r");
	assert_status(many, 2);
	assert_one_line(many.error, "only 5 cells");
	assert_int_equal(count_entries("."), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_merge),
					    program_test(test_bad_shards) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
