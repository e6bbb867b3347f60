// SPDX-License-Identifier: GPL-2.0-only
/* Every experiment of loads alone, shortened: valid, each packet found, what each series holds. */
#include "tests/netns/bulk_fixture.h"
#include "tests/netns/result_fixture.h"
#include "tests/netns/run_fixture.h"

#include <glob.h>
#include <limits.h>

#define BATCHES 2
#define CASES_MAX 32

static void assert_values(const json_t *cell, const char *name)
{
	const json_t *series = find_series(cell, name, "both");

	if (!series)
		fail_msg("no series %s", name);
	assert_int_equal(number_of(series, "n"), BATCHES);
	assert_true(number_of(series, "min") > 0);
}

static void assert_cell(const json_t *cell, bool search)
{
	const json_t *loss = json_object_get(cell, "loss");
	const char *error = json_string_value(json_object_get(cell, "error"));

	/* Not every kernel has it, and the others are measured all the same. */
	if (error && strstr(error, "pktgen"))
		return;
	if (error)
		fail_msg("%s", error);
	assert_int_equal(number_of(loss, "unaccounted"), 0);
	assert_int_equal(number_of(loss, "damaged"), 0);
	assert_true(number_of(loss, "sent") > 0);
	assert_true(number_of(loss, "received") > 0);
	assert_values(cell, search ? "throughput" : "delivered");
	if (search)
		assert_int_equal(number_of(loss, "sent"), number_of(loss, "received"));
	else
		assert_values(cell, "driver_cpu");
}

static void test_experiment(void **state)
{
	const char *experiment = about_of(state);
	bool search = is_search(experiment);
	_finished_ struct finished finished =
		labrun("run", experiment, "--batches", "2", "--quiet", "--out", "result", "--set",
		       search ? "search.resolution=1" : "duration_s=0.02");
	_json_ json_t *summary = read_json("result", "summary.json");
	json_t *cell;
	size_t i;

	/* A claim about rates may fail on a busy machine, and one may have no pktgen. */
	if (finished.status != 1 && finished.status != 77)
		assert_status(finished, 0);
	json_array_foreach (json_object_get(summary, "cells"), i, cell)
		assert_cell(cell, search);
	assert_true(i > 0);
	remove_tree("result");
}

static void add_case(struct CMUnitTest *cases, size_t *count, char *path)
{
	if (strstr(path, ".schema.") || !is_bulk(path))
		return;
	assert_true(*count < CASES_MAX);
	cases[(*count)++] = (struct CMUnitTest){ strrchr(path, '/') + 1, test_experiment,
						 enter_work_folder, leave_work_folder, path };
}

int main(void)
{
	struct CMUnitTest cases[CASES_MAX] = {};
	char pattern[PATH_MAX];
	glob_t found = {};
	size_t count = 0;
	int status = run_prepare();

	if (status)
		return status;
	snprintf(pattern, sizeof(pattern), "%s/experiments/*.json", getenv("LABRUN_DATA"));
	if (glob(pattern, 0, NULL, &found))
		return 1;
	for (size_t i = 0; i < found.gl_pathc; i++)
		add_case(cases, &count, found.gl_pathv[i]);
	return _cmocka_run_group_tests("bulk", cases, count, NULL, NULL);
}
