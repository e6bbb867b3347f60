// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/cleanup.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const stat_names[] = { "mean", "p01", "p50", "p99", NULL };

static const struct field selection_fields[] = {
	{ .name = "series",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct selection, series),
	  .help = "the series' name" },
	{ .name = "direction",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct selection, direction),
	  .choices = direction_names,
	  .fallback = "\"request\"",
	  .help = "which way the packets go" },
	{ .name = "stat",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct selection, stat),
	  .choices = stat_names,
	  .fallback = "\"mean\"",
	  .help = "what is taken of each batch" },
	{ .name = "factors",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct selection, factors),
	  .optional = true,
	  .help = "only in cells with these factors, {name: value}" },
	FIELD_END
};

static void check_factors(const json_t *factors, const struct jpath *path, struct diag *diag)
{
	if (factors && !json_is_object(factors))
		diag_add(diag, path, DIAG_VALUE, "expected an object of factors");
}

static struct selection parse_selection(json_t *json, const struct jpath *path, struct arena *arena,
					struct diag *diag)
{
	const struct jpath factors = { .up = path, .key = "factors" };
	struct selection selection = { 0 };

	if (json_is_string(json)) {
		selection.series = json_string_value(json);
	} else if (json_is_object(json)) {
		field_parse(selection_fields, json, path, &selection, arena, diag);
		check_factors(selection.factors, &factors, diag);
	} else {
		diag_add(diag, path, DIAG_VALUE,
			 "expected a series' name or an object with \"series\"");
	}
	return selection;
}

struct selection selection_read(struct claim_job *job, json_t *json)
{
	return parse_selection(json, NULL, job->arena, job->diag);
}

static void check_list(json_t *list, const struct jpath *path, struct arena *arena,
		       struct diag *diag)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		const struct jpath at = { .up = path, .index = i };

		parse_selection(item, &at, arena, diag);
	}
}

/* All that a test takes as it is are selections, but for "where". */
void claim_check(const struct kind *kind, json_t *test, const struct jpath *path,
		 struct arena *arena, struct diag *diag)
{
	for (const struct field *field = kind->fields; field->name; field++) {
		const struct jpath at = { .up = path, .key = field->name };
		json_t *value = json_object_get(test, field->name);

		if (!value)
			continue;
		if (field->type == FIELD_LIST && field->element->type == FIELD_ANY)
			check_list(value, &at, arena, diag);
		else if (field->type == FIELD_ANY && !strcmp(field->name, "where"))
			check_factors(value, &at, diag);
		else if (field->type == FIELD_ANY)
			parse_selection(value, &at, arena, diag);
	}
}

static bool key_names(const char *key, const char *path)
{
	size_t key_length = strlen(key), path_length = strlen(path);

	if (!strcmp(key, path))
		return true;
	return path_length > key_length && path[path_length - key_length - 1] == '.' &&
	       !strcmp(path + path_length - key_length, key);
}

const json_t *cell_factor(const json_t *cell, const char *name)
{
	json_t *factors = json_object_get(cell, "factors"), *value;
	const json_t *found = json_object_get(factors, name);
	const char *path;

	if (found)
		return found;
	json_object_foreach (factors, path, value) {
		if (!key_names(name, path))
			continue;
		if (found)
			return NULL;
		found = value;
	}
	return found;
}

double cell_number(const json_t *cell, const char *name)
{
	const json_t *factor = cell_factor(cell, name);
	const char *text = json_string_value(factor);
	char *end = NULL;
	double value;

	if (json_is_number(factor))
		return json_number_value(factor);
	if (!text || !*text)
		return NAN;
	value = strtod(text, &end);
	return *end || !isfinite(value) ? NAN : value;
}

/* 1500 and 1500.0 are the same factor. */
static bool values_equal(const json_t *left, const json_t *right)
{
	if (json_is_number(left) && json_is_number(right))
		return json_number_value(left) == json_number_value(right);
	return json_equal(left, right);
}

