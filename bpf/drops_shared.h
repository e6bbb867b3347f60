/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Shared by drops.bpf.c and its user side: fixed widths, explicit padding. */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

enum drop_event {
	DROP_SKB, /* reason: enum skb_drop_reason of this kernel; with a location */
	DROP_DEVMAP, /* reason: errno, 0: the device took fewer than it was given */
	DROP_REDIRECT, /* reason: errno */
	DROP_EXCEPTION, /* reason: what the program returned */
};

struct drop_key {
	__u64 location; /* in the kernel's text: who freed it */
	__u32 netns_inode; /* 0: known by ifindex alone, which in a lab is unique */
	__u32 ifindex; /* 0: none */
	__u32 reason;
	__u32 event; /* enum drop_event */
};
_Static_assert(sizeof(struct drop_key) == 24, "no padding in a key");

struct drop_count {
	__u64 stamped, warmup, unstamped;
};

#define DROPS_MAX_KEYS 16384
