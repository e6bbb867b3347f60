// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/fault_map.h"
#include "harness/json_set.h"
#include "harness/plan_against.h"
#include "harness/plan_claims.h"
#include "harness/plan_faults.h"
#include "harness/plan_order.h"
#include "harness/plan_sets.h"
#include "harness/sweep.h"

#include <errno.h>
#include <string.h>

/* A topology file, read once however many cells name it. */
struct named_topology {
	struct named_topology *next; /* in the order of first use */
	const char *name;
	const char *problem; /* why there is none; NULL: there is */
	struct document document;
};

/* While a plan is made: the files read, and what their cells come to. */
struct planner {
	struct plan *plan;
	struct document experiment;
	const struct plan_source *source; /* NULL: the experiment is a file */
	json_t *root; /* the experiment with --set applied */
	struct named_topology *topologies;
	struct sweep *sweep;
	struct plan_sets sets;
	struct plan_faults faults;
};

static void read_topology(struct planner *planner, struct named_topology *topology)
{
	struct arena *arena = planner->plan->arena;
	_free_ char *path =
		planner->source ? strdup(planner->source->topology_path)
				: document_find_topology(topology->name, planner->experiment.path);
	struct err err;

	if (!path)
		topology->problem = arena_printf(arena,
						 "no topology \"%.64s\" (`labrun list` names "
						 "them)",
						 topology->name);
	else if (document_read(&topology->document, path, &err))
		topology->problem = arena_strdup(arena, err.text);
}

static struct named_topology *find_topology(struct planner *planner, const char *name)
{
	struct named_topology **place = &planner->topologies;

	while (*place && strcmp((*place)->name, name))
		place = &(*place)->next;
	if (!*place) {
		*place = arena_alloc(planner->plan->arena, sizeof(**place));
		(*place)->name = arena_strdup(planner->plan->arena, name);
		read_topology(planner, *place);
	}
	return *place;
}

/* Settings of one kind (into the topology or not) put in, each noted with where it came from. */
static void apply_settings(struct planner *planner, const struct sweep_cell *from, json_t *root,
			   bool topology, struct fault_map *map)
{
	for (size_t i = 0; i < from->setting_count; i++) {
		const struct sweep_setting *setting = &from->settings[i];
		const char *path = setting->path, *problem;
		size_t made;
		struct diag_fault fault = { .place = DIAG_KEY };

		if (plan_in_topology(path) != topology)
			continue;
		if (topology)
			path = plan_topology_path(path);
		problem = plan_set_path(root, topology, path, setting->value, &made);
		if (problem) {
			fault.message = arena_printf(planner->plan->arena, "\"%.64s\" %s",
						     setting->path, problem);
			plan_faults_add(&planner->faults, setting->source, &fault);
		}
		fault_map_add(map, path, setting->source);
		/* What had to be made for it came from there too. */
		fault_map_add(map, arena_printf(planner->plan->arena, "%.*s", (int)made, path),
			      setting->source);
	}
}

static bool has_fault_at(const struct diag *diag, const char *path)
{
	const struct diag_fault *last = NULL;

	for (size_t i = 0; i < diag_count(diag) && diag_get(diag, i) != last; i++) {
		last = diag_get(diag, i);
		if (!strcmp(last->path, path))
			return true;
	}
	return false;
}

static void parse_cell(struct planner *planner, struct cell *cell,
		       const struct plan_origins *origins, const struct named_topology *from)
{
	_diag_ struct diag *found = diag_new("", NULL, 0);
	_diag_ struct diag *topology_found = diag_new("", NULL, 0);

	cell->experiment = experiment_parse(cell->experiment_json, cell->topology_json,
					    planner->plan->arena, found, topology_found);
	/* What is no name at all is said to be none; that no file has it says no more. */
	if (from && from->problem && !has_fault_at(found, "topology"))
		diag_add_path(found, "topology", DIAG_VALUE, "%s", from->problem);
	plan_faults_sort(&planner->faults, origins, found, false);
	plan_faults_sort(&planner->faults, origins, topology_found, true);
}

static int make_cell(struct planner *planner, const struct sweep_cell *from, struct cell *cell,
		     struct err *err)
{
	struct arena *arena = planner->plan->arena;
	struct plan_origins origins = { fault_map_new(arena), fault_map_new(arena), NULL };
	struct named_topology *named = NULL;
	const char *name;
	int code = 0;

