// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/fault_map.h"
#include "harness/json_set.h"
#include "harness/plan_claims.h"
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
};

/* What the parts of a cell's documents came from. */
struct origins {
	struct fault_map *experiment, *topology; /* of the sweep's settings */
	struct named_topology *from; /* NULL: the experiment names none */
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

/* Of one value among a factor's, the key is the factor's. */
static const char *key_of(const char *source, struct arena *arena)
{
	const char *bracket = strrchr(source, '[');
	size_t digits = bracket ? strspn(bracket + 1, "0123456789") : 0;

	if (!digits || strcmp(bracket + 1 + digits, "]"))
		return source;
	return arena_printf(arena, "%.*s", (int)(bracket - source), source);
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
			fault_add_once(planner->experiment.diag,
				       key_of(setting->source, planner->plan->arena), &fault);
		}
		fault_map_add(map, path, setting->source);
		/* What had to be made for it came from there too. */
		fault_map_add(map, arena_printf(planner->plan->arena, "%.*s", (int)made, path),
			      setting->source);
	}
}

/* A fault goes to where its text stands: a value of the sweep, --set, or the file itself. */
static void sort_fault(struct planner *planner, const struct origins *origins,
		       const struct diag_fault *fault, bool topology)
{
	const struct fault_map *map = topology ? origins->topology : origins->experiment;
	_arena_ struct arena *arena = arena_new();
	const char *source = fault_map_find(map, fault->path, arena);
	struct diag *set = plan_sets_find(&planner->sets, fault->path, topology);

	if (source)
		fault_add_once(planner->experiment.diag,
			       fault->place == DIAG_KEY ? key_of(source, arena) : source, fault);
	else if (set)
		fault_add_once(set, fault->path, fault);
	else if (topology)
		fault_add_once(origins->from->document.diag, fault->path, fault);
	else
		fault_add_once(planner->experiment.diag, fault->path, fault);
}

static void sort_faults(struct planner *planner, const struct origins *origins,
			const struct diag *found, bool topology)
{
	const struct diag_fault *last = NULL;

	/* Those beyond the ones kept are the last one again. */
	for (size_t i = 0; i < diag_count(found) && diag_get(found, i) != last; i++) {
		last = diag_get(found, i);
		sort_fault(planner, origins, last, topology);
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

static void parse_cell(struct planner *planner, struct cell *cell, const struct origins *origins)
{
	_diag_ struct diag *found = diag_new("", NULL, 0);
	_diag_ struct diag *topology_found = diag_new("", NULL, 0);
	const struct named_topology *from = origins->from;

	cell->experiment = experiment_parse(cell->experiment_json, cell->topology_json,
					    planner->plan->arena, found, topology_found);
	/* What is no name at all is said to be none; that no file has it says no more. */
	if (from && from->problem && !has_fault_at(found, "topology"))
		diag_add_path(found, "topology", DIAG_VALUE, "%s", from->problem);
	sort_faults(planner, origins, found, false);
	sort_faults(planner, origins, topology_found, true);
}

static int make_cell(struct planner *planner, const struct sweep_cell *from, struct cell *cell,
		     struct err *err)
{
	struct arena *arena = planner->plan->arena;
	struct origins origins = { fault_map_new(arena), fault_map_new(arena), NULL };
	const char *name;
	int code = 0;

	cell->factors = json_incref(from->factors);
	cell->label = arena_strdup(arena, from->label);
	cell->experiment_json = json_deep_copy(planner->root);
	json_object_del(cell->experiment_json, "sweep");
	apply_settings(planner, from, cell->experiment_json, false, origins.experiment);
	name = json_string_value(json_object_get(cell->experiment_json, "topology"));
	if (name)
		origins.from = find_topology(planner, name);
	if (origins.from && origins.from->document.json) {
		cell->topology_json = json_deep_copy(origins.from->document.json);
		code = plan_sets_apply(&planner->sets, cell->topology_json, true, err);
		apply_settings(planner, from, cell->topology_json, true, origins.topology);
	}
	parse_cell(planner, cell, &origins);
	return code;
}

static int make_cells(struct planner *planner, struct err *err)
{
	struct sweep_cell bare = { .label = "" };
	struct plan *plan = planner->plan;
	const struct sweep_cell *from;
	int code;

	planner->sweep = sweep_expand(json_object_get(planner->root, "sweep"), plan->arena,
				      planner->experiment.diag);
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
	uint64_t batches = plan->cells[0].experiment->batches;

	if (batches * plan->cell_count > PLAN_MAX_JOBS)
		diag_add_path(planner->experiment.diag, "batches", DIAG_VALUE,
			      "%llu batches of %zu cells are more than %d jobs",
			      (unsigned long long)batches, plan->cell_count, PLAN_MAX_JOBS);
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
	planner->plan = plan;
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
