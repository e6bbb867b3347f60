/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What is said on stderr of a machine that is too noisy for what is measured on it: a line each,
 * `--quiet` or not, since it is about whether to believe the numbers. What is less than that stands
 * in environment.json and in `labrun doctor`.
 */

#include "harness/machine.h"

/* How it is set up, and what ran when the measurement began. */
void session_warn_before(const struct machine *machine);
/* What happened while it ran. */
void session_warn_after(const struct machine *machine, const struct machine_use *use);
