// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_rebuild.h"

#include "harness/cleanup.h"
#include "harness/environment_build.h"
#include "harness/folder.h"
#include "harness/plan_against.h"
#include "harness/results_summary.h"
#include "harness/sweep.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Kernels, or builds of labrun. */
#define OUTER_MAX 64
#define BOOTS_MAX 1000000

static const char *mode_of(const json_t *environment)
{
	json_t *bundle = json_array_get(json_object_get(environment, "vm"), 0);

	if (!bundle)
		return "native";
	return json_is_true(json_object_get(bundle, "exact")) ? "exact" : "vm";
}

/* Those of cells with the same one as an earlier cell are not in the folder. */
static json_t *read_topology(const struct result_folder *folder, size_t cell, struct err *err)
{
	_free_ char *text = NULL;
	char name[48];
	json_error_t fault;
	size_t length;
	json_t *json;
	int code;

	snprintf(name, sizeof(name), "topology-%zu.json", cell);
	code = cell ? folder_read_file(folder->dir, name, &text, &length, err) : -ENOENT;
	if (code == -ENOENT)
		return json_incref(folder->topology);
	if (code)
		return NULL;
	json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
	if (!json)
		err_usage(err, "%s/%s:%d:%d: %s", folder->dir, name, fault.line, fault.column,
			  fault.text);
	return json;
}

static int make_cells(struct plan *plan, const struct result_folder *folder,
		      const struct sweep *sweep, struct err *err)
{
	plan->cells = arena_alloc(plan->arena, sweep->cell_count * sizeof(*plan->cells));
	for (size_t i = 0; i < sweep->cell_count; i++) {
		struct cell *cell = &plan->cells[plan->cell_count++];

		*cell = (struct cell){
			.factors = json_incref(sweep->cells[i].factors),
			.label = arena_strdup(plan->arena, sweep->cells[i].label),
			.experiment_json = json_incref(folder->experiment),
		};
		cell->topology_json = read_topology(folder, i, err);
		if (!cell->topology_json)
			return -EINVAL;
	}
	return 0;
}

/* "kernel" or "labrun", of which the environment has one for each guest, or build. */
static char *outer_value(const json_t *one, const char *factor)
{
	const json_t *version = json_object_get(json_object_get(one, "kernel"), "version");

	if (strcmp(factor, "labrun"))
		return json_is_string(version) ? strdup(json_string_value(version)) : NULL;
	return environment_build_name(json_object_get(one, "labrun"));
}

static int add_outer(struct plan *plan, const struct result_folder *folder, struct err *err)
{
	const char *against = json_string_value(json_object_get(folder->experiment, "against"));
	const char *factor = against && !strcmp(against, "labrun") ? "labrun" : "kernel";
	json_t *list = json_object_get(folder->environment, "vm"), *one;
	const char *values[OUTER_MAX];
	size_t count, i;

	if (!list)
		list = json_object_get(folder->environment, "builds");
	count = json_array_size(list);
	if (count > OUTER_MAX)
		return err_usage(err, "%s/environment.json: more than %d of \"%s\"", folder->dir,
				 OUTER_MAX, factor);
	json_array_foreach (list, i, one) {
		_free_ char *value = outer_value(one, factor);

		if (!value)
			return err_usage(
				err, "%s/environment.json: of the %s number %zu there is no name",
				folder->dir, factor, i + 1);
		values[i] = arena_strdup(plan->arena, value);
	}
	/* One is where the run was done, several are what it compares. */
	if (count > 1)
		plan_add_outer(plan, factor, values, count);
	return 0;
}

static int expand(struct plan *plan, const struct result_folder *folder, struct err *err)
{
	_diag_ struct diag *diag = diag_new("experiment.json", NULL, 0);
	struct sweep *sweep =
		sweep_expand(json_object_get(folder->experiment, "sweep"), plan->arena, diag);
	size_t there = json_array_size(json_object_get(folder->summary, "cells"));
	int code = 0;

	if (diag_count(diag) || !sweep->cell_count)
		code = err_usage(err, "%s/experiment.json: its sweep has faults", folder->dir);
	else
		code = make_cells(plan, folder, sweep, err);
	sweep_done(sweep);
	if (!code) {
		plan->pair_stride = plan_against_stride(plan);
		code = add_outer(plan, folder, err);
	}
	if (!strcmp(mode_of(folder->environment), "exact"))
		plan->boots =
			(size_t)json_integer_value(json_object_get(folder->experiment, "seeds"));
	plan->shard = shard_read(json_object_get(folder->summary, "shard"));
	if (!code && plan->boots > BOOTS_MAX)
		code = err_usage(err, "%s/experiment.json: more than %d seeds", folder->dir,
				 BOOTS_MAX);
	if (!code && plan->cell_count != there)
		code = err_usage(err,
				 "%s/summary.json: %zu cells, by experiment.json there are %zu",
				 folder->dir, there, plan->cell_count);
	return code;
}

static int make_plan(struct rebuilt *rebuilt, struct err *err)
{
	const struct result_folder *folder = &rebuilt->folder;
	const char *name = json_string_value(json_object_get(folder->experiment, "name"));
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		abort();
	rebuilt->plan = plan;
	plan->arena = arena_new();
	plan->name = name ? name : "";
	plan->experiment_json = json_incref(folder->experiment);
	return expand(plan, folder, err);
}

static int read_outcome(struct rebuilt *rebuilt, struct err *err)
{
	struct run_outcome *outcome = &rebuilt->outcome;
	_free_ struct probe_block *blocks = NULL;
	json_t *cells = json_object_get(rebuilt->folder.summary, "cells");
	size_t count = 0;
	int code;

	outcome->samples = samples_new();
	outcome->cell_errors = calloc(rebuilt->plan->cell_count, sizeof(char *));
	if (!outcome->cell_errors)
		abort();
	for (size_t i = 0; i < rebuilt->plan->cell_count; i++) {
		json_t *error = json_object_get(json_array_get(cells, i), "error");

		if (json_is_string(error))
			outcome->cell_errors[i] = strdup(json_string_value(error));
	}
	code = result_folder_samples(outcome->samples, &rebuilt->folder, err);
	if (!code)
		code = result_calibration_read(&blocks, &count, rebuilt->folder.dir, err);
	if (!code && count > RUN_MAX_BLOCKS)
		code = err_usage(err, "%s/calibration.csv: more than %d rows", rebuilt->folder.dir,
				 RUN_MAX_BLOCKS);
	if (!code && count)
		memcpy(outcome->blocks, blocks, count * sizeof(*blocks));
	outcome->block_count = code ? 0 : count;
	return code;
}

int rebuild_run(struct rebuilt *ret, struct err *err)
{
	int code = make_plan(ret, err);

	if (!code)
		code = read_outcome(ret, err);
	if (!code)
		ret->summary = results_summary(ret->plan, mode_of(ret->folder.environment),
					       json_number_value(json_object_get(
						       ret->folder.experiment, "loss_tolerance")),
					       &ret->outcome);
	return code;
}

void rebuilt_done(struct rebuilt *rebuilt)
{
	if (rebuilt->outcome.samples)
		run_outcome_done(&rebuilt->outcome, rebuilt->plan);
	plan_free(rebuilt->plan);
	json_decref(rebuilt->summary);
	result_folder_done(&rebuilt->folder);
	*rebuilt = (struct rebuilt){ 0 };
}
