/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A generated packet: one frame whose headers are laid out once, and what differs from packet to
 * packet: source port, source address, sequence in the stamp, and so the checksums. All of that
 * follows from the packet's index and the seed by arithmetic alone, so that memory does not grow
 * with flows or packets, and the same seed gives the same bytes. The payload is zeros up to its
 * stamp.
 *
 * Checksums are RFC 1071's, kept as sums without what varies: frame_write() adds that and no more
 * (as RFC 1624 does, without an old value to take away).
 *
 * Shared with BPF: frame_write() is the one place where a frame is made, for the kernel's generator
 * and for tests. Fixed widths; words are as they stand in memory unless said otherwise.
 */

#include "harness/splitmix.h"
#include "loadgen/stamp.h"

#define FRAME_ETHERNET_BYTES 14
#define FRAME_MAX_FLOWS 1000000
/* Of the largest headers, IPv6 and TCP: 74 bytes in whole words. */
#define FRAME_HEADER_WORDS 10

struct frame {
	/* As they stand; the last word reaches into the payload, by a part of the stamp at most. */
	__u64 header[FRAME_HEADER_WORDS];
	__u64 magic; /* of the stamp */
	__u32 bytes; /* the whole frame without FCS */
	__u16 header_words;
	__u16 at_source; /* of the source address, its last 4 bytes if IPv6 */
	__u16 at_port, at_ip_check, at_l4_check; /* at_ip_check 0: IPv6 has none */
	__u16 payload_bytes;
	__u16 ip_sum, l4_sum; /* without source address and port, and sequence */
	__u8 udp; /* where a checksum of 0 would say "none" */
	__u8 odd_stamp; /* at an odd distance from the L4 header */
};

/* Flow f of 0..count-1 has port first_port + f % 2^port_bits and address f / 2^port_bits. */
struct flows {
	__u32 count;
	__u32 port_bits;
	__u32 own, others; /* the last 4 bytes of address 0, and of address 1; host byte order */
	__u16 first_port; /* host byte order */
	__u16 random; /* else each flow once a round, in an order of the seed's */
	__u32 first, step; /* round robin: the flow of index 0, and how far it is to the next */
	__u64 seed;
};

/* What one packet has of its own. */
struct frame_own {
	__u32 source; /* last 4 bytes of the address, as they stand */
	__u16 port; /* as it stands */
	__u32 sequence;
};

static inline __u32 flows_random(const volatile struct flows *flows, __u64 index)
{
	__u64 value = splitmix_mix(flows->seed + index * SPLITMIX_STEP);

	return (__u32)(((value >> 32) * flows->count) >> 32);
}

static inline void flows_fill(const volatile struct flows *flows, __u32 flow, struct frame_own *own)
{
	__u32 address = flow >> flows->port_bits;
	__u32 port = flows->first_port + (flow & ((1u << flows->port_bits) - 1));

	own->source = __builtin_bswap32(address ? flows->others + address - 1 : flows->own);
	own->port = __builtin_bswap16((__u16)port);
}

/* The stamp's sequence of a packet; those of a pass never run into the warm-up's or out of it. */
static inline __u32 frame_sequence(__u32 first_sequence, __u64 index)
{
	return first_sequence + (__u32)(index & (STAMP_WARMUP - 1));
}

static inline __u32 frame_words(__u32 value)
{
	return (value & 0xffff) + (value >> 16);
}

/* Of a sum of few 16-bit words. */
static inline __u16 frame_fold(__u32 sum)
{
	return (__u16)frame_words(frame_words(sum));
}

static inline __u16 frame_l4_check(const volatile struct frame *frame, const struct frame_own *own)
{
	__u32 sequence = frame_fold(frame_words(own->sequence));
	__u16 check;

	if (frame->odd_stamp)
		sequence = __builtin_bswap16((__u16)sequence);
	check = ~frame_fold(frame->l4_sum + frame_words(own->source) + own->port + sequence);
	return frame->udp && !check ? 0xffff : check;
}

/* Of any alignment; said to a C compiler only, since for BPF it would store byte by byte. */
#ifdef __bpf__
#define FRAME_ANYWHERE __attribute__((may_alias))
#else
#define FRAME_ANYWHERE __attribute__((may_alias, aligned(1)))
#endif
typedef __u64 FRAME_ANYWHERE frame_u64;
typedef __u32 FRAME_ANYWHERE frame_u32;
typedef __u16 FRAME_ANYWHERE frame_u16;

/*
 * Everything but the payload before the stamp, whatever stood there: pages come back as the path
 * left them. `at` has frame->bytes bytes.
 */
static inline __attribute__((always_inline)) void
frame_write(unsigned char *at, const volatile struct frame *frame, const struct frame_own *own)
{
	unsigned char *stamp = at + frame->bytes - STAMP_BYTES;
	__u32 words = frame->header_words;

	for (__u32 i = 0; i < FRAME_HEADER_WORDS; i++)
		if (i < words)
			*(frame_u64 *)(at + 8 * i) = frame->header[i];
	*(frame_u32 *)(at + frame->at_source) = own->source;
	*(frame_u16 *)(at + frame->at_port) = own->port;
	*(frame_u16 *)(at + frame->at_l4_check) = frame_l4_check(frame, own);
	if (frame->at_ip_check)
		*(frame_u16 *)(at + frame->at_ip_check) =
			~frame_fold(frame->ip_sum + frame_words(own->source));
	*(frame_u64 *)(stamp + __builtin_offsetof(struct stamp, magic)) = frame->magic;
	*(frame_u32 *)(stamp + __builtin_offsetof(struct stamp, sequence)) = own->sequence;
	*(frame_u32 *)(stamp + __builtin_offsetof(struct stamp, payload_bytes)) =
		frame->payload_bytes;
}

#ifndef __bpf__
#include "harness/err.h"
#include "harness/field.h"

/* What a frame shall be; addresses of one family. */
struct frame_setup {
	const unsigned char *source_mac, *destination_mac; /* 6 bytes each */
	struct address source, destination;
	bool tcp; /* a SYN; else UDP */
	__u16 port; /* destination */
	__u64 bytes; /* at least frame_least_bytes() */
	__u64 magic;
};

/* With nothing but a stamp for payload: 58, 70, 78 or 90. */
__u64 frame_least_bytes(int family, bool tcp);
void frame_init(struct frame *frame, const struct frame_setup *setup);

struct flows_setup {
	__u64 count; /* 1..FRAME_MAX_FLOWS */
	__u64 first_port;
	bool random;
	__u64 seed;
	struct address own; /* of the first flows, with its prefix length */
	/* From where further addresses come; AF_UNSPEC: own's subnet, without `taken`. */
	struct address sources;
	const struct address *taken;
	__u64 taken_count;
};

int flows_init(struct flows *flows, const struct flows_setup *setup, struct err *err);
/* What the packet of that index has; the kernel's generator comes to the same step by step. */
void flows_at(const struct flows *flows, __u64 index, __u32 first_sequence, struct frame_own *ret);
#endif
