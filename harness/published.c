// SPDX-License-Identifier: GPL-2.0-only
#include "harness/published.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/json_read.h"
#include "harness/reference.h"

#include <fnmatch.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

const char *const published_stats[PUBLISHED_STATS] = { "mean", "p01", "p50", "p90", "p99" };

int published_read(struct published *ret, const char *name, struct err *err)
{
	_free_ char *path = NULL;
	json_error_t error;

	*ret = (struct published){};
	if (!name || !reference_is_safe(name))
		return 0;
	path = file_data_path("results/reference/published", name, ".json");
	if (!path || access(path, R_OK))
		return 0;
	ret->json = json_load_file(path, 0, &error);
	if (!ret->json)
		return err_usage(err, "%s:%d:%d: %s", path, error.line, error.column, error.text);
	return 0;
}

void published_done(struct published *published)
{
	json_decref(published->json);
	*published = (struct published){};
}

static const json_t *source_of(const struct published *published, size_t source)
{
	return json_array_get(json_object_get(published->json, "sources"), source);
}

size_t published_count(const struct published *published)
{
	return json_array_size(json_object_get(published->json, "sources"));
}

const char *published_name(const struct published *published, size_t source)
{
	return json_read_text(source_of(published, source), "name");
}

const char *published_text(const struct published *published, size_t source)
{
	return json_read_text(source_of(published, source), "text");
}

bool published_is_expected(const struct published *published, size_t source)
{
	return json_is_true(json_object_get(source_of(published, source), "expected"));
}

/* Of "topology.nodes.node1.proxy.mode" the last part counts. */
static bool has_factor(const json_t *factors, const char *name, const char *pattern)
{
	const char *path;
	json_t *value;

	json_object_foreach ((json_t *)factors, path, value) {
		const char *dot = strrchr(path, '.');
		char number[40];

		snprintf(number, sizeof(number), "%.10g", json_number_value(value));
		if (!strcmp(dot ? dot + 1 : path, name) &&
		    !fnmatch(pattern, json_is_string(value) ? json_string_value(value) : number, 0))
			return true;
	}
	return false;
}

static bool is_about(const json_t *row, const json_t *factors)
{
	json_t *pattern;
	const char *name;

	json_object_foreach (json_object_get(row, "cells"), name, pattern)
		if (!json_is_string(pattern) ||
		    !has_factor(factors, name, json_string_value(pattern)))
			return false;
	return true;
}

const json_t *published_row(const struct published *published, size_t source, size_t index,
			    const json_t *factors)
{
	const json_t *rows = json_object_get(source_of(published, source), "rows"), *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (is_about(row, factors) && index-- == 0)
			return row;
	return NULL;
}

struct interval published_find(const struct published *published, size_t source,
			       const json_t *factors, const char *series, enum direction direction,
			       const char *stat)
{
	const json_t *row;

	for (size_t i = 0; (row = published_row(published, source, i, factors)); i++) {
		struct interval figure = json_read_interval(row, stat);

		if (!strcmp(json_read_text(row, "series"), series) && !isnan(figure.low) &&
		    !strcmp(json_read_text(row, "direction"), direction_names[direction]))
			return figure;
	}
	return (struct interval){ NAN, NAN };
}
