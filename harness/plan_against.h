/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Two values of one factor against each other: which cells are pairs, and how a run is given a
 * second side by `--against PATH=VALUE`.
 */

#include "harness/diag.h"
#include "harness/err.h"
#include "harness/plan.h"

#include <jansson.h>
#include <stdbool.h>

/* Whether it is of what no cell can vary: the kernel, or the build of labrun. The value is what
 * follows the '='; NULL if it is another path. */
const char *plan_against_outer(const char *text, const char *name);

/*
 * Makes PATH a factor of the experiment's sweep with two values, what it is now and VALUE, and
 * names it in "against". One that the sweep varies already keeps its first value and VALUE.
 * `topology`: the file it names, or NULL.
 */
int plan_against_apply(json_t *root, const json_t *topology, const char *text, struct err *err);

/* "against" is `factor`, and claims go: they speak of the experiment as it was, and one that fails
 * on both sides would look like a regression. */
void plan_against_name(json_t *root, const char *factor);

/* Finds the factor that "against" names, and writes its whole path there; a fault if it has not
 * two values. NULL: there is none. */
const char *plan_against_check(json_t *root, struct diag *diag);

/* How far apart the cells of a pair are; the cells are in the order of the sweep. 0: no pairs. */
size_t plan_against_stride(const struct plan *plan);
