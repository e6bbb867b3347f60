// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/spread.h"

#include <math.h>

void spread_add_times(struct spread *spread, __u64 value, __u64 times)
{
	spread->count += times;
	spread->buckets[spread_bucket(value)] += times;
	if (times && value > spread->max)
		spread->max = value;
}

void spread_add(struct spread *spread, __u64 value)
{
	spread_add_times(spread, value, 1);
}

void spread_merge(struct spread *into, const struct spread *from)
{
	into->count += from->count;
	for (__u32 i = 0; i < SPREAD_BUCKETS; i++)
		into->buckets[i] += from->buckets[i];
	if (from->max > into->max)
		into->max = from->max;
}

static __u64 highest_in(__u32 bucket)
{
	__u32 shift;

	if (bucket < SPREAD_SUBS)
		return bucket;
	shift = bucket / SPREAD_SUBS - 1;
	return (((__u64)(SPREAD_SUBS + bucket % SPREAD_SUBS) + 1) << shift) - 1;
}

__u64 spread_percentile(const struct spread *spread, double fraction)
{
	__u64 rank = (__u64)ceil(fraction * (double)spread->count), seen = 0, value;
	__u32 bucket = 0;

	if (!spread->count)
		return 0;
	while (bucket < SPREAD_BUCKETS - 1 && (seen += spread->buckets[bucket]) < rank)
		bucket++;
	value = highest_in(bucket);
	return value < spread->max ? value : spread->max;
}
