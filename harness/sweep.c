// SPDX-License-Identifier: GPL-2.0-only
#include "harness/sweep.h"

#include <string.h>

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
};

static const char *format_path(struct arena *arena, const struct jpath *path)
{
	char text[1024];

	jpath_format(path, text, sizeof(text));
	return arena_strdup(arena, text);
}

/* {"label": "...", "set": {path: value, ...}}: values that go together. */
static void read_set(struct expansion *e, json_t *value, const struct jpath *at,
		     struct level *level)
{
	json_t *set = json_object_get(value, "set"), *part;
	struct jpath set_path = { .up = at, .key = "set" };
	const char *key;

	level->shown = json_object_get(value, "label");
	if (!json_is_string(level->shown) || !json_is_object(set) || json_object_size(value) != 2) {
		diag_add(e->diag, at, DIAG_VALUE,
			 "expected {\"label\": \"...\", \"set\": {path: value}}");
		return;
	}
	level->settings = arena_alloc(e->arena, json_object_size(set) * sizeof(*level->settings));
	json_object_foreach (set, key, part) {
		struct jpath path = { .up = &set_path, .key = key };

		level->settings[level->setting_count++] = (struct sweep_setting){
			.path = arena_strdup(e->arena, key),
			.value = part,
			.source = format_path(e->arena, &path),
		};
	}
}

static void read_level(struct expansion *e, const char *path, json_t *value, const struct jpath *at,
		       struct level *level)
{
	if (json_is_object(value)) {
		read_set(e, value, at, level);
		return;
	}
	if (json_is_array(value) || json_is_null(value)) {
		diag_add(e->diag, at, DIAG_VALUE,
			 "a factor's value is a number, a string, true, false or {\"label\", "
			 "\"set\"}");
		return;
	}
	level->shown = value;
	level->setting_count = 1;
	level->settings = arena_alloc(e->arena, sizeof(*level->settings));
	level->settings[0] = (struct sweep_setting){ .path = path,
						     .value = value,
						     .source = format_path(e->arena, at) };
}

/* What belongs to the run as a whole cannot differ from cell to cell. */
static bool can_vary(const char *path)
{
	static const char *const fixed[] = { "name",	"title", "source", "sweep",    "claims",
					     "batches", "seed",	 "build",  "reference" };
	size_t length = strcspn(path, ".[");

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (strlen(fixed[i]) == length && !strncmp(fixed[i], path, length))
			return false;
	return true;
}

static void read_factor(struct expansion *e, const char *key, json_t *values)
{
	struct jpath root = { .key = "sweep" }, at = { .up = &root, .key = key };
	struct factor *factor = &e->factors[e->factor_count++];
	json_t *value;
	size_t i;

	factor->path = arena_strdup(e->arena, key);
	if (!can_vary(key))
		diag_add(e->diag, &at, DIAG_KEY, "\"%.64s\" is the same for all cells", key);
	if (!json_is_array(values) || !json_array_size(values)) {
		diag_add(e->diag, &at, DIAG_VALUE, "expected a list of values");
		return;
	}
	factor->level_count = json_array_size(values);
	factor->levels = arena_alloc(e->arena, factor->level_count * sizeof(*factor->levels));
	json_array_foreach (values, i, value)
		read_level(e, factor->path, value, &(struct jpath){ .up = &at, .index = i },
			   &factor->levels[i]);
}

static const char *last_component(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
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

static void add_level(struct expansion *e, struct sweep_cell *cell, const struct factor *factor,
		      const struct level *level)
{
	json_object_set(cell->factors, factor->path, level->shown);
	cell->label = arena_printf(e->arena, "%s%s%s=%s", cell->label, *cell->label ? " " : "",
				   last_component(factor->path), show(e->arena, level->shown));
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
	struct expansion e = { .arena = arena, .diag = diag };
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
		diag_add_path(diag, "sweep", DIAG_VALUE, "more than %d cells", SWEEP_MAX_CELLS);
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
