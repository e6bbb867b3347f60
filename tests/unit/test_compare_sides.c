// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/compare_fixture.h"

#include "harness/results_runs.h"

#include <sys/stat.h>

#define FACTOR "topology.nodes.node1.proxy.services"

static const struct made native = { .mode = "native", .unit = "ns", .vm = "", .spread = 2 };

/* Its two cells become the two sides of one run. */
static void make_sides(const char *dir, const struct made *made)
{
	_json_ json_t *experiment = NULL;

	make(dir, made);
	experiment = read_json(dir, "experiment.json");
	json_object_set_new(experiment, "against", json_string(FACTOR));
	write_json(dir, "experiment.json", experiment);
}

static json_t *compare_one(const char *dir, double least_percent)
{
	json_t *comparison = NULL;
	struct err err = {};

	if (compare_folders(&comparison, dir, NULL, least_percent, &err))
		fail_msg("%s", err.text);
	return comparison;
}

/* veth1's request is 2 ns a service slower: 100 of them, against 400. */
static void test_interleaved(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *comparison = NULL;
	const json_t *row;

	make_sides(fixture->base, &native);
	comparison = compare_one(fixture->base, NAN);
	assert_string_equal(string(comparison, "taken"), "interleaved");
	assert_string_equal(string(comparison, "against"), FACTOR);
	assert_string_equal(string(comparison, "verdict"), "regression");
	assert_true(compare_regressed(comparison));
	assert_int_equal(count_of(comparison, "regression"), 1);
	assert_int_equal(count_of(comparison, "same"), 3);
	row = row_of(comparison, "regression", 0);
	assert_near(number(row, "difference"), 600, 10);
	assert_int_equal(json_object_size(json_object_get(row, "factors")), 0);
	assert_true(isfinite(number(json_object_get(row, "budget"), "batches")));
	expect_text(comparison, "base  services=100\n  new   services=400\n");
	expect_text(comparison, "A B B A");
	expect_text(comparison, "one run");
}

/* The other way round the same difference is an improvement. */
static void test_direction(void **state)
{
	struct fixture *fixture = *state;
	struct made faster = native;
	_json_ json_t *comparison = NULL, *rates = NULL;

	faster.per_service = -4;
	make_sides(fixture->base, &faster);
	comparison = compare_one(fixture->base, NAN);
	assert_string_equal(string(comparison, "verdict"), "improvement");
	faster.unit = "pps";
	make_sides(fixture->new, &faster);
	rates = compare_one(fixture->new, NAN);
	assert_string_equal(string(rates, "verdict"), "regression");
}

/* Of the experiment: in percent and in itself, both have to be reached. */
static void test_minimum_effect(void **state)
{
	static const struct {
		const char *effect;
		const char *verdict;
	} cases[] = { { "{\"percent\": 20}", "regression" },
		      { "{\"percent\": 60}", "same" },
		      { "{\"percent\": 1, \"ns\": 500}", "regression" },
		      { "{\"percent\": 1, \"ns\": 700}", "same" },
		      { "\"nonsense\"", "regression" } };
	struct fixture *fixture = *state;

	make_sides(fixture->base, &native);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_json_ json_t *experiment = read_json(fixture->base, "experiment.json");
		_json_ json_t *comparison = NULL;

		json_object_set_new(experiment, "minimum_effect",
				    json_loads(cases[i].effect, JSON_DECODE_ANY, NULL));
		write_json(fixture->base, "experiment.json", experiment);
		comparison = compare_one(fixture->base, NAN);
		assert_string_equal(string(comparison, "verdict"), cases[i].verdict);
	}
}

static void expect_refused(const char *dir, const char *said)
{
	json_t *comparison = NULL;
	struct err err = {};

	assert_int_equal(compare_folders(&comparison, dir, NULL, NAN, &err), -EINVAL);
	assert_int_equal(err.class, ERR_USAGE);
	if (!strstr(err.text, said))
		fail_msg("\"%s\" is not in: %s", said, err.text);
}

/* A probe that chose otherwise for one of the sides: of that series nothing can be said, of the
 * rest it can. */
static void test_other_method(void **state)
{
	static const char *const methods[] = { "fentry", "bracket" };
	struct fixture *fixture = *state;
	_json_ json_t *comparison = NULL, *summary = NULL;
	json_t *cell, *series;
	size_t i;

	make_sides(fixture->base, &native);
	summary = read_json(fixture->base, "summary.json");
	json_array_foreach (json_object_get(summary, "cells"), i, cell) {
		series = json_array_get(json_object_get(cell, "series"), 1);
		json_object_set_new(series, "method", json_string(methods[i]));
	}
	write_json(fixture->base, "summary.json", summary);
	comparison = compare_one(fixture->base, NAN);
	assert_string_equal(string(comparison, "verdict"), "regression");
	assert_int_equal(count_of(comparison, "inconclusive"), 1);
	expect_text(comparison, "measured by fentry and by bracket: not the same");
}

static void test_no_sides(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *experiment = NULL;

	make(fixture->base, &native);
	expect_refused(fixture->base, "has no two sides (labrun run --against)");
	experiment = read_json(fixture->base, "experiment.json");
	json_object_set_new(experiment, "against", json_string("elsewhere"));
	write_json(fixture->base, "experiment.json", experiment);
	expect_refused(fixture->base, "no cells of two values of \"elsewhere\"");
}

