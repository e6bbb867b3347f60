// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"

#include <math.h>
#include <string.h>

/* More than any experiment sweeps; each costs a pass over all cells. */
#define MAX_FACTORS 32

/* Cells that differ in nothing but one factor, and one series in them. */
struct line {
	const struct compare *compare;
	const char *over;
	const struct compare_pair **pairs;
	double *x;
	size_t count;
};

/* A label may be a number ("1000"), but 6.12 of a kernel is none. */
static double factor_number(const json_t *factors, const char *name)
{
	const json_t *value = json_object_get(factors, name);
	const char *text = json_string_value(value);
	char *end = NULL;
	double number;

	if (json_is_number(value))
		return json_number_value(value);
	if (!text || !*text || !strcmp(name, "kernel"))
		return NAN;
	number = strtod(text, &end);
	return *end || !isfinite(number) ? NAN : number;
}

/* {factors without `over`: [indexes of pairs]} of those cells in which it is a number. */
static json_t *group_cells(const struct compare *compare, const char *over)
{
	json_t *groups = json_object();

	for (size_t i = 0; i < compare->pair_count; i++) {
		const json_t *factors = json_object_get(compare->pairs[i].base, "factors");
		_free_ char *key = NULL;

		if (!compare_pair_whole(&compare->pairs[i]) || isnan(factor_number(factors, over)))
			continue;
		key = compare_factors_key(factors, over);
		if (!json_object_get(groups, key))
			json_object_set_new(groups, key, json_array());
		json_array_append_new(json_object_get(groups, key), json_integer((json_int_t)i));
	}
	return groups;
}

static const json_t *side_of(const struct compare_pair *pair, bool new)
{
	return new ? pair->new : pair->base;
}

static bool all_have(const struct line *line, const json_t *series)
{
	for (size_t i = 0; i < line->count; i++)
		if (!compare_find_series(line->pairs[i]->base, series) ||
		    !compare_find_series(line->pairs[i]->new, series))
			return false;
	return true;
}

/* A slope a seed, so that their spread is that of whole repetitions; a seed that lacks a cell has
 * none, since a line through other cells has another slope. */
static size_t fit_seeds(const struct line *line, const json_t *series, bool new, double *slopes)
{
	_free_ const json_t **lists = calloc(line->count, sizeof(*lists));
	_free_ double *y = calloc(line->count, sizeof(*y));
	size_t seeds, count = 0;
	struct fit fit;

	if (!lists || !y)
		abort();
	for (size_t i = 0; i < line->count; i++)
		lists[i] = compare_batches(
			line->compare, compare_find_series(side_of(line->pairs[i], new), series));
	seeds = json_array_size(lists[0]);
	for (size_t seed = 0; seed < seeds; seed++) {
		bool whole = true;

		for (size_t i = 0; i < line->count; i++) {
			const json_t *value = json_array_get(lists[i], seed);

			whole = whole && json_is_number(value);
			y[i] = json_number_value(value);
		}
		if (whole && stats_fit(line->x, y, line->count, &fit))
			slopes[count++] = fit.slope;
	}
	return count;
}

static double *room_for_seeds(const struct line *line, const json_t *series, bool new)
{
	const json_t *first = compare_find_series(side_of(line->pairs[0], new), series);
	size_t seeds = json_array_size(compare_batches(line->compare, first));
	double *slopes = calloc(seeds + 1, sizeof(*slopes));

	if (!slopes)
		abort();
	return slopes;
}

static double range(const struct line *line)
{
	double least = INFINITY, most = -INFINITY;

	for (size_t i = 0; i < line->count; i++) {
		least = fmin(least, line->x[i]);
		most = fmax(most, line->x[i]);
	}
	return most - least;
}

static void compare_slope(struct compare *compare, const struct line *line, const json_t *series)
{
	_free_ double *base = room_for_seeds(line, series, false);
	_free_ double *new = room_for_seeds(line, series, true);
	struct compare_sides sides = { .base = base,
				       .new = new,
				       .base_count = fit_seeds(line, series, false, base),
				       .new_count = fit_seeds(line, series, true, new) };
	_json_ json_t *rest = json_copy(json_object_get(line->pairs[0]->base, "factors"));
	double mean = stats_mean(base, sides.base_count);
	json_t *row;

	json_object_del(rest, line->over);
	row = compare_add_row(compare, rest, series);
	json_object_set_new(row, "over", json_string(line->over));
	/* An instruction over the whole range of the factor. */
	compare_set_figures(row, &sides,
			    minimum_effect_of(&compare->effect, compare->exact,
					      compare_string(series, "unit"), mean, range(line)));
}

static void compare_group(struct compare *compare, const char *over, const json_t *indexes)
{
	size_t room = json_array_size(indexes);
	_free_ const struct compare_pair **pairs = calloc(room, sizeof(*pairs));
	_free_ double *x = calloc(room, sizeof(*x));
	struct line line = { compare, over, pairs, x, room };
	const json_t *series;
	size_t i;

	if (!pairs || !x)
		abort();
	for (i = 0; i < room; i++) {
		pairs[i] = &compare->pairs[json_integer_value(json_array_get(indexes, i))];
		x[i] = factor_number(json_object_get(pairs[i]->base, "factors"), over);
	}
	if (!(range(&line) > 0))
		return;
	json_array_foreach (json_object_get(pairs[0]->base, "series"), i, series)
		if (all_have(&line, series))
			compare_slope(compare, &line, series);
}

/* {path: true} of the first MAX_FACTORS factors. */
static json_t *find_factors(const struct compare *compare)
{
	json_t *found = json_object(), *value;
	const char *path;

	for (size_t i = 0; i < compare->pair_count; i++)
		json_object_foreach (json_object_get(compare->pairs[i].base, "factors"), path,
				     value) {
			if (json_object_size(found) < MAX_FACTORS)
				json_object_set_new(found, path, json_true());
		}
	return found;
}

void compare_slopes(struct compare *compare)
{
	_json_ json_t *factors = find_factors(compare);
	json_t *value, *indexes;
	const char *path, *key;

	json_object_foreach (factors, path, value) {
		_json_ json_t *groups = group_cells(compare, path);

		json_object_foreach (groups, key, indexes)
			compare_group(compare, path, indexes);
	}
}
