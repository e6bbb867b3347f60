// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/folder.h"
#include "harness/results.h"
#include "harness/results_check.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_BATCHES 1000000
/* Readers keep a table of all series by all cells: more than any real run has of them. */
#define MAX_SERIES 4096
#define MAX_PLACES 4000000

/* struct series keeps its unit by reference: these are the ones there are. */
static const char *const units[] = {
	"ns",	 "us",	    "ms",      "s",	 "instructions", "cycles", "pps", "bps",
	"bytes", "bits",    "packets", "events", "requests",	 "count",  "rps", "Hz",
	"ratio", "percent", "%",       "",
};

static char *join(const char *dir, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		abort();
	return path;
}

static json_t *read_json(const char *dir, const char *name, struct err *err)
{
	_free_ char *path = join(dir, name), *text = NULL;
	json_error_t fault;
	size_t length;
	json_t *json;

	if (folder_read_file(dir, name, &text, &length, err))
		return NULL;
	json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
	if (!json)
		err_usage(err, "%s:%d:%d: %s", path, fault.line, fault.column, fault.text);
	else if (!json_is_object(json))
		err_usage(err, "%s: not an object", path);
	else
		return json;
	json_decref(json);
	return NULL;
}

static int check_folder(const char *dir, struct err *err)
{
	_free_ char *summary = join(dir, "summary.json");
	struct stat status;

	if (stat(dir, &status)) {
		err_errno(err, -errno, "cannot read '%s'", dir);
		err->class = ERR_USAGE;
		return -EINVAL;
	}
	if (!S_ISDIR(status.st_mode) || (stat(summary, &status) && errno == ENOENT))
		return err_usage(err, "'%s' is not a result folder: it has no summary.json", dir);
	return 0;
}

int result_folder_read_any(struct result_folder *ret, const char *dir, struct err *err)
{
	_free_ char *name = NULL;
	int code;

	*ret = (struct result_folder){ 0 };
	code = check_folder(dir, err);
	if (code)
		return code;
	name = join(dir, "summary.json");
	ret->dir = strdup(dir);
	ret->summary = read_json(dir, "summary.json", err);
	if (!ret->summary)
		return -EINVAL;
	code = result_summary_check(ret->summary, name, err);
	if (code)
		return code;
	ret->experiment = read_json(dir, "experiment.json", err);
	if (!ret->experiment)
		return -EINVAL;
	ret->topology = read_json(dir, "topology.json", err);
	if (!ret->topology)
		return -EINVAL;
	ret->environment = read_json(dir, "environment.json", err);
	return ret->environment ? 0 : -EINVAL;
}

static bool is_partial(const char *dir)
{
	size_t length = strlen(dir);

	while (length > 1 && dir[length - 1] == '/')
		length--;
	return length >= 8 && !strncmp(dir + length - 8, ".partial", 8);
}

int result_folder_read(struct result_folder *ret, const char *dir, struct err *err)
{
	*ret = (struct result_folder){ 0 };
	if (is_partial(dir))
		return err_usage(err, "'%s' is of a run that did not finish", dir);
	return result_folder_read_any(ret, dir, err);
}

void result_folder_done(struct result_folder *folder)
{
	free(folder->dir);
	json_decref(folder->summary);
	json_decref(folder->experiment);
	json_decref(folder->topology);
	json_decref(folder->environment);
	*folder = (struct result_folder){ 0 };
}

/* One file's worth of rows, with what a row may say. */
struct table {
	struct csv csv;
	struct samples *samples;
	uint64_t cells, batches; /* rows speak of less than these */
	json_t *indices; /* of series, by direction and name; NULL until it is needed */
};

const char *result_unit(const char *unit)
{
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i], unit))
			return units[i];
	return NULL;
}

enum direction result_direction(const char *text)
{
	int direction = 0;

	while (direction < DIRECTION_COUNT && strcmp(text, direction_names[direction]))
		direction++;
	return direction;
}

/* In the summary's order, so that what is recomputed comes in the same order as it was. */
static int add_series(struct samples *samples, const struct result_folder *folder, struct err *err)
{
	json_t *cell, *series;
	size_t index, at;

	json_array_foreach (json_object_get(folder->summary, "cells"), index, cell)
		json_array_foreach (json_object_get(cell, "series"), at, series) {
			const char *name = json_string_value(json_object_get(series, "name"));
			const char *unit = json_string_value(json_object_get(series, "unit"));
			const char *direction =
				json_string_value(json_object_get(series, "direction"));

			if (!result_unit(unit))
				return err_usage(err, "%s/summary.json: unit \"%.40s\" is unknown",
						 folder->dir, unit);
			samples_series(samples, name, result_direction(direction),
				       result_unit(unit));
			if (samples_series_count(samples) > MAX_SERIES)
				return err_usage(err, "%s/summary.json: more than %d series",
						 folder->dir, MAX_SERIES);
		}
	if (samples_series_count(samples) * index > MAX_PLACES)
		return err_usage(err, "%s/summary.json: too many cells with too many series",
				 folder->dir);
	return 0;
}

/* At most, if there is an `until`. */
static json_int_t planned_batches(const struct result_folder *folder)
{
	const json_t *until = json_object_get(folder->experiment, "until");

	return json_integer_value(json_is_object(until)
					  ? json_object_get(until, "max_batches")
					  : json_object_get(folder->experiment, "batches"));
}

