/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The tables of a result folder's page. Nothing in them is taken to be well-behaved text. */

#include "harness/samples.h"

#include <jansson.h>
#include <stdio.h>

/* A cell's series with intervals and percentiles. */
void html_put_series(FILE *out, const json_t *cell);
/* A row for each cell: traffic, every loss that there was, and where packets were dropped by
 * counters.csv. `labels` by cell. */
void html_put_losses(FILE *out, const json_t *summary, const struct samples *counters,
		     char *const *labels);
/* "key value" of each member, a row each; objects and lists as JSON. Members that are null, empty
 * or in `but` (NULL-terminated) are left out. */
void html_put_members(FILE *out, const json_t *object, const char *const *but);
/* A heading under which the whole of `json` can be unfolded; not on paper. */
void html_put_json(FILE *out, const char *heading, const json_t *json);
