// SPDX-License-Identifier: GPL-2.0-only
#include "tests/unit/compare_fixture.h"

static void test_equal(void **state)
{
	struct fixture *fixture = *state;
	const struct made made = { .spread = 3 };
	_json_ json_t *comparison = compare_made(fixture, &made, &made);

	assert_string_equal(string(comparison, "verdict"), "same");
	assert_true(json_is_true(json_object_get(comparison, "byte_equal")));
	assert_int_equal(count_of(comparison, "same"), 8);
	assert_false(compare_regressed(comparison));
	assert_true(compare_valid(comparison));
	/* 2 cells of 4 batches of 5 packets of 5 series. */
	expect_text(comparison, "\nsame  byte-equal: 200 samples\n");
	expect_text(comparison, "\n0 regression, 0 inconclusive, 0 improvement, 8 same\n");
}

static void test_one_instruction(void **state)
{
	static const struct {
		double move;
		const char *verdict, *text;
	} cases[] = {
		{ 1, "regression",
		  "services=400  veth2 reply  1 more of 20, in 1 batch  +1   batch 2 iteration 3: "
		  "621 -> "
		  "622\n" },
		{ -1, "improvement",
		  "services=400  veth2 reply  1 fewer of 20, in 1 batch  -1   batch 2 iteration 3: "
		  "621 -> "
		  "620\n" },
	};
	struct fixture *fixture = *state;
	const struct made base = { .spread = 0 };

	make(fixture->base, &base);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct made new = { .move = cases[i].move };
		_json_ json_t *comparison = NULL;
		const json_t *batches;

		file_remove_tree(fixture->new);
		make(fixture->new, &new);
		comparison = compare(fixture);
		assert_string_equal(string(comparison, "verdict"), cases[i].verdict);
		assert_int_equal(count_of(comparison, cases[i].verdict), 1);
		assert_int_equal(count_of(comparison, "same"), 7);
		assert_int_equal(compare_regressed(comparison), cases[i].move > 0);
		expect_text(comparison, cases[i].text);
		batches = json_object_get(row_of(comparison, cases[i].verdict, 0), "batches_moved");
		assert_int_equal(json_array_size(batches), 1);
		assert_near(number(json_array_get(batches, 0), "batch"), 2, 0);
		assert_near(number(json_array_get(batches, 0), "net"), cases[i].move, 0);
	}
}

/* A sample less, by hand: what remains keeps its places. */
static void test_lost_sample(void **state)
{
	struct fixture *fixture = *state;
	const struct made made = { .spread = 3 };
	_free_ char *path = NULL, *text = NULL;
	_json_ json_t *comparison = NULL;
	struct err err;
	char *line, *after;

	make(fixture->base, &made);
	make(fixture->new, &made);
	assert_true(asprintf(&path, "%s/samples.csv", fixture->new) > 0);
	assert_int_equal(file_read(path, &text, NULL, &err), 0);
	line = strstr(text, "\n0,1,2,veth1,reply,");
	after = strchr(line + 1, '\n');
	memmove(line, after, strlen(after) + 1);
	write_text(fixture->new, "samples.csv", text);
	comparison = compare(fixture);
	assert_int_equal(count_of(comparison, "inconclusive"), 1);
	assert_string_equal(string(row_of(comparison, "inconclusive", 0), "series"), "veth1");
	expect_text(comparison, "1 only in BASE of 20, in 1 batch  +0   batch 1 iteration 2: ");
}

static void test_lateness_not_judged(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 3 }, new = { .spread = 3, .lateness = 9 };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);
	const json_t *row;
	size_t i, found = 0;

	assert_string_equal(string(comparison, "verdict"), "same");
	assert_true(json_is_false(json_object_get(comparison, "byte_equal")));
	expect_text(comparison, "lateness moved: it is of the guest's timer, not judged");
	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (!strcmp(string(row, "series"), "lateness")) {
			assert_true(json_is_null(json_object_get(row, "verdict")));
			assert_near(number(row, "more"), 5, 0);
			found++;
		}
	assert_int_equal(found, 2);
}

/* Equal samples, but one more packet on the wire. */
static void test_summary_moved(void **state)
{
	struct fixture *fixture = *state;
	const struct made made = { .spread = 3 };
	_json_ json_t *summary = NULL, *comparison = NULL;
	json_t *loss;

	make(fixture->base, &made);
	make(fixture->new, &made);
	summary = read_json(fixture->new, "summary.json");
	loss = json_object_get(json_array_get(json_object_get(summary, "cells"), 1), "loss");
	json_object_set_new(loss, "background", json_integer(3));
	write_json(fixture->new, "summary.json", summary);
	comparison = compare(fixture);
	assert_string_equal(string(comparison, "verdict"), "inconclusive");
	expect_text(comparison, "no sample moved, but summary.json did");
	expect_text(comparison, "    cells[1].loss.background: ");
	/* Other bytes of the same content. */
	file_remove_tree(fixture->new);
	make(fixture->new, &made);
	json_decref(summary);
	summary = read_json(fixture->new, "summary.json");
	write_json(fixture->new, "summary.json", summary);
	json_decref(comparison);
	comparison = compare(fixture);
	expect_text(comparison, "the files differ in bytes, but in no sample");
}

/* Nothing of the bundle says so, and still one has a cell more. */
static void test_missing_same_bundle(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 1 }, new = { .spread = 1, .services = 3 };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_string_equal(string(comparison, "method"), "bytes");
	assert_int_equal(count_of(comparison, "inconclusive"), 1);
	assert_int_equal(count_of(comparison, "same"), 8);
	expect_text(comparison, "inconclusive  services=900  only NEW has this cell\n");
}

