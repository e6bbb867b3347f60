/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Samples and counters sorted out by cell and series in one pass over each, keeping their order:
 * a run has a million samples, and going through them anew for each series would take minutes.
 * Borrows from the samples, which must outlive it and stay as they are.
 */

#include "harness/samples.h"

struct group {
	const struct series *series;
	const double *values; /* in the order they came */
	const uint32_t *batches; /* of each value */
	size_t count; /* at least 1 */
};

struct grouped;

/* Samples and counters of cells from `cell_count` on are left out. */
struct grouped *grouped_new(const struct samples *samples, size_t cell_count);
void grouped_free(struct grouped *grouped);

/* One more than the highest batch that any of the cell's samples or counters speaks of: cells may
 * have different numbers of them. */
size_t grouped_batch_count(const struct grouped *grouped, size_t cell);

/* The series that a cell has samples of, by their first sample: so read back from a file in which
 * only samples are kept, the order is the same. */
size_t grouped_count(const struct grouped *grouped, size_t cell);
struct group grouped_get(const struct grouped *grouped, size_t cell, size_t index);

size_t grouped_counter_count(const struct grouped *grouped, size_t cell);
const struct counter *grouped_get_counter(const struct grouped *grouped, size_t cell, size_t index);

static inline void cleanup_grouped(struct grouped **grouped)
{
	grouped_free(*grouped);
}
#define _grouped_ __attribute__((cleanup(cleanup_grouped)))