static uint64_t batch_limit(const struct result_folder *folder)
{
	json_int_t planned = planned_batches(folder);
	uint64_t limit = planned > 0 && planned < MAX_BATCHES ? planned : 1;
	json_t *cell, *series;
	size_t index, at;

	json_array_foreach (json_object_get(folder->summary, "cells"), index, cell)
		json_array_foreach (json_object_get(cell, "series"), at, series) {
			size_t count = json_array_size(json_object_get(series, "batches"));

			limit = count > limit ? count : limit;
		}
	return limit;
}

static char *series_key(const char *name, enum direction direction)
{
	char *key;

	if (asprintf(&key, "%d%s", direction, name) < 0)
		abort();
	return key;
}

/* The first of a name: its unit is not in the tables. */
static void index_series(struct table *table)
{
	table->indices = json_object();
	for (uint32_t i = samples_series_count(table->samples); i--;) {
		const struct series *series = samples_get_series(table->samples, i);
		_free_ char *key = series_key(series->name, series->direction);

		json_object_set_new(table->indices, key, json_integer(i));
	}
}

/* Series take turns: the one after the last, or the same again, is most likely the next. */
static bool is_series(const struct table *table, uint32_t index, const char *name,
		      enum direction direction)
{
	const struct series *series = samples_get_series(table->samples, index);

	return series->direction == direction && !strcmp(series->name, name);
}

static int find_series(struct table *table, const char *name, const char *direction_text,
		       uint32_t *hint, struct err *err)
{
	enum direction direction = result_direction(direction_text);
	uint32_t count = samples_series_count(table->samples);
	_free_ char *key = NULL;
	const json_t *index;

	if (count && is_series(table, (*hint + 1) % count, name, direction)) {
		*hint = (*hint + 1) % count;
		return 0;
	}
	if (!table->indices)
		index_series(table);
	key = series_key(name, direction);
	index = json_object_get(table->indices, key);
	if (!index)
		return csv_fault(&table->csv, err, "series \"%.60s\" %.20s is not in summary.json",
				 name, direction_text);
	*hint = (uint32_t)json_integer_value(index);
	return 0;
}

static int read_sample(struct table *table, uint32_t *hint, struct err *err)
{
	const struct csv *csv = &table->csv;
	uint64_t cell, batch, iteration;
	double value;
	int code = csv_uint(csv, 0, table->cells - 1, "cell", &cell, err);

	if (!code)
		code = csv_uint(csv, 1, table->batches - 1, "batch", &batch, err);
	if (!code)
		code = csv_uint(csv, 2, UINT32_MAX, "iteration", &iteration, err);
	if (!code)
		code = find_series(table, csv->fields[3], csv->fields[4], hint, err);
	if (!code)
		code = csv_real(csv, 5, "value", &value, err);
	if (!code)
		samples_add(table->samples, cell, batch, iteration, *hint, value);
	return code;
}

static int read_samples(struct table *table, const char *dir, struct err *err)
{
	uint32_t hint = 0;
	int code = csv_open(&table->csv, dir, "samples.csv",
			    "cell,batch,iteration,series,direction,value", true, err);

	if (code)
		return code;
	while ((code = csv_next(&table->csv, err)) > 0) {
		code = read_sample(table, &hint, err);
		if (code)
			return code;
	}
	return code;
}

static int read_counter(struct table *table, struct err *err)
{
	const struct csv *csv = &table->csv;
	uint64_t cell, batch;
	double value;
	int code = csv_uint(csv, 0, table->cells - 1, "cell", &cell, err);

	if (!code)
		code = csv_uint(csv, 1, table->batches - 1, "batch", &batch, err);
	if (!code)
		code = csv_real(csv, 3, "value", &value, err);
	if (!code)
		samples_count(table->samples, cell, batch, csv->fields[2], value);
	return code;
}

static int read_counters(struct table *table, const char *dir, struct err *err)
{
	int code = csv_open(&table->csv, dir, "counters.csv", "cell,batch,name,value", true, err);

	if (code)
		return code;
	while ((code = csv_next(&table->csv, err)) > 0) {
		code = read_counter(table, err);
		if (code)
			return code;
	}
	return code;
}

int result_folder_counters(struct samples *samples, const struct result_folder *folder,
			   struct err *err)
{
	_free_ char *path = join(folder->dir, "counters.csv");
	struct table table = {
		.samples = samples,
		.cells = json_array_size(json_object_get(folder->summary, "cells")),
		.batches = batch_limit(folder),
	};
	int code = access(path, F_OK) ? 0 : read_counters(&table, folder->dir, err);

	csv_close(&table.csv);
	return code;
}

int result_tables_read(struct samples *samples, const char *dir, uint64_t cells, uint64_t batches,
		       struct err *err)
{
	struct table table = { .samples = samples, .cells = cells, .batches = batches };
	int code = read_samples(&table, dir, err);

	csv_close(&table.csv);
	json_decref(table.indices);
	if (!code)
		code = read_counters(&table, dir, err);
	csv_close(&table.csv);
	return code;
}

int result_folder_samples(struct samples *samples, const struct result_folder *folder,
			  struct err *err)
{
	size_t cells = json_array_size(json_object_get(folder->summary, "cells"));
	int code = add_series(samples, folder, err);

	return code ? code
		    : result_tables_read(samples, folder->dir, cells, batch_limit(folder), err);
}

int result_samples_read(struct samples *samples, const char *dir, struct err *err)
{
	_result_folder_ struct result_folder folder = { 0 };
	int code = result_folder_read(&folder, dir, err);

	return code ? code : result_folder_samples(samples, &folder, err);
}
