// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"

#include <string.h>

/* An object with `except` left out and every number a real, as text in the order of its keys. */
char *compare_factors_key(const json_t *factors, const char *except)
{
	json_t *object = (json_t *)factors, *value;
	_json_ json_t *plain = json_object();
	const char *name;
	char *text;

	json_object_foreach (object, name, value) {
		if (except && !strcmp(name, except))
			continue;
		if (json_is_number(value))
			json_object_set_new(plain, name, json_real(json_number_value(value)));
		else
			json_object_set(plain, name, value);
	}
	text = json_dumps(plain, JSON_SORT_KEYS | JSON_COMPACT);
	if (!text)
		abort();
	return text;
}

/* Cells of equal factors are told apart by their order: the key of each is its own. */
static char *numbered_key(const json_t *cell, json_t *seen)
{
	_free_ char *plain = compare_factors_key(json_object_get(cell, "factors"), NULL);
	json_int_t before = json_integer_value(json_object_get(seen, plain));
	char *key;

	json_object_set_new(seen, plain, json_integer(before + 1));
	if (asprintf(&key, "%s#%" JSON_INTEGER_FORMAT, plain, before) < 0)
		abort();
	return key;
}

/* {key: index} */
static json_t *index_cells(const json_t *cells)
{
	_json_ json_t *seen = json_object();
	json_t *indexes = json_object(), *cell;
	size_t i;

	json_array_foreach ((json_t *)cells, i, cell) {
		_free_ char *key = numbered_key(cell, seen);

		json_object_set_new(indexes, key, json_integer((json_int_t)i));
	}
	return indexes;
}

static void add_pair(struct compare *compare, const json_t *base_index, const json_t *new_index)
{
	const json_t *base_cells = json_object_get(compare->base.summary, "cells");
	const json_t *new_cells = json_object_get(compare->new.summary, "cells");
	size_t base_at = (size_t)json_integer_value(base_index);
	size_t new_at = (size_t)json_integer_value(new_index);

	compare->pairs[compare->pair_count++] = (struct compare_pair){
		.base = base_index ? json_array_get(base_cells, base_at) : NULL,
		.new = new_index ? json_array_get(new_cells, new_at) : NULL,
		.base_index = base_at,
		.new_index = new_at,
	};
}

void compare_match_cells(struct compare *compare)
{
	_json_ json_t *base = index_cells(json_object_get(compare->base.summary, "cells"));
	_json_ json_t *new = index_cells(json_object_get(compare->new.summary, "cells"));
	const char *key;
	json_t *index;

	compare->pairs =
		calloc(json_object_size(base) + json_object_size(new) + 1, sizeof(*compare->pairs));
	if (!compare->pairs)
		abort();
	json_object_foreach (base, key, index)
		add_pair(compare, index, json_object_get(new, key));
	json_object_foreach (new, key, index)
		if (!json_object_get(base, key))
			add_pair(compare, NULL, index);
}

const json_t *compare_find_series(const json_t *cell, const json_t *like)
{
	const char *name = compare_string(like, "name");
	const char *direction = compare_string(like, "direction");
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (!strcmp(compare_string(series, "name"), name) &&
		    !strcmp(compare_string(series, "direction"), direction))
			return series;
	return NULL;
}

bool compare_methods_differ(const json_t *base, const json_t *new)
{
	const char *method = json_string_value(json_object_get(base, "method"));
	const char *new_method = json_string_value(json_object_get(new, "method"));

	return method && new_method && strcmp(method, new_method);
}

/* Two folders can be measured again by one method; the sides of one run are what they are. */
static int check_methods(const struct compare *compare, const struct compare_pair *pair,
			 const json_t *series, struct err *err)
{
	const json_t *other = compare_find_series(pair->new, series);

	if (compare->against || !compare_methods_differ(series, other))
		return 0;
	return err_usage(err, "series \"%.60s\" was measured by %.20s in BASE and by %.20s in NEW",
			 compare_string(series, "name"), compare_string(series, "method"),
			 compare_string(other, "method"));
}

static int check_units(const struct compare_pair *pair, const json_t *series, struct err *err)
{
	const json_t *other = compare_find_series(pair->new, series);
	const char *unit = compare_string(series, "unit");

	if (!other || !strcmp(unit, compare_string(other, "unit")))
		return 0;
	return err_usage(err, "series \"%.60s\" is in %.20s in BASE and in %.20s in NEW",
			 compare_string(series, "name"), unit, compare_string(other, "unit"));
}

static int check_figures(const struct compare *compare, const struct result_folder *folder,
			 struct err *err)
{
	const json_t *cell, *series, *value;
	size_t i, j, k;

	json_array_foreach (json_object_get(folder->summary, "cells"), i, cell)
		json_array_foreach (json_object_get(cell, "series"), j, series) {
			const json_t *list = compare_batches(compare, series);
			bool good = json_is_array(list);

			json_array_foreach (list, k, value)
				good = good && (json_is_number(value) || json_is_null(value));
			if (!good)
				return err_usage(err,
						 "%s/summary.json: cells[%zu].series[%zu]: "
						 "\"percentiles_by_batch\" has no array of numbers "
						 "\"p50\"",
						 folder->dir, i, j);
		}
	return 0;
}

int compare_check(const struct compare *compare, struct err *err)
{
	int code = check_figures(compare, &compare->base, err);
	const json_t *series;
	size_t i;

	if (!code)
		code = check_figures(compare, &compare->new, err);
	for (size_t at = 0; at < compare->pair_count; at++)
		json_array_foreach (json_object_get(compare->pairs[at].base, "series"), i, series) {
			if (!code)
				code = check_units(&compare->pairs[at], series, err);
			if (!code)
				code = check_methods(compare, &compare->pairs[at], series, err);
		}
	return code;
}

static const char *cell_error(const json_t *cell)
{
	return json_string_value(json_object_get(cell, "error"));
}

bool compare_pair_whole(const struct compare_pair *pair)
{
	return pair->base && pair->new && !cell_error(pair->base) && !cell_error(pair->new);
}

void compare_report_cells(struct compare *compare)
{
	for (size_t i = 0; i < compare->pair_count; i++) {
		const struct compare_pair *pair = &compare->pairs[i];
		const json_t *cell = pair->base ? pair->base : pair->new;
		json_t *row;

		if (compare_pair_whole(pair))
			continue;
		row = compare_add_row(compare, json_object_get(cell, "factors"), NULL);
		if (!pair->base || !pair->new)
			compare_set_verdict(row, "inconclusive", "only %s has this cell",
					    pair->base ? "BASE" : "NEW");
		else
			compare_set_verdict(row, "inconclusive", "failed in %s: %s",
					    cell_error(pair->base) ? "BASE" : "NEW",
					    cell_error(pair->base) ? cell_error(pair->base)
								   : cell_error(pair->new));
	}
}
