/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"
#include "harness/run.h"

#include <jansson.h>

/*
 * A guest's result folder taken into the samples, counters and cell errors of a whole run. Its
 * cells become `first_cell` and up, and with `batch` >= 0 its one batch becomes that one; `unit`
 * (or NULL) takes the place of "ns".
 */
struct vm_merge {
	const char *dir;
	size_t first_cell, cell_count;
	long batch;
	const char *unit;
	const char *kernel; /* where it is a factor, else NULL: whose the calibration is */
};
/* `ret_environment`: the guest's, a new reference, if not NULL. */
int vm_merge(const struct vm_merge *merge, struct run_outcome *outcome, json_t **ret_environment,
	     struct err *err);
