/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What a result folder says, read by its files alone and by nothing of labrun's own code. */

#include "tests/netns/run_fixture.h"

#include <jansson.h>

/* The JSON file `name` of `folder`; a new reference. */
static inline json_t *read_json(const char *folder, const char *name)
{
	char path[PATH_MAX];
	json_error_t error;
	json_t *json;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	json = json_load_file(path, 0, &error);
	if (!json)
		fail_msg("%s:%d: %s", path, error.line, error.text);
	return json;
}

static inline json_t *cell_of(const json_t *summary, size_t cell)
{
	json_t *found = json_array_get(json_object_get(summary, "cells"), cell);

	assert_non_null(found);
	return found;
}

/* NULL: there is none of that name and direction. */
static inline json_t *find_series(const json_t *cell, const char *name, const char *direction)
{
	json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (!strcmp(json_string_value(json_object_get(series, "name")), name) &&
		    !strcmp(json_string_value(json_object_get(series, "direction")), direction))
			return series;
	return NULL;
}

static inline double number_of(const json_t *object, const char *name)
{
	json_t *number = json_object_get(object, name);

	if (!json_is_number(number))
		fail_msg("no number \"%s\"", name);
	return json_number_value(number);
}

static inline double loss_of(const json_t *summary, size_t cell, const char *name)
{
	return number_of(json_object_get(cell_of(summary, cell), "loss"), name);
}

/* Sum of a counter over all cells and batches of counters.csv. */
static inline double counter_of(const char *folder, const char *name)
{
	char path[PATH_MAX], line[512], found[256];
	double sum = 0, value;
	FILE *file;

	snprintf(path, sizeof(path), "%s/counters.csv", folder);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*u,%*u,%255[^,],%lf", found, &value) == 2 &&
		    !strcmp(found, name))
			sum += value;
	fclose(file);
	return sum;
}

static inline bool is_valid(const json_t *summary)
{
	return json_is_true(json_object_get(summary, "valid"));
}