bool cell_matches(const json_t *cell, const json_t *factors)
{
	json_t *wanted = (json_t *)factors, *value;
	const char *name;

	json_object_foreach (wanted, name, value)
		if (!values_equal(cell_factor(cell, name), value))
			return false;
	return true;
}

static bool any_key_names(const json_t *keys, const char *path)
{
	json_t *object = (json_t *)keys, *value;
	const char *key;

	json_object_foreach (object, key, value)
		if (key_names(key, path))
			return true;
	return false;
}

bool cells_agree(const json_t *left, const json_t *right, const json_t *except, const char *over)
{
	json_t *factors = json_object_get(left, "factors"), *value;
	json_t *others = json_object_get(right, "factors");
	const char *path;

	json_object_foreach (factors, path, value) {
		if (any_key_names(except, path) || (over && key_names(over, path)))
			continue;
		if (!values_equal(json_object_get(others, path), value))
			return false;
	}
	return json_object_size(factors) == json_object_size(others);
}

static const json_t *find_series(const json_t *cell, const struct selection *selection)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series) {
		const char *name = json_string_value(json_object_get(series, "name"));
		const char *direction = json_string_value(json_object_get(series, "direction"));

		if (name && direction && !strcmp(name, selection->series) &&
		    !strcmp(direction, direction_names[selection->direction]))
			return series;
	}
	return NULL;
}

static const char *factors_words(const json_t *factors, char *text, size_t size)
{
	json_t *object = (json_t *)factors, *value;
	const char *key;
	size_t used = 0;

	text[0] = '\0';
	json_object_foreach (object, key, value) {
		_free_ char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		const char *shown = json_is_string(value) ? json_string_value(value) : dumped;

		if (used < size)
			used += (size_t)snprintf(text + used, size - used, "%s%s=%s",
						 used ? " " : "", key, shown);
	}
	return text;
}

static void name_selection(const struct selection *selection, char *name, size_t size)
{
	char factors[100];

	factors_words(selection->factors, factors, sizeof(factors));
	snprintf(name, size, "%s%s%s%s%s%s%s%s", selection->series,
		 selection->direction == DIRECTION_REQUEST ? "" : " ",
		 selection->direction == DIRECTION_REQUEST ? ""
							   : direction_names[selection->direction],
		 selection->stat == STAT_MEAN ? "" : " ",
		 selection->stat == STAT_MEAN ? "" : stat_names[selection->stat],
		 factors[0] ? " (" : "", factors, factors[0] ? ")" : "");
}

/* What the probe itself adds, the same to each packet of a series; none known: none taken off. Its
 * own uncertainty, some nanoseconds a hook, is beside the value in the summary and not in here. */
static double correction(const json_t *series)
{
	const json_t *raw = json_object_get(series, "mean");
	const json_t *corrected = json_object_get(series, "corrected_mean");

	if (!json_is_number(raw) || !json_is_number(corrected))
		return 0;
	return json_number_value(corrected) - json_number_value(raw);
}

bool selection_pick(struct claim_job *job, const struct selection *selection, const json_t *cell,
		    struct picked *ret)
{
	const json_t *series = find_series(cell, selection);
	const char *unit = json_string_value(json_object_get(series, "unit"));
	const json_t *percentiles = json_object_get(series, "percentiles_by_batch");

	if (!series) {
		claim_find(job, cell, VERDICT_INCONCLUSIVE, "there is no series %s (%s)",
			   selection->series, direction_names[selection->direction]);
		return false;
	}
	name_selection(selection, ret->name, sizeof(ret->name));
	ret->unit = unit ? unit : "";
	ret->shift = correction(series);
	ret->values = selection->stat == STAT_MEAN
			      ? json_object_get(series, "batches")
			      : json_object_get(percentiles, stat_names[selection->stat]);
	return true;
}

double picked_value(const struct picked *picked, size_t batch)
{
	const json_t *value = json_array_get(picked->values, batch);

	return json_is_number(value) ? json_number_value(value) + picked->shift : NAN;
}
