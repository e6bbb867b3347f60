/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * How durations are spread, in a fixed place however many there are: 32 buckets to each power of
 * two (as HdrHistogram), so that a percentile is at most 1/32 too high and never too low; below 32
 * it is exact. Shared with BPF, which counts into a map of struct spread.
 */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

#define SPREAD_SUB_BITS 5
#define SPREAD_SUBS (1u << SPREAD_SUB_BITS)
#define SPREAD_BUCKETS ((64 - SPREAD_SUB_BITS + 1) * SPREAD_SUBS)

struct spread {
	__u64 count, max;
	__u64 buckets[SPREAD_BUCKETS];
};

/* Not __builtin_clzll(): BPF has no such instruction. */
static inline __u32 spread_log2(__u64 value)
{
	__u32 log2 = 0;

	for (__u32 step = 32; step; step /= 2)
		if (value >> step) {
			value >>= step;
			log2 += step;
		}
	return log2;
}

static inline __u32 spread_bucket(__u64 value)
{
	__u32 log2, shift;

	if (value < SPREAD_SUBS)
		return (__u32)value;
	log2 = spread_log2(value);
	shift = log2 - SPREAD_SUB_BITS;
	return (shift + 1) * SPREAD_SUBS + (__u32)((value >> shift) & (SPREAD_SUBS - 1));
}

#ifndef __bpf__
void spread_add(struct spread *spread, __u64 value);
void spread_add_times(struct spread *spread, __u64 value, __u64 times);
void spread_merge(struct spread *into, const struct spread *from);
/* Nearest rank, 0 < fraction <= 1: the highest value of its bucket, or the maximum; 0 if empty. */
__u64 spread_percentile(const struct spread *spread, double fraction);
#endif
