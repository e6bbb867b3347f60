// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of one experiment one after the other (run --repeat): their spread holds what the batches of
 * a single run do not show, since those share their time, their process and its memory.
 */
#include "harness/compare_internal.h"

#include "harness/cleanup.h"
#include "harness/results_runs.h"

#include <math.h>
#include <string.h>

/* Of a run's mean, as far as its batches show. */
static double batch_error(const json_t *series)
{
	const json_t *list = json_object_get(series, "batches");
	_free_ double *values = calloc(json_array_size(list) + 1, sizeof(*values));
	size_t count;

	if (!values)
		abort();
	count = compare_take_numbers(list, values);
	return stats_stddev(values, count) / sqrt((double)count);
}

static void take_series_as_run(json_t *series)
{
	double error = batch_error(series);
	json_t *mean = json_object_get(series, "mean");

	json_object_set_new(series, "batches",
			    json_pack("[o]", mean ? json_incref(mean) : json_null()));
	json_object_set_new(series, "batch_errors", json_pack("[o]", compare_number(error)));
}

/* What a run's summary says of a series becomes one value. */
void compare_take_as_run(json_t *summary)
{
	const json_t *cell;
	json_t *series;
	size_t i, j;

	json_array_foreach (json_object_get(summary, "cells"), i, cell)
		json_array_foreach (json_object_get(cell, "series"), j, series)
			take_series_as_run(series);
}

static void add_run(const json_t *to_cell, const json_t *from_cell)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(to_cell, "series"), i, series) {
		const json_t *other = compare_find_series(from_cell, series);
		json_t *mean = json_object_get(other, "mean");

		json_array_append_new(json_object_get(series, "batches"),
				      json_is_number(mean) ? json_incref(mean) : json_null());
		json_array_append_new(json_object_get(series, "batch_errors"),
				      compare_number(batch_error(other)));
	}
}

/* Runs of one experiment have their cells in one order. */
static void add_runs(struct result_folder *to, const struct result_folder *from)
{
	const json_t *cells = json_object_get(to->summary, "cells");
	const json_t *others = json_object_get(from->summary, "cells"), *cell;
	size_t i;

	json_array_foreach (cells, i, cell)
		add_run(cell, json_array_get(others, i));
	if (!json_is_true(json_object_get(from->summary, "valid")))
		json_object_set_new(to->summary, "valid", json_false());
}

/* What neither folder says is the same. */
static bool is_same(const json_t *left, const json_t *right, const char *key)
{
	const json_t *was = json_object_get(left, key), *is = json_object_get(right, key);

	return was == is || json_equal(was, is);
}

static int check_alike(const struct result_folder *first, const struct result_folder *other,
		       struct err *err)
{
	const json_t *base_tools = json_object_get(first->environment, "tools");
	const json_t *new_tools = json_object_get(other->environment, "tools");
	bool alike = json_equal(first->experiment, other->experiment) &&
		     is_same(first->summary, other->summary, "mode") &&
		     is_same(first->environment, other->environment, "kernel") &&
		     is_same(base_tools, new_tools, "labrun_build");

	if (alike)
		return 0;
	return err_usage(
		err,
		"'%.150s' and '%.150s' are not runs of one thing: experiment, mode, kernel "
		"and labrun have to be the same",
		first->dir, other->dir);
}

static int read_further(struct result_folder *first, size_t count, const char *dir, struct err *err)
{
	int code = 0;

	compare_take_as_run(first->summary);
	for (size_t i = 2; i <= count && !code; i++) {
		_result_folder_ struct result_folder run = {};
		_free_ char *path = results_run_path(dir, i);

		code = result_folder_read(&run, path, err);
		if (!code)
			code = check_alike(first, &run, err);
		if (!code)
			add_runs(first, &run);
	}
	return code;
}

int compare_read_runs(struct result_folder *ret, size_t *ret_runs, const char *dir, struct err *err)
{
	size_t count = results_count_runs(dir);
	_free_ char *path = count ? results_run_path(dir, 1) : strdup(dir);
	int code = result_folder_read(ret, path, err);

	*ret_runs = count ? count : 1;
	if (code || count < 2)
		return code;
	if (!strcmp(compare_string(ret->summary, "mode"), "exact"))
		return err_usage(
			err, "'%.200s': exact runs repeat to the digit, and have no spread", dir);
	return read_further(ret, count, dir, err);
}
