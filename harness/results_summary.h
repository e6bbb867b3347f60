/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* summary.json, claims and all, from what a run has given: by the run itself, and again by who
 * rebuilds it from a folder. Pure. */

#include "harness/plan.h"
#include "harness/run.h"

#include <jansson.h>

/* `mode`: "native", "vm", "exact". A new reference. */
json_t *results_summary(const struct plan *plan, const char *mode, double loss_tolerance,
			const struct run_outcome *outcome);
