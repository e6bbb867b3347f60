// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_check.h"

#include "harness/cleanup.h"
#include "harness/samples.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* Cells and batches beyond any real run would only be a way to exhaust memory. */
#define MAX_CELLS 100000
#define MAX_SERIES 4096

enum shape {
	SHAPE_STRING,
	SHAPE_BOOL,
	SHAPE_INTEGER,
	SHAPE_NUMBER, /* or null */
	SHAPE_NUMBERS, /* an array of the former */
	SHAPE_PAIR, /* two of them, or null */
	SHAPE_OBJECT, /* or null */
	SHAPE_ARRAY,
};

struct member {
	const char *name;
	enum shape shape;
	bool optional;
};

static const char *const shape_words[] = {
	[SHAPE_STRING] = "a string",
	[SHAPE_BOOL] = "true or false",
	[SHAPE_INTEGER] = "an integer",
	[SHAPE_NUMBER] = "a number or null",
	[SHAPE_NUMBERS] = "an array of numbers",
	[SHAPE_PAIR] = "a pair of numbers",
	[SHAPE_OBJECT] = "an object",
	[SHAPE_ARRAY] = "an array",
};

static bool is_number(const json_t *json)
{
	return json_is_number(json) || json_is_null(json);
}

static bool are_numbers(const json_t *json)
{
	const json_t *item;
	size_t index;

	json_array_foreach (json, index, item)
		if (!is_number(item))
			return false;
	return json_is_array(json);
}

static bool has_shape(const json_t *json, enum shape shape)
{
	switch (shape) {
	case SHAPE_STRING:
		return json_is_string(json);
	case SHAPE_BOOL:
		return json_is_boolean(json);
	case SHAPE_INTEGER:
		return json_is_integer(json) && json_integer_value(json) >= 0;
	case SHAPE_NUMBER:
		return is_number(json);
	case SHAPE_NUMBERS:
		return are_numbers(json);
	case SHAPE_PAIR:
		return json_is_null(json) || (are_numbers(json) && json_array_size(json) == 2);
	case SHAPE_OBJECT:
		return json_is_object(json) || json_is_null(json);
	case SHAPE_ARRAY:
		return json_is_array(json);
	}
	return false;
}

static int check_members(const json_t *json, const struct member *members, const char *where,
			 struct err *err)
{
	if (!json_is_object(json))
		return err_usage(err, "%s: not an object", where);
	for (; members->name; members++) {
		json_t *value = json_object_get(json, members->name);

		if (!value && members->optional)
			continue;
		if (!value)
			return err_usage(err, "%s: \"%s\" is missing", where, members->name);
		if (!has_shape(value, members->shape))
			return err_usage(err, "%s: \"%s\" is not %s", where, members->name,
					 shape_words[members->shape]);
	}
	return 0;
}

static int check_series(const json_t *series, const char *where, struct err *err)
{
	static const struct member members[] = {
		{ "name", SHAPE_STRING, false },
		{ "direction", SHAPE_STRING, false },
		{ "unit", SHAPE_STRING, false },
		{ "n", SHAPE_INTEGER, false },
		{ "batches", SHAPE_NUMBERS, false },
		{ "mean", SHAPE_NUMBER, false },
		{ "ci95", SHAPE_PAIR, false },
		{ "stddev", SHAPE_NUMBER, false },
		{ "min", SHAPE_NUMBER, false },
		{ "p50", SHAPE_NUMBER, false },
		{ "p90", SHAPE_NUMBER, false },
		{ "p99", SHAPE_NUMBER, false },
		{ "max", SHAPE_NUMBER, false },
		{ "corrected_mean", SHAPE_NUMBER, true },
		{ NULL, 0, false },
	};
	const char *direction;
	int code = check_members(series, members, where, err);

	if (code)
		return code;
	direction = json_string_value(json_object_get(series, "direction"));
	for (int i = 0; i < DIRECTION_COUNT; i++)
		if (!strcmp(direction, direction_names[i]))
			return 0;
	return err_usage(err, "%s: \"direction\" is none of request, reply, both", where);
}

static int check_cell(const json_t *cell, const char *name, size_t index, struct err *err)
{
	static const struct member members[] = {
		{ "factors", SHAPE_OBJECT, false },   { "series", SHAPE_ARRAY, false },
		{ "loss", SHAPE_OBJECT, true },	      { "elsewhere", SHAPE_BOOL, true },
		{ "drops", SHAPE_OBJECT, true },      { "search", SHAPE_OBJECT, true },
		{ "stopped", SHAPE_OBJECT, true },    { "unmeasured", SHAPE_OBJECT, true },
		{ "probe_cost", SHAPE_OBJECT, true }, { NULL, 0, false },
	};
	json_t *list = json_object_get(cell, "series"), *series, *error;
	char where[300];
	size_t at;
	int code;

	snprintf(where, sizeof(where), "%s: cells[%zu]", name, index);
	code = check_members(cell, members, where, err);
	if (code)
		return code;
	error = json_object_get(cell, "error");
	if (error && !json_is_null(error) && !json_is_string(error))
		return err_usage(err, "%s: \"error\" is not a string or null", where);
	if (json_array_size(list) > MAX_SERIES)
		return err_usage(err, "%s: more than %d series", where, MAX_SERIES);
	json_array_foreach (list, at, series) {
		snprintf(where, sizeof(where), "%s: cells[%zu].series[%zu]", name, index, at);
		code = check_series(series, where, err);
		if (code)
			return code;
	}
	return 0;
}

int result_summary_check(const json_t *summary, const char *name, struct err *err)
{
	static const struct member members[] = {
		{ "format", SHAPE_INTEGER, false }, { "experiment", SHAPE_STRING, false },
		{ "mode", SHAPE_STRING, false },    { "valid", SHAPE_BOOL, false },
		{ "cells", SHAPE_ARRAY, false },    { "claims", SHAPE_ARRAY, true },
		{ "shard", SHAPE_OBJECT, true },    { NULL, 0, false },
	};
	json_t *cells = json_object_get(summary, "cells"), *cell;
	json_int_t format = json_integer_value(json_object_get(summary, "format"));
	size_t index;
	int code = check_members(summary, members, name, err);

	if (code)
		return code;
	if (format != RESULT_FORMAT)
		return err_usage(err,
				 "%s: format %" JSON_INTEGER_FORMAT ", this labrun reads format %d",
				 name, format, RESULT_FORMAT);
	if (!json_array_size(cells) || json_array_size(cells) > MAX_CELLS)
		return err_usage(err, "%s: no cells, or more than %d", name, MAX_CELLS);
	json_array_foreach (cells, index, cell) {
		code = check_cell(cell, name, index, err);
		if (code)
			return code;
	}
	return 0;
}
