/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * splitmix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): what
 * follows from a seed alone. The state is the seed to begin with; any value is a good one. Shared
 * with BPF.
 */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#include <stdint.h>
#endif

#define SPLITMIX_STEP 0x9e3779b97f4a7c15ull

static inline __u64 splitmix_mix(__u64 value)
{
	value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
	value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
	return value ^ (value >> 31);
}

#ifndef __bpf__
static inline uint64_t splitmix_next(uint64_t *state)
{
	return splitmix_mix(*state += SPLITMIX_STEP);
}
#endif
