/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What readers of result folders share: whether a summary.json that came from anywhere has the
 * shape that its readers rely on. */

#include "harness/err.h"
#include "harness/samples.h"

#include <jansson.h>

#define RESULT_FORMAT 1

/* `name` is the file's, for faults. */
int result_summary_check(const json_t *summary, const char *name, struct err *err);
/* The literal, since a series keeps its unit by reference; NULL: there is none of that name. */
const char *result_unit(const char *unit);
/* DIRECTION_COUNT: none. */
enum direction result_direction(const char *text);
/* samples.csv and counters.csv of `dir`, whose series `samples` has; rows speak of less than that
 * many cells and batches. */
int result_tables_read(struct samples *samples, const char *dir, uint64_t cells, uint64_t batches,
		       struct err *err);
