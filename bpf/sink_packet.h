/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What is said of one packet, for sink.bpf.c only: whether its lengths agree with each other and
 * its checksums with every byte, and of which flow it is. Read by helpers, so that a frame of
 * several buffers is like any other.
 */
#include "bpf/kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ETHERNET_BYTES 14
#define ETHERNET_IPV4 0x0800
#define ETHERNET_IPV6 0x86dd
#define IP_TCP 6
#define IP_UDP 17
#define UDP_BYTES 8
#define TCP_BYTES 20
/* More than one bpf_csum_diff() takes none, and a longest packet has this many. */
#define CHUNK_BYTES 512
#define CHUNKS 128

struct chunk {
	__u8 bytes[CHUNK_BYTES + 4];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct chunk);
} chunks SEC(".maps");

struct ipv4_header {
	__u8 version_and_words, tos;
	__be16 total_bytes, id, fragment;
	__u8 ttl, protocol;
	__be16 checksum;
	__be32 source, destination;
};

struct ipv6_header {
	__be32 version_and_label;
	__be16 payload_bytes;
	__u8 protocol, hop_limit;
	__be32 source[4], destination[4];
};

/* As they stand in the frame, put so that the IP header is aligned. */
struct headers {
	__u16 unused;
	__u8 macs[12];
	__be16 type;
	union {
		struct ipv4_header ipv4;
		struct ipv6_header ipv6;
	};
};
#define HEADERS_BYTES (ETHERNET_BYTES + sizeof(struct ipv6_header))

/* What is common to UDP and TCP. */
struct packet {
	__u32 sequence;
	__u32 offset, bytes; /* of the UDP or TCP header in the frame; to the payload's end */
	__u8 protocol;
	bool has_zero_meaning; /* a UDP checksum of zero means none: in IPv4 only */
	__u64 pseudo; /* sum of the pseudo-header's 16-bit words, not folded */
	__u64 hash; /* of addresses, ports and protocol */
};

enum verdict { GOOD, MALFORMED, BAD_CHECKSUM, PARTIAL_CHECKSUM, NO_CHECKSUM };

/* Verifiers before 6.2 forget a bound that the compiler checks on another copy of the value. */
static __always_inline __u64 bounded(__u64 value, __u64 power_of_two)
{
	asm volatile("" : "+r"(value));
	return value & (power_of_two - 1);
}

