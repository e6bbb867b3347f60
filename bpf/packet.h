/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Which of the load's packets an skb is, for BPF programs that are called with one. */

#include "bpf/kernel.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "loadgen/stamp.h"

struct packet {
	__u32 sequence;
	__u32 direction;
	__u32 payload_bytes;
};

/* Verifiers before 6.2 forget a bound that the compiler checks on another copy of the value. */
static __always_inline __u64 bounded(__u64 index, __u64 power_of_two)
{
	asm volatile("" : "+r"(index));
	return index & (power_of_two - 1);
}

extern void *bpf_rdonly_cast(void *object, __u32 btf_id) __ksym __weak;

/*
 * A load that may fault costs a nanosecond, the helper that does the same ten to twenty. The
 * verifier allows the load through any type that the kernel's BTF has, from 6.2 on.
 */
static __always_inline bool read_stamp(const unsigned char *from, struct stamp *stamp)
{
	if (bpf_rdonly_cast) {
		struct timespec64 *words =
			bpf_rdonly_cast((void *)from, bpf_core_type_id_kernel(struct timespec64));

		((__u64 *)stamp)[0] = words->tv_sec;
		((__u64 *)stamp)[1] = words->tv_nsec;
		return true;
	}
	return !bpf_probe_read_kernel(stamp, STAMP_BYTES, from);
}

static __always_inline bool read_byte(const unsigned char *from, __u8 *byte)
{
	if (bpf_rdonly_cast) {
		struct in6_addr *bytes =
			bpf_rdonly_cast((void *)from, bpf_core_type_id_kernel(struct in6_addr));

		*byte = bytes->in6_u.u6_addr8[0];
		return true;
	}
	return !bpf_probe_read_kernel(byte, 1, from);
}

/* ICMP: request 8 and reply 0; ICMPv6: request 128 and reply 129. Anything else is an error
 * message that quotes the packet, and no hop of ours. */
static __always_inline bool icmp_direction(const unsigned char *end, struct packet *packet)
{
	__u8 type;

	if (!read_byte(end - packet->payload_bytes - 8, &type))
		return false;
	packet->direction = type == 0 || type == 129 ? STAMP_REPLY : STAMP_REQUEST;
	return type == 8 || type == 128 || packet->direction == STAMP_REPLY;
}

enum packet_kind {
	PACKET_MEASURED,
	PACKET_WARMUP,
	PACKET_OTHER, /* without our stamp, or paged, so that there is none to be read */
	PACKET_UNREADABLE,
};

/*
 * By the stamp before `end`, the end of the packet's linear part. The values of the skb are handed
 * in, since programs differ in how they may read them.
 */
static __always_inline enum packet_kind packet_read(const unsigned char *end, __u32 length,
						    __u32 paged_bytes, __u64 magic,
						    struct packet *packet)
{
	struct stamp stamp = {};

	if (paged_bytes || length < STAMP_BYTES || !read_stamp(end - STAMP_BYTES, &stamp) ||
	    stamp.magic != magic)
		return PACKET_OTHER;
	if (stamp.sequence >= STAMP_WARMUP)
		return PACKET_WARMUP;
	packet->sequence = stamp.sequence;
	packet->direction = stamp.direction;
	packet->payload_bytes = stamp.payload_bytes;
	if (stamp.direction == STAMP_ICMP && !icmp_direction(end, packet))
		return PACKET_UNREADABLE;
	return PACKET_MEASURED;
}
