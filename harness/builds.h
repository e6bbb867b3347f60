/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Two builds of labrun against each other on the running kernel: each batch is a run of one batch
 * by either, taken in turn (A B B A). Their cells become those of one plan, the build a factor.
 */

#include "harness/err.h"
#include "harness/plan.h"
#include "harness/run.h"

#include <jansson.h>
#include <stdbool.h>

struct builds_options {
	const char *program; /* the other one, by its whole path */
	const char *work; /* an existing folder, emptied before return */
	bool quiet;
};

/* The caller has the signals of interrupt.h blocked. `ret_builds`: [{"labrun": {"version",
 * "sha256"}}], this one first; a new reference. */
int builds_run(struct plan *plan, const struct builds_options *options, struct run_outcome *ret,
	       json_t **ret_builds, struct err *err);
