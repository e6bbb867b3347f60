/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a process of a load has taken, from where it is ready to where its work is done: its start,
 * as a copy of its parent, and its end are left out. In memory that it shares with its parent;
 * between begin and end it holds what there was to begin with.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct load_spent {
	uint64_t cpu_ns; /* user and system; softirqs too, where the kernel charges them to it */
	uint64_t peak_bytes; /* resident, beyond what it began with */
};

/* What a measured pass has come to, for who asks what it cost. */
struct load_taken {
	uint64_t sent; /* packets or requests */
	size_t from_node, to_node; /* where its processes are */
	struct load_spent driver, server; /* CPU time: of the sending alone, if the driver tells */
	bool served_by_us; /* there was a server */
	bool by_kernel; /* threads of the kernel's sent, which `driver` has no part in */
};

/* In the process itself. */
void load_spent_begin(struct load_spent *spent);
void load_spent_end(struct load_spent *spent);
/* In its parent, of one that has begun and is about to be killed; its peak comes with its end. */
void load_spent_end_of(struct load_spent *spent, pid_t pid);
void load_spent_peak(struct load_spent *spent, const struct rusage *ended);