	cell->factors = json_incref(from->factors);
	cell->label = arena_strdup(arena, from->label);
	cell->experiment_json = json_deep_copy(planner->root);
	json_object_del(cell->experiment_json, "sweep");
	apply_settings(planner, from, cell->experiment_json, false, origins.experiment);
	name = json_string_value(json_object_get(cell->experiment_json, "topology"));
	if (name)
		named = find_topology(planner, name);
	if (named && named->document.json) {
		origins.topology_file = named->document.diag;
		cell->topology_json = json_deep_copy(named->document.json);
		code = plan_sets_apply(&planner->sets, cell->topology_json, true, err);
		apply_settings(planner, from, cell->topology_json, true, origins.topology);
	}
	parse_cell(planner, cell, &origins, named);
	return code;
}

/* Before the sweep is expanded: it gets one factor more. */
static int apply_against(struct planner *planner, struct err *err)
{
	const char *name = json_string_value(json_object_get(planner->root, "topology"));
	_json_ json_t *topology = NULL;
	int code = 0;

	if (!planner->plan->against)
		return 0;
	if (name)
		topology = json_deep_copy(find_topology(planner, name)->document.json);
	if (topology)
		code = plan_sets_apply(&planner->sets, topology, true, err);
	if (!code)
		code = plan_against_apply(planner->root, topology, planner->plan->against, err);
	if (!code)
		plan_faults_name_against(&planner->faults, planner->root, planner->plan->against);
	return code;
}

static int make_cells(struct planner *planner, struct err *err)
{
	_diag_ struct diag *found = diag_new("", NULL, 0);
	struct sweep_cell bare = { .label = "" };
	struct plan *plan = planner->plan;
	const struct sweep_cell *from;
	int code;

	planner->sweep = sweep_expand(json_object_get(planner->root, "sweep"), plan->arena, found);
	plan_faults_sort(&planner->faults, NULL, found, false);
	if (planner->sweep->cell_count)
		plan_against_check(planner->root, planner->experiment.diag);
	code = plan_sets_check(&planner->sets, planner->sweep, err);
	from = planner->sweep->cells;
	plan->cell_count = planner->sweep->cell_count;
	/* A sweep that cannot be expanded must not hide the faults of the rest. */
	if (!plan->cell_count) {
		from = &bare;
		plan->cell_count = 1;
	}
	plan->cells = arena_alloc(plan->arena, plan->cell_count * sizeof(*plan->cells));
	for (size_t i = 0; i < plan->cell_count && !code; i++)
		code = make_cell(planner, &from[i], &plan->cells[i], err);
	return code;
}

static size_t print_faults(struct planner *planner, FILE *out)
{
	size_t count = diag_count(planner->experiment.diag);

	if (!planner->source)
		diag_print(planner->experiment.diag, out);
	for (struct named_topology *at = planner->topologies; at; at = at->next) {
		if (at->problem)
			continue;
		count += diag_count(at->document.diag);
		diag_print(at->document.diag, out);
	}
	count += plan_faults_print(&planner->faults, out);
	return count + plan_sets_print(&planner->sets, out);
}

static json_t *gather_sources(const struct planner *planner)
{
	json_t *topologies = json_object();

	for (struct named_topology *at = planner->topologies; at; at = at->next)
		json_object_set(topologies, at->name, at->document.json);
	return json_pack("{s:O, s:o}", "experiment", planner->experiment.json, "topologies",
			 topologies);
}

static void fill_defaults(struct plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		struct cell *cell = &plan->cells[i];
		json_t *experiment = experiment_fill(cell->experiment_json);
		json_t *topology = field_fill(topology_fields, cell->topology_json);

		json_decref(cell->experiment_json);
		json_decref(cell->topology_json);
		cell->experiment_json = experiment;
		cell->topology_json = topology;
	}
}

/* Each job takes its place in memory, and no run of so many would end. */
static void check_jobs(struct planner *planner)
{
	const struct plan *plan = planner->plan;
	const struct experiment *first = plan->cells[0].experiment;

	if (first->batches * plan->cell_count > PLAN_MAX_JOBS)
		diag_add_path(planner->experiment.diag, first->until ? "until" : "batches",
			      DIAG_VALUE, "%llu batches of %zu cells are more than %d jobs",
			      (unsigned long long)first->batches, plan->cell_count, PLAN_MAX_JOBS);
}

