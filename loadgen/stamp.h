/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * How a packet identifies itself: the last 16 bytes of its payload. It survives bridging, NAT and
 * encapsulation, which only change headers in front. The L4 header stands payload_bytes + 8 before
 * the end (ICMP echo and UDP headers are 8 bytes), so the ICMP type can be read from it.
 *
 * The kernel's echo reply copies the payload: request and reply of a ping carry the same stamp,
 * and the ICMP type gives the direction. A UDP server rewrites `direction`.
 *
 * Shared with BPF: fixed widths, host byte order (stamps never leave the host).
 */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#endif

#define STAMP_BYTES 16
/* Sequences from here up belong to warm-up and readiness checks and are not traced. */
#define STAMP_WARMUP 0x80000000u

/* The kernel's pktgen writes no stamp but a header of its own, at the payload's start: struct
 * pktgen_hdr of net/core/pktgen.c, in network order. */
#define STAMP_PKTGEN_MAGIC 0xbe9be955u

enum stamp_direction {
	STAMP_REQUEST = 0,
	STAMP_REPLY = 1,
	STAMP_ICMP = 2, /* see the ICMP type */
};

struct stamp {
	__u64 magic; /* the run's own: two runs at the same time do not see each other */
	__u32 sequence;
	__u16 payload_bytes; /* of the L4 payload, this stamp included */
	__u8 direction;
	__u8 reserved;
};

_Static_assert(sizeof(struct stamp) == STAMP_BYTES, "the stamp is 16 bytes");

#ifndef __bpf__
/* Fills in payload_bytes and puts the stamp at the payload's end; 16..65535 bytes. */
void stamp_write(void *payload, size_t payload_bytes, const struct stamp *stamp);
/* Whether an L4 payload ends in a stamp of this run that was written for just this length. */
bool stamp_find(const void *payload, size_t payload_bytes, __u64 magic, struct stamp *ret);
#endif
