/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Shared by sink.bpf.c and loadgen/sink.c: fixed widths, explicit padding. */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

#define SINK_MAX_CPUS 512

/*
 * Which sequences have come. A word holds 32 neighbours, a bit each, and in its upper half which
 * turn of the ring they are of; a newer turn takes the word over. So the ring forgets only what is
 * a whole window older, no CPU waits for another, and nothing has to be cleared ahead (which is
 * where the bitmap of RFC 6479 needs a lock).
 */
#define SINK_WINDOW_WORDS (1u << 17)
#define SINK_WORD_SEQUENCES 32u
#define SINK_WINDOW_SEQUENCES (SINK_WINDOW_WORDS * SINK_WORD_SEQUENCES)

/* A flow by a hash of its addresses and ports as they arrive. A state of 0: nobody's yet. */
struct sink_flow {
	__u64 state; /* tag of the hash << 32 | highest sequence */
	__u64 packets; /* duplicates and damaged ones not among them */
};
/* How far from its place a flow may stand. */
#define SINK_FLOW_PROBES 64

/*
 * What came. One a CPU, in memory that both sides map, written by its own CPU only; the sum over
 * all CPUs is what sink_read() gives. All counts of packets but `bytes`.
 *
 * packets = good ones + malformed + bad_checksum, duplicates included: distinct = packets -
 * duplicates. Each packet is malformed or has a bad checksum or neither, never both.
 */
struct sink_counts {
	__u64 packets, bytes; /* measured ones; whole frames without FCS */
	__u64 warmup; /* sequences from STAMP_WARMUP up: judged by nothing else */
	__u64 other_packets; /* not stamped by this run: passed on to the stack */
	/* From here on by `stamped` only. */
	__u64 unexpected; /* sequences that this pass did not send */
	__u64 malformed; /* not IP with UDP or TCP, a fragment, or lengths that disagree */
	__u64 bad_checksum; /* of the IPv4 header, or UDP's or TCP's over the whole payload */
	__u64 partial_checksum; /* of the pseudo-header only: the sender's device was to finish it
				 */
	__u64 no_checksum; /* UDP over IPv4 without: allowed, and nothing to check */
	__u64 duplicates;
	__u64 beyond_window; /* too old to say whether they are duplicates */
	__u64 contended; /* likewise: other CPUs kept changing the same word */
	__u64 reordered; /* below the highest sequence of its flow; no duplicate */
	__u64 untracked; /* their order is not judged: no place for one more flow */
	__u64 reserved[2];
};
_Static_assert(sizeof(struct sink_counts) == 128, "whole cache lines, so that CPUs share none");