static size_t count_uplinks(const struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		const struct topology *topology = plan->cells[i].experiment->topology;

		count += topology && topology->virtio;
	}
	return count;
}

bool plan_needs_uplink(const struct plan *plan)
{
	return count_uplinks(plan) > 0;
}

/* A guest has one pair of the devices, and a cell that is kept up would hold it to the end. */
static void check_uplinks(struct planner *planner)
{
	const struct plan *plan = planner->plan;

	if (plan->cells[0].experiment->build == BUILD_CELL && count_uplinks(plan) > 1)
		diag_add_path(planner->experiment.diag, "build", DIAG_VALUE,
			      "%zu cells cannot be kept up together with one virtio uplink",
			      count_uplinks(plan));
}

static int make_plan(struct planner *planner, FILE *faults, struct err *err)
{
	struct plan *plan = planner->plan;
	size_t count;
	int code;

	if (planner->experiment.json) {
		planner->root = json_deep_copy(planner->experiment.json);
		code = plan_sets_apply(&planner->sets, planner->root, false, err);
		if (!code)
			code = apply_against(planner, err);
		if (!code)
			code = make_cells(planner, err);
		if (code)
			return code;
		check_jobs(planner);
		check_uplinks(planner);
		/* Of a sweep that cannot be expanded the factors are not known, and who takes
		 * another by --set wants to see cells, not what is claimed of them. */
		if (planner->sweep->cell_count && !plan_sets_change(&planner->sets, "sweep"))
			plan_check_claims(plan, planner->root, planner->experiment.diag);
	}
	count = print_faults(planner, faults);
	if (count) {
		err_usage(err, "%s: %zu fault%s",
			  planner->source ? "the experiment" : planner->experiment.path, count,
			  count == 1 ? "" : "s");
		return -EBADMSG;
	}
	plan->experiment_json = experiment_fill(planner->root);
	plan->name = plan->cells[0].experiment->name;
	plan->sources = gather_sources(planner);
	fill_defaults(plan);
	plan_order(plan);
	return 0;
}

static void planner_done(struct planner *planner)
{
	for (struct named_topology *at = planner->topologies; at; at = at->next)
		document_done(&at->document);
	sweep_done(planner->sweep);
	json_decref(planner->root);
	if (planner->source)
		planner->experiment.diag = NULL;
	document_done(&planner->experiment);
	plan_sets_done(&planner->sets);
	plan_faults_done(&planner->faults);
}

/* `planner` has its experiment; it and, if it fails, the plan are done with then. */
static int finish(struct planner *planner, struct plan **ret, const struct plan_options *options,
		  FILE *faults, struct err *err)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int code;

	if (!plan)
		abort();
	plan->arena = arena_new();
	plan->sets = options ? options->sets : NULL;
	plan->against = options ? options->against : NULL;
	planner->plan = plan;
	planner->faults = (struct plan_faults){ .experiment = planner->experiment.diag,
						.sets = &planner->sets,
						.arena = plan->arena };
	code = plan_sets_parse(&planner->sets, plan->sets, err);
	if (!code)
		code = make_plan(planner, faults, err);
	planner_done(planner);
	if (code)
		plan_free(plan);
	else
		*ret = plan;
	return code;
}

int plan_load(struct plan **ret, const char *name, const struct plan_options *options, FILE *faults,
	      struct err *err)
{
	_free_ char *path = document_find_experiment(name, err);
	struct planner planner = {};
	int code = path ? document_read(&planner.experiment, path, err) : -EINVAL;

	return code ? code : finish(&planner, ret, options, faults, err);
}

int plan_make(struct plan **ret, const struct plan_source *source,
	      const struct plan_options *options, FILE *faults, struct err *err)
{
	struct planner planner = { .source = source };

	planner.experiment.json = json_incref(source->json);
	planner.experiment.diag = source->diag;
	return finish(&planner, ret, options, faults, err);
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
	json_decref(plan->sources);
	arena_free(plan->arena);
	free(plan);
}
