/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/experiment.h"

/* What the table cannot say of an experiment's `until`; its most batches become the experiment's.
 * `json` is the whole document. */
void experiment_check_until(struct experiment *experiment, const json_t *json, struct diag *diag);
