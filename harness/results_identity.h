/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What two parts of one measurement must have in common: the experiment with its topologies as
 * they are used, how it was run, by which build of labrun, on which kernel and machine. Of the
 * machine only what a result folder may say: two alike cannot be told apart.
 */

#include "harness/err.h"
#include "harness/plan.h"

#include <jansson.h>

/* A new reference. */
json_t *identity_of_run(const struct plan *plan, const char *mode, const json_t *environment);
/* 0, or a usage error in one line: "<what>: the kernel changed: 6.1.0-18, now 6.1.0-21". */
int identity_compare(const json_t *then, const json_t *now, const char *what, struct err *err);
