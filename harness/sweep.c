// SPDX-License-Identifier: GPL-2.0-only
#include "harness/sweep.h"

#include "harness/experiment.h"

#include "harness/cleanup.h"
#include "harness/field.h"

#include <string.h>

/* {"label": "...", "set": {path: value, ...}}: values that go together. */
struct labelled {
	const char *label;
	json_t *set;
};

static const struct field labelled_fields[] = {
	{ .name = "label", .type = FIELD_STRING, .offset = offsetof(struct labelled, label) },
	{ .name = "set", .type = FIELD_ANY, .offset = offsetof(struct labelled, set) },
	FIELD_END
};

/* One of a factor's values, in the order of the file. */
struct level {
	struct sweep_setting *settings;
	size_t setting_count;
	json_t *shown; /* borrowed: what stands in "factors" */
};

struct factor {
	const char *path;
	struct level *levels;
	size_t level_count;
};

struct expansion {
	struct arena *arena;
	struct diag *diag;
	struct factor *factors;
	size_t factor_count;
	json_t *owners; /* by path that is set: the index of the factor that does */
};

static const char *format_path(struct arena *arena, const struct jpath *path)
{
	char text[1024];

	jpath_format(path, text, sizeof(text));
	return arena_strdup(arena, text);
}

/* What belongs to the run as a whole cannot differ from cell to cell. */
static bool can_vary(const char *path)
{
	static const char *const fixed[] = { "name",	       "title",		 "source",
					     "sweep",	       "claims",	 "seed",
					     "build",	       "reference",	 "batches",
					     "probes",	       "loss_tolerance", "against",
					     "minimum_effect", "until" };
	size_t length = strcspn(path, ".[");

	for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
		if (strlen(fixed[i]) == length && !strncmp(fixed[i], path, length))
			return false;
	return true;
}

/* A path that is set must be one that cells can differ by, and that no other factor sets. */
static void check_setting(struct expansion *e, const char *path, const struct jpath *at)
{
	json_int_t own = (json_int_t)e->factor_count;
	json_t *owner = json_object_get(e->owners, path);

	if (!can_vary(path))
		diag_add(e->diag, at, DIAG_KEY, "\"%.64s\" cannot differ from cell to cell", path);
	else if (owner && json_integer_value(owner) != own)
		diag_add(e->diag, at, DIAG_KEY, "\"%.64s\" is set by an earlier factor too", path);
	else if (!owner)
		json_object_set_new(e->owners, path, json_integer(own));
}

/* "mode" within the factor "topology.nodes.node1.proxy" is that node's proxy's mode; what begins
 * with a field of the experiment is from its root. */
static const char *set_path(struct expansion *e, const char *factor, const char *key)
{
	size_t length = strcspn(key, ".[");

	for (const struct field *field = experiment_fields; field->name; field++)
		if (strlen(field->name) == length && !strncmp(field->name, key, length))
			return arena_strdup(e->arena, key);
	return arena_printf(e->arena, "%s.%s", factor, key);
}

static void read_set(struct expansion *e, const char *factor, json_t *value, const struct jpath *at,
		     struct level *level)
{
	struct jpath set_at = { .up = at, .key = "set" };
	struct labelled labelled = {};
	const char *key;
	json_t *part;

	field_parse(labelled_fields, value, at, &labelled, e->arena, e->diag);
	level->shown = json_object_get(value, "label");
	if (labelled.set && !json_is_object(labelled.set))
		diag_add(e->diag, &set_at, DIAG_VALUE, "expected an object of paths and values");
	level->settings =
		arena_alloc(e->arena, json_object_size(labelled.set) * sizeof(*level->settings));
	json_object_foreach (labelled.set, key, part) {
		struct jpath path = { .up = &set_at, .key = key };
		const char *whole = set_path(e, factor, key);

		check_setting(e, whole, &path);
		level->settings[level->setting_count++] = (struct sweep_setting){
			.path = whole,
			.value = part,
			.source = format_path(e->arena, &path),
		};
	}
}

static void read_level(struct expansion *e, const char *path, json_t *value, const struct jpath *at,
		       struct level *level)
{
	if (json_is_object(value)) {
		read_set(e, path, value, at, level);
		return;
	}
	if (json_is_array(value) || json_is_null(value)) {
		diag_add(e->diag, at, DIAG_VALUE,
			 "expected a number, a string, true, false or {\"label\", \"set\"}, "
			 "not %s",
			 json_is_null(value) ? "null" : "a list");
		return;
	}
	level->shown = value;
	level->setting_count = 1;
	level->settings = arena_alloc(e->arena, sizeof(*level->settings));
	level->settings[0] = (struct sweep_setting){ .path = path,
						     .value = value,
						     .source = format_path(e->arena, at) };
}

