/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Where a fault of a cell's document is told: in the file whose text it is, at the value of the
 * sweep that put it there, or by the --set or --against of the command line.
 */

#include "harness/arena.h"
#include "harness/diag.h"
#include "harness/fault_map.h"
#include "harness/plan_sets.h"

#include <jansson.h>

struct plan_faults {
	struct diag *experiment; /* of the file; borrowed */
	struct diag *against; /* of --against; NULL without */
	char *against_prefix; /* where its factor stands in the sweep */
	struct plan_sets *sets; /* borrowed */
	struct arena *arena;
};

/* What the parts of a cell's documents came from. */
struct plan_origins {
	struct fault_map *experiment, *topology; /* of the sweep's settings */
	struct diag *topology_file; /* NULL: the experiment names none */
};

/* The factor that "against" names was made of the text. */
void plan_faults_name_against(struct plan_faults *faults, const json_t *root, const char *text);
/* At a place in the experiment's file; of one value among a factor's, the key is the factor's. */
void plan_faults_add(struct plan_faults *faults, const char *source,
		     const struct diag_fault *fault);
/* `origins` NULL: the faults stand where they say. */
void plan_faults_sort(struct plan_faults *faults, const struct plan_origins *origins,
		      const struct diag *found, bool topology);
/* Those of --against; how many. */
size_t plan_faults_print(struct plan_faults *faults, FILE *out);
void plan_faults_done(struct plan_faults *faults);
