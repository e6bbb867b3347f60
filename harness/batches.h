/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The values of one series in one cell put batch by batch, each batch sorted. */

#include "harness/grouped.h"

struct batches {
	double *values;
	size_t *begins, count; /* count + 1 begins */
};

/* All batches of the group are below `batch_count`; one may have no values. */
void batches_init(struct batches *ret, const struct group *group, size_t batch_count);
void batches_done(struct batches *batches);

size_t batches_size(const struct batches *batches, size_t batch);
const double *batches_get(const struct batches *batches, size_t batch);
/* NAN if it has no values. */
double batches_mean(const struct batches *batches, size_t batch);
