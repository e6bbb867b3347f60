/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What --set changes in the files of a plan. Each keeps its own faults: they stand in no file, so
 * they are said as "--set batches=0: error: ...".
 */

#include "harness/diag.h"
#include "harness/err.h"
#include "harness/sweep.h"

#include <jansson.h>

struct plan_set {
	const char *text; /* "path=value", borrowed */
	char *path; /* from the root of the file that it goes to */
	size_t made; /* see json_set_path() */
	bool in_topology;
	json_t *value;
	struct diag *diag;
};

struct plan_sets {
	struct plan_set *items;
	size_t count;
};

/* Whether a path leads into the topology file, and what it is there. */
bool plan_in_topology(const char *path);
const char *plan_topology_path(const char *path);

/* json_set_path() in one of the files of a plan: a node that is not there is not made. */
const char *plan_set_path(json_t *root, bool topology, const char *path, const json_t *value,
			  size_t *ret_made);

/* `texts`: NULL-terminated, or NULL. On an error too the caller ends it with plan_sets_done(). */
int plan_sets_parse(struct plan_sets *ret, const char *const *texts, struct err *err);
void plan_sets_done(struct plan_sets *sets);
/* Puts those for the experiment, or for a topology, into its document. */
int plan_sets_apply(struct plan_sets *sets, json_t *root, bool topology, struct err *err);
/* What the sweep varies cannot be set: one of the two would silently win. */
int plan_sets_check(const struct plan_sets *sets, const struct sweep *sweep, struct err *err);
/* Whether any is of that member of the experiment. */
bool plan_sets_change(const struct plan_sets *sets, const char *member);
/* The faults of the set that a path's value came from, or NULL. */
struct diag *plan_sets_find(const struct plan_sets *sets, const char *path, bool topology);
/* Prints all faults and returns how many. */
size_t plan_sets_print(struct plan_sets *sets, FILE *out);
