/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Shared by chain.bpf.c and its user side: fixed widths, explicit padding. */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

#define CHAIN_MAX_CPUS 512
/* Rules that send packets of their own, and packets that interrupt packets. */
#define CHAIN_MAX_NESTING 8
#define CHAIN_KNOWN 8

/* As iptables calls them. nftables' tables have any name: there the chain's type and priority tell
 * which one its rules would be in. */
enum chain_table { CHAIN_RAW, CHAIN_MANGLE, CHAIN_NAT, CHAIN_FILTER, CHAIN_TABLE_COUNT };

#define CHAIN_HOOK_COUNT 5 /* of enum nf_inet_hooks */
#define CHAIN_COUNT (CHAIN_TABLE_COUNT * CHAIN_HOOK_COUNT)
#define CHAIN_ID(table, hook) ((table)*CHAIN_HOOK_COUNT + (hook))

/* One walk of a packet through a table's rules at one hook. */
struct chain_call {
	__u64 span_ns; /* CLOCK_MONOTONIC */
	__u32 sequence;
	__u8 chain; /* CHAIN_ID() */
	__u8 direction; /* STAMP_REQUEST or STAMP_REPLY */
	__u16 reserved;
};
_Static_assert(sizeof(struct chain_call) == 16, "one layout for both sides");

/* One a CPU, in memory that both sides map; written by its own CPU only, reset between batches. */
struct chain_cpu {
	__u64 next; /* calls logged, and beyond the capacity: dropped */
	__u64 opened; /* calls begun: each of them must come to be logged or dropped */
	__u64 unstamped; /* packets of the node that are paged, so that a stamp could not be read */
	__u64 unreadable; /* the ICMP type could not be read */
	__u64 nested_too_deep;
	/* Calls under way: they nest strictly on one CPU. */
	__u64 depth;
	struct {
		__u64 key; /* the skb, or the stack pointer where there is no skb at the end */
		__u64 start_ns;
		__u32 sequence;
		__u8 chain;
		__u8 direction;
		__u16 reserved;
	} open[CHAIN_MAX_NESTING];
	/* The latest chains of nftables, by address, and what they are: to read it takes longer. */
	struct {
		__u64 address, table;
	} known[CHAIN_KNOWN];
	__u64 reserved[2];
};
_Static_assert(sizeof(struct chain_cpu) == 384, "whole cache lines, so that CPUs do not share one");
