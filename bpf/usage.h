/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Shared by usage.bpf.c and its user side: fixed widths, explicit padding. */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

#define USAGE_MAX_CPUS 512

/* Of a network namespace. */
struct usage_node {
	__u64 softirq_ns; /* softirqs' time with its packets, whoever they ran in */
	__u64 firings; /* of our programs, within that time */
	__u64 borrowed_ns; /* softirqs' time, with whomever's packets, in its processes' context */
	__u64 softirqs; /* how many of them */
};

/* One a CPU, in memory that both sides map; written by its own CPU only. */
struct usage_cpu {
	__u64 begun_ns; /* of the softirq under way; 0: none */
	__u64 since_ns; /* up to where its time has been charged */
	__u64 events; /* firings that were not of a softirq's that is not ours */
	__u32 owner; /* the namespace whose time it is from there on; 0: not known yet */
	__u32 taking; /* a packet that is taken up next says whose */
	__u64 firings; /* since then, whose cost is in the time not charged yet */
	__u64 reserved[3];
};
_Static_assert(sizeof(struct usage_cpu) == 64, "a cache line, so that CPUs do not share one");
