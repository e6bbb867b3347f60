// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much more the runs of one experiment differ than their batches predict: what any two folders
 * taken at different times have to be held against.
 */
#include "harness/compare_cells.h"

#include "harness/cleanup.h"
#include "harness/format.h"
#include "harness/results_runs.h"
#include "harness/text.h"

#include <math.h>
#include <string.h>

/* Standard errors of independent means: their squares are averaged. */
static double root_mean_square(const double *values, size_t count)
{
	double sum = 0;

	for (size_t i = 0; i < count; i++)
		sum += values[i] * values[i];
	return count ? sqrt(sum / (double)count) : NAN;
}

static json_t *interval_json(struct interval interval)
{
	if (!isfinite(interval.low) || !isfinite(interval.high))
		return json_null();
	return json_pack("[f, f]", interval.low, interval.high);
}

static json_t *or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? json_incref(value) : json_null();
}

static json_t *row_json(const json_t *cell, const json_t *series)
{
	const json_t *means = json_object_get(series, "batches");
	size_t room = json_array_size(means) + 1;
	_free_ double *values = calloc(room, sizeof(*values));
	double deviation, predicted;
	json_t *row;
	size_t count;

	if (!values)
		abort();
	predicted = root_mean_square(
		values, compare_take_numbers(json_object_get(series, "batch_errors"), values));
	count = compare_take_numbers(means, values);
	deviation = stats_stddev(values, count);
	row = json_pack("{s:o, s:o, s:o, s:o, s:O}", "factors", or_null(cell, "factors"), "series",
			or_null(series, "name"), "direction", or_null(series, "direction"), "unit",
			or_null(series, "unit"), "means", means);
	json_object_set_new(row, "mean", compare_number(stats_mean(values, count)));
	json_object_set_new(row, "ci95", interval_json(stats_mean_interval(values, count)));
	json_object_set_new(row, "stddev", compare_number(deviation));
	json_object_set_new(row, "batch_error", compare_number(predicted));
	json_object_set_new(row, "ratio", compare_number(deviation / predicted));
	return row;
}

static json_t *rows_json(const struct result_folder *folder)
{
	const json_t *cells = json_object_get(folder->summary, "cells"), *cell, *series;
	json_t *rows = json_array();
	size_t i, j;

	json_array_foreach (cells, i, cell)
		json_array_foreach (json_object_get(cell, "series"), j, series)
			json_array_append_new(rows, row_json(cell, series));
	return rows;
}

int compare_spread_of_runs(json_t **ret, const char *dir, struct err *err)
{
	_result_folder_ struct result_folder folder = {};
	json_t *path;
	size_t runs = 0;
	int code = compare_read_runs(&folder, &runs, dir, err);

	if (!code && runs < 2)
		code = err_usage(err, "'%.200s': a spread takes two runs (labrun run --repeat)",
				 dir);
	if (code)
		return code;
	path = json_string(dir);
	*ret = json_pack("{s:O, s:O, s:o, s:I, s:o}", "experiment",
			 json_object_get(folder.summary, "experiment"), "mode",
			 json_object_get(folder.summary, "mode"), "dir", path ? path : json_null(),
			 "runs", (json_int_t)runs, "rows", rows_json(&folder));
	return 0;
}

static void put_percent(struct cell_text *text, double part, double whole)
{
	if (isfinite(part) && whole != 0)
		compare_put_percent(text, 100 * part / fabs(whole));
	else
		cell_put(text, "?");
}

static void put_row(struct table_text *table, const json_t *row)
{
	const json_t *pair = json_object_get(row, "ci95");
	struct interval interval = { NAN, NAN };
	double mean = json_read_number(row, "mean"), ratio = json_read_number(row, "ratio");
	char shown[FORMAT_MAX];

	if (json_is_array(pair))
		interval = (struct interval){ json_number_value(json_array_get(pair, 0)),
					      json_number_value(json_array_get(pair, 1)) };
	compare_put_cell_name(table_next(table), row);
	compare_put_series_name(table_next(table), row);
	cell_put(
		table_next(table), "%s",
		format_interval(mean, interval, compare_string(row, "unit"), shown, sizeof(shown)));
	put_percent(table_next(table), json_read_number(row, "stddev"), mean);
	put_percent(table_next(table), json_read_number(row, "batch_error"), mean);
	cell_put(table_next(table), isfinite(ratio) ? "%.1f x" : "?", ratio);
	table_next(table);
	table_next(table);
}

void compare_spread_text(const json_t *spread, FILE *out)
{
	static const char *const titles[TABLE_COLUMNS] = {
		"cell", "series", "mean of runs [95 %]", "between runs", "by batches", "ratio",
		"",	""
	};
	struct table_text table = { 0 };
	const json_t *row;
	size_t i;

	text_put(out, "%s (%s): %.0f runs. Standard deviations of a run's mean: as the runs have\n",
		 compare_string(spread, "experiment"), compare_string(spread, "mode"),
		 json_read_number(spread, "runs"));
	fputs("it, and as their batches alone would; beyond 1 x is what only runs show\n\n", out);
	table_init(&table, titles);
	json_array_foreach (json_object_get(spread, "rows"), i, row)
		put_row(&table, row);
	table_print(&table, out);
	table_done(&table);
}