static __always_inline __u32 fold(__u64 sum)
{
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* The sum of a part of the frame as 16-bit words, not folded (RFC 1071); negative: not there. */
__noinline __s64 sum_of(struct xdp_md *context, __u32 offset, __u32 bytes)
{
	__u32 zero = 0;
	struct chunk *chunk = bpf_map_lookup_elem(&chunks, &zero);
	__s64 sum = 0;

	if (!chunk)
		return -1;
	for (int i = 0; i < CHUNKS && bytes; i++) {
		/* Verifiers before 6.2 learn nothing from a comparison with zero. */
		__u64 now =
			bounded((bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES) - 1, CHUNK_BYTES) + 1;

		if (bpf_xdp_load_bytes(context, offset, chunk->bytes, now))
			return -1;
		chunk->bytes[now] = chunk->bytes[now + 1] = chunk->bytes[now + 2] = 0;
		sum = bpf_csum_diff(NULL, 0, (__be32 *)chunk->bytes, (now + 3) & 0x3fc, sum);
		if (sum < 0)
			return sum;
		offset += now;
		bytes -= now;
	}
	return bytes ? -1 : sum;
}

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

static __always_inline enum verdict read_ipv4(struct xdp_md *context, const struct ipv4_header *ip,
					      __u32 frame_bytes, struct packet *packet)
{
	__u32 header_bytes = (ip->version_and_words & 15) * 4;
	__u32 total_bytes = bpf_ntohs(ip->total_bytes);
	__s64 sum;

	if (ip->version_and_words >> 4 != 4 || header_bytes < sizeof(*ip) ||
	    total_bytes != frame_bytes - ETHERNET_BYTES || total_bytes <= header_bytes ||
	    ip->fragment & bpf_htons(0x3fff))
		return MALFORMED;
	packet->offset = ETHERNET_BYTES + header_bytes;
	packet->bytes = total_bytes - header_bytes;
	packet->protocol = ip->protocol;
	packet->has_zero_meaning = true;
	packet->pseudo = (__u64)ip->source + ip->destination + bpf_htons(ip->protocol) +
			 bpf_htons(packet->bytes);
	packet->hash = mix(mix(ip->protocol, ip->source), ip->destination);
	sum = sum_of(context, ETHERNET_BYTES, header_bytes);
	return sum >= 0 && fold(sum) == 0xffff ? GOOD : BAD_CHECKSUM;
}

static __always_inline enum verdict read_ipv6(const struct ipv6_header *ip, __u32 frame_bytes,
					      struct packet *packet)
{
	packet->offset = ETHERNET_BYTES + sizeof(*ip);
	packet->bytes = bpf_ntohs(ip->payload_bytes);
	if ((ip->version_and_label & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000) ||
	    packet->offset + packet->bytes != frame_bytes)
		return MALFORMED;
	packet->protocol = ip->protocol;
	packet->has_zero_meaning = false;
	packet->pseudo = bpf_htons(ip->protocol) + bpf_htons(packet->bytes);
	packet->hash = ip->protocol;
	for (int i = 0; i < 4; i++) {
		packet->pseudo += (__u64)ip->source[i] + ip->destination[i];
		packet->hash = mix(packet->hash, (__u64)ip->source[i] << 32 | ip->destination[i]);
	}
	return GOOD;
}

static __always_inline enum verdict judge_checksum(struct xdp_md *context,
						   const struct packet *packet, __be16 checksum)
{
	__s64 sum;

	if (!checksum && packet->protocol == IP_UDP)
		return packet->has_zero_meaning ? NO_CHECKSUM : BAD_CHECKSUM;
	sum = sum_of(context, packet->offset, packet->bytes);
	if (sum >= 0 && fold(sum + packet->pseudo) == 0xffff)
		return GOOD;
	return checksum == fold(packet->pseudo) ? PARTIAL_CHECKSUM : BAD_CHECKSUM;
}

/* The L4 header's lengths must be those that the stamp was written for. */
static __always_inline enum verdict judge_l4(struct xdp_md *context, struct packet *packet,
					     __u32 payload_bytes)
{
	__be16 words[TCP_BYTES / 2];
	__u32 header_bytes = UDP_BYTES;

	/* Any stamped UDP packet is longer than this as well. */
	if (packet->bytes < TCP_BYTES ||
	    bpf_xdp_load_bytes(context, packet->offset, words, sizeof(words)))
		return MALFORMED;
	if (packet->protocol == IP_TCP)
		header_bytes = (bpf_ntohs(words[6]) >> 12) * 4;
	else if (packet->protocol != IP_UDP || bpf_ntohs(words[2]) != packet->bytes)
		return MALFORMED;
	if ((packet->protocol == IP_TCP && header_bytes < TCP_BYTES) ||
	    header_bytes + payload_bytes != packet->bytes)
		return MALFORMED;
	packet->hash = mix(packet->hash, (__u64)words[0] << 16 | words[1]);
	return judge_checksum(context, packet, packet->protocol == IP_TCP ? words[8] : words[3]);
}

static __always_inline enum verdict judge_packet(struct xdp_md *context, __u32 frame_bytes,
						 struct packet *packet, __u32 payload_bytes)
{
	struct headers headers = {};
	enum verdict verdict = MALFORMED;

	if (bpf_xdp_load_bytes(context, 0, headers.macs, HEADERS_BYTES))
		return MALFORMED;
	if (headers.type == bpf_htons(ETHERNET_IPV4))
		verdict = read_ipv4(context, &headers.ipv4, frame_bytes, packet);
	else if (headers.type == bpf_htons(ETHERNET_IPV6))
		verdict = read_ipv6(&headers.ipv6, frame_bytes, packet);
	return verdict == GOOD ? judge_l4(context, packet, payload_bytes) : verdict;
}