static void test_series_gone_same_bundle(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 1 };
	const struct made new = { .spread = 1, .without_veth2 = true };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_string_equal(string(comparison, "method"), "bytes");
	assert_int_equal(count_of(comparison, "inconclusive"), 4);
	expect_text(comparison, "only BASE has this series");
}

static void test_failed_cell(void **state)
{
	struct fixture *fixture = *state;
	const struct made made = { .spread = 1 };
	_json_ json_t *summary = NULL, *comparison = NULL;

	make(fixture->base, &made);
	make(fixture->new, &made);
	summary = read_json(fixture->new, "summary.json");
	json_object_set_new(json_array_get(json_object_get(summary, "cells"), 0), "error",
			    json_string("nft: \033[31mtoo many rules"));
	write_json(fixture->new, "summary.json", summary);
	comparison = compare(fixture);
	assert_int_equal(count_of(comparison, "inconclusive"), 1);
	expect_text(comparison, "failed in NEW: nft: ?[31mtoo many rules");
}

static void test_refuses_to_mix(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		struct made base, new;
		const char *said;
	} cases[] = {
		{ { .mode = "native" },
		  { 0 },
		  "BASE was measured in mode native, NEW in mode exact" },
		{ { .mode = "native" }, { .mode = "vm" }, "native, NEW in mode vm" },
		{ { 0 }, { .name = "other" }, "BASE is of the experiment \"synthetic\", NEW of" },
		{ { 0 },
		  { .unit = "ns" },
		  "\"veth1\" is in instructions in BASE and in ns in NEW" },
		{ { .mode = "fast" }, { 0 }, "base/summary.json: \"mode\" is none of native, vm" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make(fixture->base, &cases[i].base);
		make(fixture->new, &cases[i].new);
		expect_refusal(fixture, cases[i].said);
		file_remove_tree(fixture->base);
		file_remove_tree(fixture->new);
	}
	expect_refusal(fixture, "base'");
}

static void test_invalid(void **state)
{
	struct fixture *fixture = *state;
	const struct made base = { .spread = 1 }, new = { .spread = 1, .invalid = true };
	_json_ json_t *comparison = compare_made(fixture, &base, &new);

	assert_false(compare_valid(comparison));
	expect_text(comparison, "/new: NOT VALID\n");
}

static void test_hostile(void **state)
{
	static const struct {
		const char *file, *text, *said;
	} cases[] = {
		{ "environment.json", "{}", "new/environment.json: \"vm\" is not a list" },
		{ "environment.json", "{\"vm\": 7}", "\"vm\" is not a list" },
		{ "environment.json", "{\"vm\": {}}", "\"vm\" is not a list" },
		{ "environment.json", "{\"vm\": []}", "\"vm\" is not a list" },
		{ "environment.json", "{\"vm\": [null]}", "vm[0] is not an object with members" },
		{ "environment.json", "{\"vm\": [{\"a\": 1}, {}]}", "vm[1] is not an object" },
		{ "environment.json", "[", "new/environment.json:1:1: " },
		{ "samples.csv", "cell,batch\n", "new/samples.csv:1: the header is not" },
		{ "samples.csv",
		  "cell,batch,iteration,series,direction,value\n9,0,0,veth1,request,1\n",
		  "new/samples.csv:2: cell: " },
		{ "summary.json", "{}", "new/summary.json: \"format\" is missing" },
		{ "summary.json",
		  "{\"format\":1,\"experiment\":\"synthetic\",\"mode\":\"exact\\u001b[2J\","
		  "\"valid\":true,\"cells\":[{\"factors\":null,\"series\":[]}]}",
		  "\"mode\" is none of native, vm, exact" },
		{ "experiment.json", "7", "new/experiment.json" },
	};
	struct fixture *fixture = *state;
	const struct made made = { .spread = 1 };

	make(fixture->base, &made);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		file_remove_tree(fixture->new);
		make(fixture->new, &made);
		write_text(fixture->new, cases[i].file, cases[i].text);
		expect_refusal(fixture, cases[i].said);
	}
}

static void test_hostile_series(void **state)
{
	static const char *const percentiles[] = { "null", "{}", "[1]", "{\"p50\": 3}",
						   "{\"p50\": [1, \"x\"]}" };
	struct fixture *fixture = *state;
	const struct made made = { .spread = 1 };

	make(fixture->base, &made);
	for (size_t i = 0; i < ARRAY_SIZE(percentiles); i++) {
		_json_ json_t *summary = NULL;
		json_t *cell;

		file_remove_tree(fixture->new);
		make(fixture->new, &made);
		summary = read_json(fixture->new, "summary.json");
		cell = json_array_get(json_object_get(summary, "cells"), 1);
		json_object_set_new(json_array_get(json_object_get(cell, "series"), 2),
				    "percentiles_by_batch",
				    json_loads(percentiles[i], JSON_DECODE_ANY, NULL));
		write_json(fixture->new, "summary.json", summary);
		expect_refusal(fixture, "new/summary.json: cells[1].series[2]: "
					"\"percentiles_by_batch\" has no array of numbers");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_equal, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_one_instruction, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_lost_sample, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_lateness_not_judged, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_summary_moved, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_missing_same_bundle, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_series_gone_same_bundle, setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_failed_cell, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_refuses_to_mix, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_invalid, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_series, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
