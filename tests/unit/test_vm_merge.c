// SPDX-License-Identifier: GPL-2.0-only
/* Boots of several kernels, made up, become one run: whose cells, and whose calibration. */
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/file.h"
#include "harness/vm_merge.h"
#include "tests/unit/synthetic.h"

#define BLOCKS 3 /* of one synthetic boot */

static const struct synthetic boot = {
	.title = "Boot",
	.segments = { "veth1", "bridge" },
	.means_ns = { 3000, 12000 },
	.batches = 2,
	.iterations = 10,
};

struct fixture {
	char base[FOLDER_BYTES];
	struct run_outcome outcome;
	struct plan plan;
};

static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	fixture->plan.cell_count = 2;
	fixture->outcome.samples = samples_new();
	fixture->outcome.cell_errors = calloc(fixture->plan.cell_count, sizeof(char *));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	run_outcome_done(&fixture->outcome, &fixture->plan);
	return folder_teardown(state);
}

/* One boot of `kernel` (NULL: it is no factor) whose real probe costs so much more. */
static void merge(struct fixture *fixture, const char *kernel, size_t cell, uint64_t dearer_ns)
{
	struct synthetic about = boot;
	struct vm_merge merge = {
		.first_cell = cell, .cell_count = 1, .batch = -1, .kernel = kernel
	};
	_free_ char *dir = NULL;
	struct err err = {};

	assert_true(asprintf(&dir, "%s/boot", fixture->base) > 0);
	file_remove_tree(dir);
	about.dearer_ns = dearer_ns;
	merge.dir = dir;
	if (synthetic_write(&about, dir, NULL, &err) ||
	    vm_merge(&merge, &fixture->outcome, NULL, &err))
		fail_msg("%s", err.text);
}

static json_t *summarise(const struct run_outcome *outcome, const char *const *kernels)
{
	struct summary_cell cells[2] = {};
	json_t *summary;

	for (size_t i = 0; i < 2; i++)
		cells[i].factors =
			kernels ? json_pack("{s:s}", "kernel", kernels[i]) : json_object();
	summary = summary_build(&(struct summary_input){ .experiment = "x",
							 .mode = "vm",
							 .cells = cells,
							 .cell_count = 2,
							 .samples = outcome->samples,
							 .blocks = outcome->blocks,
							 .block_count = outcome->block_count });
	for (size_t i = 0; i < 2; i++)
		json_decref(cells[i].factors);
	return summary;
}

/* NAN if it is null. */
static double cost_of(const json_t *summary, size_t cell)
{
	const json_t *cost = json_object_get(
		json_array_get(json_object_get(summary, "cells"), cell), "probe_cost");
	const json_t *mean = json_object_get(json_object_get(cost, "event_ns"), "mean");

	return json_is_number(mean) ? json_number_value(mean) : NAN;
}

/* A packet is eight events: 900 ns of them cost 112.5 each, 1700 ns 212.5. */
static void test_two_kernels(void **state)
{
	static const char *const kernels[] = { "6.1", "6.12" };
	struct fixture *fixture = *state;
	_json_ json_t *summary = NULL;

	merge(fixture, "6.1", 0, 0);
	merge(fixture, "6.12", 1, 800);
	assert_int_equal(fixture->outcome.block_count, 2 * BLOCKS);
	summary = summarise(&fixture->outcome, kernels);
	assert_near(cost_of(summary, 0), 112.5, 1e-9);
	assert_near(cost_of(summary, 1), 212.5, 1e-9);
}

/* One that gave no calibration has no correction, rather than another kernel's. */
static void test_failed_kernel(void **state)
{
	static const char *const kernels[] = { "6.1", "6.12" };
	struct fixture *fixture = *state;
	_json_ json_t *summary = NULL;

	merge(fixture, "6.12", 1, 800);
	summary = summarise(&fixture->outcome, kernels);
	assert_true(isnan(cost_of(summary, 0)));
	assert_near(cost_of(summary, 1), 212.5, 1e-9);
}

static void test_one_kernel(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *summary = NULL;

	/* The second is another seed's boot: the first speaks for it. */
	merge(fixture, NULL, 0, 0);
	merge(fixture, NULL, 1, 800);
	assert_int_equal(fixture->outcome.block_count, BLOCKS);
	assert_string_equal(fixture->outcome.blocks[0].kernel, "");
	summary = summarise(&fixture->outcome, NULL);
	assert_near(cost_of(summary, 0), 112.5, 1e-9);
	assert_near(cost_of(summary, 1), 112.5, 1e-9);
}

static void test_file(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *object = json_object(), *summary = NULL;
	_results_ struct results *results = NULL;
	_free_ struct probe_block *blocks = NULL;
	_free_ char *dir = NULL;
	struct err err = {};
	struct plan plan;
	size_t count = 0;

	merge(fixture, "6.1", 0, 0);
	merge(fixture, "a, \"b\"", 1, 800);
	summary = summarise(&fixture->outcome, NULL);
	synthetic_plan(&boot, &plan);
	assert_true(asprintf(&dir, "%s/out", fixture->base) > 0);
	if (results_open(&results, &plan, dir, &err) ||
	    results_write(results, &plan,
			  &(struct results_final){ .samples = fixture->outcome.samples,
						   .summary = summary,
						   .environment = object,
						   .blocks = fixture->outcome.blocks,
						   .block_count = fixture->outcome.block_count },
			  &err) ||
	    results_commit(results, &err) || result_calibration_read(&blocks, &count, dir, &err))
		fail_msg("%s", err.text);
	synthetic_plan_done(&plan);
	assert_int_equal(count, fixture->outcome.block_count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(blocks[i].kernel, fixture->outcome.blocks[i].kernel);
		assert_int_equal(blocks[i].packet_ns, fixture->outcome.blocks[i].packet_ns);
	}
}

static void put_calibration(const char *dir, const char *text)
{
	_free_ char *path = NULL;
	struct err err = {};

	assert_true(asprintf(&path, "%s/calibration.csv", dir) > 0);
	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static void test_columns(void **state)
{
	struct fixture *fixture = *state;
	static const char *const bad[] = {
		"round,condition,packets,events,packet_ns,colonel\n",
		"round,condition,packets,events,packet_ns,kernel,more\n",
		"round,condition,packets,events,packet_ns,kernel\n0,off,1,0,7\n",
	};
	_free_ struct probe_block *blocks = NULL;
	struct err err = { 0 };
	size_t count = 0;

	put_calibration(fixture->base,
			"round,condition,packets,events,packet_ns\n3,full,1000,8000,7900\n");
	assert_int_equal(result_calibration_read(&blocks, &count, fixture->base, &err), 0);
	assert_int_equal(count, 1);
	assert_int_equal(blocks[0].round, 3);
	assert_string_equal(blocks[0].kernel, "");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct probe_block *none = NULL;

		put_calibration(fixture->base, bad[i]);
		assert_true(result_calibration_read(&none, &count, fixture->base, &err) < 0);
		assert_int_equal(err.class, ERR_USAGE);
		assert_null(none);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_two_kernels, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failed_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_columns, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
