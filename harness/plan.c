// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/fault_map.h"
#include "harness/json_set.h"
#include "harness/plan_order.h"
#include "harness/sweep.h"

#include <errno.h>
#include <string.h>

#define TOPOLOGIES_MAX 64

/* While a plan is made: the files read, and what their cells come to. */
struct planner {
	struct plan *plan;
	struct document experiment;
	json_t *root; /* the experiment with --set applied */
	struct document topologies[TOPOLOGIES_MAX]; /* by name, read once */
	char *topology_names[TOPOLOGIES_MAX];
	size_t topology_count;
	struct sweep *sweep;
	const char *const *sets;
};

static bool in_topology(const char *path)
{
	return !strncmp(path, "topology.", 9);
}

/* "path=value", the value as JSON if it is any, else as a string. */
static int apply_set(json_t *root, const char *set, bool topology, struct err *err)
{
	const char *equals = strchr(set, '='), *fault;
	_free_ char *path = NULL;
	json_t *value;

	if (!equals || equals == set)
		return err_usage(err, "--set %s: expected PATH=VALUE", set);
	path = strndup(set, (size_t)(equals - set));
	if (in_topology(path) != topology)
		return 0;
	value = json_loads(equals + 1, JSON_DECODE_ANY, NULL);
	if (!value)
		value = json_string(equals + 1);
	fault = json_set_path(root, topology ? path + 9 : path, value);
	return fault ? err_usage(err, "--set %s: the path %s", set, fault) : 0;
}

static int apply_sets(const struct planner *planner, json_t *root, bool topology, struct err *err)
{
	int code = 0;

	for (size_t i = 0; planner->sets && planner->sets[i] && !code; i++)
		code = apply_set(root, planner->sets[i], topology, err);
	return code;
}

static struct document *find_topology(struct planner *planner, const char *name)
{
	for (size_t i = 0; i < planner->topology_count; i++)
		if (!strcmp(planner->topology_names[i], name))
			return &planner->topologies[i];
	return NULL;
}

/* NULL with a fault said, or with `err` set when the file cannot be read. */
static struct document *read_topology(struct planner *planner, const char *name, struct err *err)
{
	struct document *document = find_topology(planner, name);
	_free_ char *path = NULL;

	if (document)
		return document;
	path = document_find_topology(name, planner->experiment.path);
	if (!path || planner->topology_count == TOPOLOGIES_MAX) {
		diag_add_path(planner->experiment.diag, "topology", DIAG_VALUE,
			      "no topology \"%.64s\" (`labrun list` names them)", name);
		return NULL;
	}
	document = &planner->topologies[planner->topology_count];
	if (document_read(document, path, err))
		return NULL;
	planner->topology_names[planner->topology_count++] = strdup(name);
	return document;
}

/* Settings of one kind (into the topology or not) put in, each noted with where it came from. */
static void apply_settings(struct planner *planner, const struct sweep_cell *from, json_t *root,
			   bool topology, struct fault_map *map)
{
	for (size_t i = 0; i < from->setting_count; i++) {
		const struct sweep_setting *setting = &from->settings[i];
		const char *path = setting->path, *fault;

		if (in_topology(path) != topology)
			continue;
		if (topology)
			path += strlen("topology.");
		fault = json_set_path(root, path, json_deep_copy(setting->value));
		if (fault)
			diag_add_path(planner->experiment.diag, setting->source, DIAG_KEY,
				      "%s: the path %s", setting->path, fault);
		fault_map_add(map, path, setting->source);
	}
}

/* A topology's faults go to its own file, but for those that the sweep brought in. */
static void sort_faults(struct planner *planner, const struct diag *found,
			const struct fault_map *map, struct document *topology)
{
	_arena_ struct arena *arena = arena_new();

	for (size_t i = 0; i < diag_count(found); i++) {
		const struct diag_fault *fault = diag_get(found, i);
		const char *source = fault_map_find(map, fault->path, arena);

		if (source)
			diag_add_path(planner->experiment.diag, source, fault->place, "%s",
				      fault->message);
		else
			diag_add_path(topology->diag, fault->path, fault->place, "%s",
				      fault->message);
	}
}

static void parse_cell(struct planner *planner, struct cell *cell, const struct fault_map *map,
		       const struct fault_map *topology_map, struct document *topology)
{
	_diag_ struct diag *found = diag_new("", NULL, 0);
	_diag_ struct diag *topology_found = diag_new("", NULL, 0);

	cell->experiment = experiment_parse(cell->experiment_json, cell->topology_json,
					    planner->plan->arena, found, topology_found);
	fault_map_transfer(map, found, planner->experiment.diag);
	if (topology)
		sort_faults(planner, topology_found, topology_map, topology);
}

