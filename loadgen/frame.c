// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <string.h>

#define FRAME_TTL 64
#define DONT_FRAGMENT 0x4000
#define TCP_WINDOW 65535
#define ADDRESS_BITS 32 /* of an address, the last ones, that may vary */

/* The headers of one frame, and where they stand in it. */
struct layout {
	unsigned char bytes[8 * FRAME_HEADER_WORDS];
	size_t l4, end; /* offsets of the L4 header and the payload */
	uint8_t protocol;
};

static size_t l4_header_bytes(bool tcp)
{
	return tcp ? sizeof(struct tcphdr) : sizeof(struct udphdr);
}

static size_t l4_offset(int family)
{
	return ETH_HLEN + (family == AF_INET6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr));
}

__u64 frame_least_bytes(int family, bool tcp)
{
	return l4_offset(family) + l4_header_bytes(tcp) + STAMP_BYTES;
}

/* Ones' complement sum of words as they stand; what has an odd end goes on with a zero. */
static uint16_t sum_bytes(uint16_t sum, const void *from, size_t bytes)
{
	const unsigned char *at = from;
	uint64_t total = sum;
	uint16_t word;

	for (; bytes >= sizeof(word); at += sizeof(word), bytes -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		total += word;
	}
	if (bytes) {
		word = 0;
		memcpy(&word, at, 1);
		total += word;
	}
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

static void put_ethernet(struct layout *layout, const struct frame_setup *setup)
{
	struct ethhdr header;
	bool ipv6 = setup->source.family == AF_INET6;

	memcpy(header.h_dest, setup->destination_mac, ETH_ALEN);
	memcpy(header.h_source, setup->source_mac, ETH_ALEN);
	header.h_proto = htons(ipv6 ? ETH_P_IPV6 : ETH_P_IP);
	memcpy(layout->bytes, &header, sizeof(header));
}

static void put_ipv4(struct layout *layout, const struct frame_setup *setup, struct frame *frame)
{
	struct iphdr header = {
		.version = 4,
		.ihl = sizeof(header) / 4,
		.tot_len = htons((uint16_t)(setup->bytes - ETH_HLEN)),
		.frag_off = htons(DONT_FRAGMENT),
		.ttl = FRAME_TTL,
		.protocol = layout->protocol,
	};

	memcpy(&header.daddr, setup->destination.bytes, sizeof(header.daddr));
	frame->at_source = ETH_HLEN + offsetof(struct iphdr, saddr);
	frame->at_ip_check = ETH_HLEN + offsetof(struct iphdr, check);
	frame->ip_sum = sum_bytes(0, &header, sizeof(header));
	frame->l4_sum = sum_bytes(frame->l4_sum, &header.daddr, sizeof(header.daddr));
	memcpy(layout->bytes + ETH_HLEN, &header, sizeof(header));
}

static void put_ipv6(struct layout *layout, const struct frame_setup *setup, struct frame *frame)
{
	struct ipv6hdr header = {
		.version = 6,
		.payload_len = htons((uint16_t)(setup->bytes - layout->l4)),
		.nexthdr = layout->protocol,
		.hop_limit = FRAME_TTL,
	};

	/* Its last 4 bytes vary. */
	memcpy(&header.saddr, setup->source.bytes, sizeof(header.saddr) - ADDRESS_BITS / 8);
	memcpy(&header.daddr, setup->destination.bytes, sizeof(header.daddr));
	frame->at_source = ETH_HLEN + offsetof(struct ipv6hdr, daddr) - ADDRESS_BITS / 8;
	frame->l4_sum = sum_bytes(frame->l4_sum, &header.saddr, sizeof(header.saddr));
	frame->l4_sum = sum_bytes(frame->l4_sum, &header.daddr, sizeof(header.daddr));
	memcpy(layout->bytes + ETH_HLEN, &header, sizeof(header));
}

static void put_udp(struct layout *layout, const struct frame_setup *setup, struct frame *frame)
{
	struct udphdr header = {
		.dest = htons(setup->port),
		.len = htons((uint16_t)(setup->bytes - layout->l4)),
	};

	frame->udp = true;
	frame->at_l4_check = (uint16_t)(layout->l4 + offsetof(struct udphdr, check));
	memcpy(layout->bytes + layout->l4, &header, sizeof(header));
}

static void put_tcp(struct layout *layout, const struct frame_setup *setup, struct frame *frame)
{
	struct tcphdr header = {
		.dest = htons(setup->port),
		.doff = sizeof(header) / 4,
		.syn = 1,
		.window = htons(TCP_WINDOW),
	};

	frame->at_l4_check = (uint16_t)(layout->l4 + offsetof(struct tcphdr, check));
	memcpy(layout->bytes + layout->l4, &header, sizeof(header));
}

/* Pseudo-header without addresses, L4 header and payload. Only the stamp of it is not zeros. */
static void sum_l4(struct frame *frame, const struct layout *layout)
{
	struct stamp stamp = { .magic = frame->magic, .payload_bytes = frame->payload_bytes };
	uint16_t words[] = { htons(layout->protocol),
			     htons((uint16_t)(frame->bytes - layout->l4)) };
	uint16_t stamp_sum = sum_bytes(0, &stamp, sizeof(stamp));

	frame->odd_stamp = (frame->bytes - STAMP_BYTES - layout->l4) % 2;
	if (frame->odd_stamp)
		stamp_sum = __builtin_bswap16(stamp_sum);
	frame->l4_sum = sum_bytes(frame->l4_sum, words, sizeof(words));
	frame->l4_sum = sum_bytes(frame->l4_sum, &stamp_sum, sizeof(stamp_sum));
	frame->l4_sum =
		sum_bytes(frame->l4_sum, layout->bytes + layout->l4, layout->end - layout->l4);
}

void frame_init(struct frame *frame, const struct frame_setup *setup)
{
	struct layout layout = {
		.l4 = l4_offset(setup->source.family),
		.end = l4_offset(setup->source.family) + l4_header_bytes(setup->tcp),
		.protocol = setup->tcp ? IPPROTO_TCP : IPPROTO_UDP,
	};

	*frame = (struct frame){
		.magic = setup->magic,
		.bytes = (uint32_t)setup->bytes,
		.header_words = (uint16_t)((layout.end + 7) / 8),
		.at_port = (uint16_t)layout.l4, /* both headers begin with it */
		.payload_bytes = (uint16_t)(setup->bytes - layout.end),
	};
	put_ethernet(&layout, setup);
	if (setup->source.family == AF_INET6)
		put_ipv6(&layout, setup, frame);
	else
		put_ipv4(&layout, setup, frame);
	if (setup->tcp)
		put_tcp(&layout, setup, frame);
	else
		put_udp(&layout, setup, frame);
	sum_l4(frame, &layout);
	memcpy(frame->header, layout.bytes, sizeof(frame->header));
}
