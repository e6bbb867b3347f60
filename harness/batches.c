// SPDX-License-Identifier: GPL-2.0-only
#include "harness/batches.h"

#include "harness/cleanup.h"
#include "harness/stats.h"

#include <stdlib.h>

static void *alloc(size_t count, size_t item_bytes)
{
	void *items = calloc(count + 1, item_bytes);

	if (!items)
		abort();
	return items;
}

void batches_init(struct batches *batches, const struct group *group, size_t batch_count)
{
	_free_ size_t *at = alloc(batch_count, sizeof(*at));

	batches->count = batch_count;
	batches->values = alloc(group->count, sizeof(*batches->values));
	batches->begins = alloc(batch_count + 1, sizeof(*batches->begins));
	for (size_t i = 0; i < group->count; i++)
		batches->begins[group->batches[i] + 1]++;
	for (size_t b = 0; b < batch_count; b++) {
		batches->begins[b + 1] += batches->begins[b];
		at[b] = batches->begins[b];
	}
	for (size_t i = 0; i < group->count; i++)
		batches->values[at[group->batches[i]]++] = group->values[i];
	for (size_t b = 0; b < batch_count; b++)
		stats_sort(&batches->values[batches->begins[b]], batches_size(batches, b));
}

void batches_done(struct batches *batches)
{
	free(batches->values);
	free(batches->begins);
}

size_t batches_size(const struct batches *batches, size_t batch)
{
	return batches->begins[batch + 1] - batches->begins[batch];
}

const double *batches_get(const struct batches *batches, size_t batch)
{
	return &batches->values[batches->begins[batch]];
}

double batches_mean(const struct batches *batches, size_t batch)
{
	return stats_mean(batches_get(batches, batch), batches_size(batches, batch));
}
