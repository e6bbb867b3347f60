// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hops probe with one instruction more at each event, just before the event's time is taken:
 * the smallest change of code that there is. r0 is about to hold that time, so that nothing else of
 * the program moves.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_helpers.h>

#define bpf_ktime_get_ns()                                                                         \
	({                                                                                         \
		asm volatile("r0 = 0" ::: "r0");                                                   \
		bpf_ktime_get_ns();                                                                \
	})

#include "bpf/hops.bpf.c"
