/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A sweep's cells: the product of its factors' values, each cell a list of settings with where in
 * the file each came from. Pure.
 */

#include "harness/arena.h"
#include "harness/diag.h"

#include <jansson.h>

#define SWEEP_MAX_CELLS 10000

struct sweep_setting {
	const char *path; /* from the experiment's root; "topology.…" into the topology */
	json_t *value; /* borrowed */
	const char *source; /* where its value stands in the file, as jpath_format() writes it */
};

struct sweep_cell {
	struct sweep_setting *settings;
	size_t setting_count;
	json_t *factors; /* {"full path": value or label}; owned by the sweep */
	const char *label; /* "services=5000 mode=nftables" */
};

struct sweep {
	struct sweep_cell *cells;
	size_t cell_count;
};

/* `json` NULL: one cell without settings. Faults go to `diag`. */
struct sweep *sweep_expand(json_t *json, struct arena *arena, struct diag *diag);
void sweep_done(struct sweep *sweep);