static const char *last_component(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

/* Its last part, if that is enough to know it from the others. */
static const char *short_name(const struct expansion *e, const struct factor *factor)
{
	const char *name = last_component(factor->path);

	for (size_t i = 0; i < e->factor_count; i++)
		if (&e->factors[i] != factor && !strcmp(last_component(e->factors[i].path), name))
			return factor->path;
	return name;
}

static const char *show(struct arena *arena, json_t *value)
{
	char *text, *shown;

	if (json_is_string(value))
		return json_string_value(value);
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	shown = arena_strdup(arena, text ? text : "?");
	free(text);
	return shown;
}

/* Cells that look alike could not be told apart in the results. */
static void check_distinct(struct expansion *e, const struct factor *factor, const struct jpath *at)
{
	_json_ json_t *seen = json_object();

	for (size_t i = 0; i < factor->level_count; i++) {
		const struct jpath level = { .up = at, .index = i };
		const char *text;

		if (!json_is_string(factor->levels[i].shown) &&
		    !json_is_number(factor->levels[i].shown) &&
		    !json_is_boolean(factor->levels[i].shown))
			continue;
		text = show(e->arena, factor->levels[i].shown);
		if (json_object_get(seen, text))
			diag_add(e->diag, &level, DIAG_VALUE,
				 "this value is in the list already; {\"label\", \"set\"} can tell "
				 "two alike apart");
		json_object_set_new(seen, text, json_true());
	}
}

/* Not so where all values are {"label", "set"}: then its path is but a name. */
static bool sets_own_path(const struct factor *factor)
{
	for (size_t i = 0; i < factor->level_count; i++)
		if (factor->levels[i].setting_count &&
		    factor->levels[i].settings[0].path == factor->path)
			return true;
	return false;
}

static void read_factor(struct expansion *e, const char *key, json_t *values)
{
	struct jpath root = { .key = "sweep" }, at = { .up = &root, .key = key };
	struct factor *factor = &e->factors[e->factor_count];
	json_t *value;
	size_t i;

	factor->path = arena_strdup(e->arena, key);
	if (json_is_array(values) && json_array_size(values)) {
		factor->level_count = json_array_size(values);
		factor->levels =
			arena_alloc(e->arena, factor->level_count * sizeof(*factor->levels));
		json_array_foreach (values, i, value)
			read_level(e, factor->path, value, &(struct jpath){ .up = &at, .index = i },
				   &factor->levels[i]);
		check_distinct(e, factor, &at);
		if (sets_own_path(factor))
			check_setting(e, key, &at);
	} else {
		diag_add(e->diag, &at, DIAG_VALUE, "expected a list of one value or more");
	}
	e->factor_count++;
}

static void add_level(struct expansion *e, struct sweep_cell *cell, const struct factor *factor,
		      const struct level *level)
{
	json_object_set(cell->factors, factor->path, level->shown);
	cell->label = arena_printf(e->arena, "%s%s%s=%s", cell->label, *cell->label ? " " : "",
				   short_name(e, factor), show(e->arena, level->shown));
	for (size_t i = 0; i < level->setting_count; i++)
		cell->settings[cell->setting_count++] = level->settings[i];
}

static size_t most_settings(const struct expansion *e)
{
	size_t sum = 0;

	for (size_t i = 0; i < e->factor_count; i++) {
		size_t most = 0;

		for (size_t j = 0; j < e->factors[i].level_count; j++)
			if (e->factors[i].levels[j].setting_count > most)
				most = e->factors[i].levels[j].setting_count;
		sum += most;
	}
	return sum;
}

/* The whole before its parts, whichever factor comes first. */
static int compare_settings(const void *left, const void *right)
{
	const struct sweep_setting *a = left, *b = right;
	size_t a_length = strlen(a->path), b_length = strlen(b->path);

	if (a_length != b_length)
		return a_length < b_length ? -1 : 1;
	return strcmp(a->path, b->path);
}

/* The last factor varies fastest, as nested loops in the file's order would. */
static void fill_cell(struct expansion *e, struct sweep_cell *cell, size_t index, size_t settings)
{
	size_t stride = 1;

	cell->factors = json_object();
	cell->label = "";
	cell->settings = arena_alloc(e->arena, settings * sizeof(*cell->settings));
	for (size_t i = 0; i < e->factor_count; i++)
		stride *= e->factors[i].level_count;
	for (size_t i = 0; i < e->factor_count; i++) {
		const struct factor *factor = &e->factors[i];

		stride /= factor->level_count;
		add_level(e, cell, factor, &factor->levels[index / stride % factor->level_count]);
	}
	qsort(cell->settings, cell->setting_count, sizeof(*cell->settings), compare_settings);
}

static size_t count_cells(const struct expansion *e)
{
	size_t count = 1;

	for (size_t i = 0; i < e->factor_count && count <= SWEEP_MAX_CELLS; i++)
		count *= e->factors[i].level_count;
	return count;
}

struct sweep *sweep_expand(json_t *json, struct arena *arena, struct diag *diag)
{
	struct sweep *sweep = arena_alloc(arena, sizeof(*sweep));
	_json_ json_t *owners = json_object();
	struct expansion e = { .arena = arena, .diag = diag, .owners = owners };
	size_t before = diag_count(diag), settings;
	json_t *values;
	const char *key;

	if (json && !json_is_object(json))
		diag_add_path(diag, "sweep", DIAG_VALUE,
			      "expected an object of paths and lists of values");
	e.factors = arena_alloc(arena, json_object_size(json) * sizeof(*e.factors));
	json_object_foreach (json, key, values)
		read_factor(&e, key, values);
	if (diag_count(diag) != before)
		return sweep;
	sweep->cell_count = count_cells(&e);
	if (sweep->cell_count > SWEEP_MAX_CELLS) {
		diag_add_path(diag, "sweep", DIAG_VALUE,
			      "the factors' values make more than %d cells", SWEEP_MAX_CELLS);
		sweep->cell_count = 0;
		return sweep;
	}
	settings = most_settings(&e);
	sweep->cells = arena_alloc(arena, sweep->cell_count * sizeof(*sweep->cells));
	for (size_t i = 0; i < sweep->cell_count; i++)
		fill_cell(&e, &sweep->cells[i], i, settings);
	return sweep;
}

void sweep_done(struct sweep *sweep)
{
	for (size_t i = 0; sweep && i < sweep->cell_count; i++)
		json_decref(sweep->cells[i].factors);
}