/* Runs of one thing, each with its own luck, which its batches do not show. */
static void make_runs(const char *dir, size_t count, double shift, double luck)
{
	struct made made = native;

	assert_int_equal(mkdir(dir, 0700), 0);
	for (size_t i = 1; i <= count; i++) {
		_free_ char *path = results_run_path(dir, i);

		made.shift = shift + luck * ((double)(i * 7 % 5) - 2);
		make(path, &made);
	}
}

static void test_repeated(void **state)
{
	static const struct {
		double shift, luck;
		const char *verdict;
	} cases[] = {
		{ 300, 5, "regression" },
		{ -300, 5, "improvement" },
		/* Beyond what the batches of any run show, and within what the runs do. */
		{ 60, 100, "inconclusive" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_json_ json_t *comparison = NULL;

		make_runs(fixture->base, 5, 0, cases[i].luck);
		make_runs(fixture->new, 5, cases[i].shift, cases[i].luck);
		comparison = compare(fixture);
		assert_string_equal(string(comparison, "taken"), "repeated");
		assert_string_equal(string(comparison, "verdict"), cases[i].verdict);
		assert_near(number(json_object_get(comparison, "base"), "runs"), 5, 0);
		file_remove_tree(fixture->base);
		file_remove_tree(fixture->new);
	}
}

/* One run against several: is it one of them? */
static void test_one_against_runs(void **state)
{
	const struct made slow = {
		.mode = "native", .unit = "ns", .vm = "", .spread = 2, .shift = 900
	};
	struct fixture *fixture = *state;
	_json_ json_t *comparison = NULL;
	const json_t *row;

	make_runs(fixture->base, 6, 0, 5);
	make(fixture->new, &slow);
	comparison = compare(fixture);
	assert_string_equal(string(comparison, "verdict"), "regression");
	row = row_of(comparison, "regression", 0);
	assert_near(number(row, "difference"), 900, 10);
	assert_true(isfinite(number(json_object_get(row, "budget"), "runs")));
	expect_text(comparison, "run-1 and further, 6 runs");
}

static void test_spread_of_runs(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *spread = NULL, *none = NULL;
	const json_t *first;
	struct err err = {};

	make_runs(fixture->base, 5, 0, 100);
	assert_int_equal(compare_spread_of_runs(&spread, fixture->base, &err), 0);
	first = json_array_get(json_object_get(spread, "rows"), 0);
	assert_string_equal(string(first, "series"), "veth1");
	assert_int_equal(json_array_size(json_object_get(first, "means")), 5);
	/* -200 .. 200 in steps of 100, and next to nothing by the batches. */
	assert_near(number(first, "stddev"), 158.11388300841898, 1e-6);
	assert_true(number(first, "ratio") > 20);
	make(fixture->new, &native);
	assert_int_equal(compare_spread_of_runs(&none, fixture->new, &err), -EINVAL);
	assert_non_null(strstr(err.text, "a spread takes two runs"));
}

/* Runs of two experiments in one folder were put there by hand. */
static void test_mixed_runs(void **state)
{
	const struct made other = { .mode = "native", .unit = "ns", .vm = "", .batches = 7 };
	struct fixture *fixture = *state;
	_free_ char *third = NULL;

	make_runs(fixture->base, 2, 0, 5);
	third = results_run_path(fixture->base, 3);
	make(third, &other);
	make(fixture->new, &native);
	expect_refusal(fixture, "are not runs of one thing");
}

static void test_markdown(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *comparison = NULL;
	_free_ char *text = NULL;

	make_sides(fixture->base, &native);
	comparison = compare_one(fixture->base, NAN);
	text = printed(comparison, compare_markdown);
	assert_non_null(strstr(text, "### synthetic (native): regression\n"));
	assert_non_null(strstr(text, "\n|---|---|---|---|---|---|---|---|\n"
				     "| **regression** |  | veth1 request | "));
	assert_non_null(strstr(text, "<details><summary>3 same</summary>\n\n| verdict"));
	/* What moved comes first. */
	assert_true(strstr(text, "| **regression**") < strstr(text, "<details>"));
}

/* What a stranger's folder says is text, and each row stays one. */
static void test_markdown_escapes(void **state)
{
	static const char evil[] = "a|b<script>`x`\n[l](u) @me *b*";
	struct fixture *fixture = *state;
	_json_ json_t *comparison = NULL, *summary = NULL;
	_free_ char *text = NULL;
	json_t *cell, *series;
	size_t i;

	make_sides(fixture->base, &native);
	summary = read_json(fixture->base, "summary.json");
	json_array_foreach (json_object_get(summary, "cells"), i, cell) {
		series = json_array_get(json_object_get(cell, "series"), 0);
		json_object_set_new(series, "name", json_string(evil));
	}
	write_json(fixture->base, "summary.json", summary);
	comparison = compare_one(fixture->base, NAN);
	text = printed(comparison, compare_markdown);
	assert_non_null(strstr(text, "a&#124;b&#60;script&#62;&#96;x&#96;?&#91;l](u) @&#8203;me"));
	assert_null(strstr(text, "<script>"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_interleaved, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_direction, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_minimum_effect, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_other_method, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_no_sides, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_repeated, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_one_against_runs, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_spread_of_runs, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_mixed_runs, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_markdown, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_markdown_escapes, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