static int make_cell(struct planner *planner, const struct sweep_cell *from, struct cell *cell,
		     struct err *err)
{
	struct arena *arena = planner->plan->arena;
	struct fault_map *map = fault_map_new(arena), *topology_map = fault_map_new(arena);
	struct document *topology = NULL;
	const char *name;
	int code;

	cell->factors = json_incref(from->factors);
	cell->label = arena_strdup(arena, from->label);
	cell->experiment_json = json_deep_copy(planner->root);
	json_object_del(cell->experiment_json, "sweep");
	apply_settings(planner, from, cell->experiment_json, false, map);
	name = json_string_value(json_object_get(cell->experiment_json, "topology"));
	err->text[0] = 0;
	if (name)
		topology = read_topology(planner, name, err);
	if (!topology && err->text[0])
		return -EINVAL;
	if (topology && topology->json) {
		cell->topology_json = json_deep_copy(topology->json);
		apply_settings(planner, from, cell->topology_json, true, topology_map);
		code = apply_sets(planner, cell->topology_json, true, err);
		if (code)
			return code;
	}
	parse_cell(planner, cell, map, topology_map, topology);
	return 0;
}

static int make_cells(struct planner *planner, struct err *err)
{
	struct plan *plan = planner->plan;
	int code = 0;

	planner->sweep = sweep_expand(json_object_get(planner->root, "sweep"), plan->arena,
				      planner->experiment.diag);
	plan->cell_count = planner->sweep->cell_count;
	plan->cells = arena_alloc(plan->arena, plan->cell_count * sizeof(*plan->cells));
	for (size_t i = 0; i < plan->cell_count && !code; i++)
		code = make_cell(planner, &planner->sweep->cells[i], &plan->cells[i], err);
	return code;
}

static size_t print_faults(struct planner *planner, FILE *out)
{
	size_t count = diag_count(planner->experiment.diag);

	diag_print(planner->experiment.diag, out);
	for (size_t i = 0; i < planner->topology_count; i++) {
		count += diag_count(planner->topologies[i].diag);
		diag_print(planner->topologies[i].diag, out);
	}
	return count;
}

static void fill_defaults(struct plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		struct cell *cell = &plan->cells[i];
		json_t *experiment = field_fill(experiment_fields, cell->experiment_json);
		json_t *topology = field_fill(topology_fields, cell->topology_json);

		json_decref(cell->experiment_json);
		json_decref(cell->topology_json);
		cell->experiment_json = experiment;
		cell->topology_json = topology;
	}
}

static int make_plan(struct planner *planner, FILE *faults, struct err *err)
{
	struct plan *plan = planner->plan;
	int code;

	if (planner->experiment.json) {
		planner->root = json_deep_copy(planner->experiment.json);
		code = apply_sets(planner, planner->root, false, err);
		if (!code)
			code = make_cells(planner, err);
		if (code)
			return code;
	}
	if (print_faults(planner, faults))
		return err_usage(err, "%s: not a valid experiment", planner->experiment.path);
	plan->experiment_json = field_fill(experiment_fields, planner->root);
	plan->name = plan->cells[0].experiment->name;
	fill_defaults(plan);
	plan_order(plan);
	return 0;
}

static void planner_done(struct planner *planner)
{
	for (size_t i = 0; i < planner->topology_count; i++) {
		document_done(&planner->topologies[i]);
		free(planner->topology_names[i]);
	}
	sweep_done(planner->sweep);
	json_decref(planner->root);
	document_done(&planner->experiment);
}

int plan_load(struct plan **ret, const char *name, const struct plan_options *options, FILE *faults,
	      struct err *err)
{
	_free_ char *path = document_find_experiment(name, err);
	struct plan *plan;
	struct planner planner = { .sets = options ? options->sets : NULL };
	int code;

	if (!path)
		return -EINVAL;
	code = document_read(&planner.experiment, path, err);
	if (code)
		return code;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		abort();
	plan->arena = arena_new();
	planner.plan = plan;
	code = make_plan(&planner, faults, err);
	planner_done(&planner);
	if (code)
		plan_free(plan);
	else
		*ret = plan;
	return code;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->cell_count; i++) {
		json_decref(plan->cells[i].factors);
		json_decref(plan->cells[i].experiment_json);
		json_decref(plan->cells[i].topology_json);
	}
	json_decref(plan->experiment_json);
	arena_free(plan->arena);
	free(plan);
}
