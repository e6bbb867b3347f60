/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/diag.h"
#include "harness/plan.h"

/*
 * Whether the factors that the claims of an experiment (its JSON) speak of are ones of the plan's
 * cells: a misspelt one would show only when all has been measured. The same of the series of its
 * `until`.
 */
void plan_check_claims(const struct plan *plan, const json_t *experiment, struct diag *diag);
