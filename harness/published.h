/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What sources published of a sweep: results/reference/published/NAME.json, some sources with rows
 * for cells, series and percentiles each. A figure is a range: what a source expects, or how well
 * it could be read.
 */

#include "harness/err.h"
#include "harness/samples.h"
#include "harness/stats.h"

#include <jansson.h>
#include <stdbool.h>

#define PUBLISHED_STATS 5
extern const char *const published_stats[PUBLISHED_STATS]; /* "mean", "p01", "p50", ... */

struct published {
	json_t *json; /* NULL: there is nothing */
};

/* `name` as an experiment's "reference" says it, NULL too. None is fine. */
int published_read(struct published *ret, const char *name, struct err *err);
void published_done(struct published *published);

size_t published_count(const struct published *published); /* of sources */
const char *published_name(const struct published *published, size_t source);
const char *published_text(const struct published *published, size_t source);
/* It measured nothing, it says what to expect. */
bool published_is_expected(const struct published *published, size_t source);

/* The index-th row of the source that is about a cell of those factors; NULL: there are no more. */
const json_t *published_row(const struct published *published, size_t source, size_t index,
			    const json_t *factors);
/* The figure in ns; NANs if the source has none for the cell. */
struct interval published_find(const struct published *published, size_t source,
			       const json_t *factors, const char *series, enum direction direction,
			       const char *stat);
