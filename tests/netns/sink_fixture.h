/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Packets made by hand, byte for byte, and a lab of two nodes with a sink in the second. */

#include "tests/netns/lab_fixture.h"

#include "loadgen/sink.h"
#include "loadgen/stamp.h"

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>

#define SINK_MAGIC 0x6c616272756e7369ull
#define FRAME_MAX 9014

#define PAIR(port)                                                                                 \
	"{\"name\":\"pair\",\"nodes\":{\"a\":{},\"b\":{}},\"links\":[{\"endpoints\":["             \
	"\"a:eth0\",\"b:eth0\"]," port                                                             \
	"\"addresses\":[[\"198.18.1.1/24\"],[\"198.18.1.2/24\"]]}]}"

/* What is to stand in a frame; what is 0 is as it should be. */
struct frame {
	int family; /* AF_INET6, else IPv4 */
	int protocol; /* IPPROTO_TCP, else UDP */
	uint16_t port; /* the source's: the flow */
	uint32_t sequence;
	uint16_t payload_bytes; /* stamp included; 0: nothing but it */
	uint64_t magic;
	bool no_checksum, partial_checksum;
	size_t flipped; /* offset in the finished frame of a byte to be damaged */
	int ip_bytes_more, l4_bytes_more, stamp_bytes_more; /* than is true */
	uint16_t fragment;
};

struct built {
	size_t bytes, ip, l4, payload; /* offsets of headers */
	uint8_t data[FRAME_MAX];
};

static inline uint32_t add_words(uint32_t sum, const void *from, size_t bytes)
{
	const uint8_t *at = from;

	for (size_t i = 0; i < bytes; i++)
		sum += (uint32_t)(i % 2 ? at[i] : at[i] << 8);
	return sum;
}

static inline uint16_t folded(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static inline uint32_t put_ipv4(struct built *built, const struct frame *frame, int protocol,
				size_t l4_bytes)
{
	struct iphdr ip = { .version = 4,
			    .ihl = 5,
			    .ttl = 64,
			    .protocol = (uint8_t)protocol,
			    .frag_off = htons(frame->fragment),
			    .tot_len = htons((uint16_t)(20 + (int)l4_bytes + frame->ip_bytes_more)),
			    .saddr = inet_addr("198.18.1.1"),
			    .daddr = inet_addr("198.18.1.2") };
	uint32_t sum = add_words((uint32_t)protocol + (uint32_t)l4_bytes, &ip.saddr, 8);

	ip.check = htons((uint16_t)~folded(add_words(0, &ip, sizeof(ip))));
	memcpy(built->data + built->ip, &ip, sizeof(ip));
	return sum;
}

static inline uint32_t put_ipv6(struct built *built, const struct frame *frame, int protocol,
				size_t l4_bytes)
{
	uint8_t *ip = built->data + built->ip;
	uint16_t length = htons((uint16_t)((int)l4_bytes + frame->ip_bytes_more));

	ip[0] = 0x60;
	memcpy(ip + 4, &length, 2);
	ip[6] = (uint8_t)protocol;
	ip[7] = 64;
	inet_pton(AF_INET6, "fd00:1::1", ip + 8);
	inet_pton(AF_INET6, "fd00:1::2", ip + 24);
	return add_words((uint32_t)protocol + (uint32_t)l4_bytes, ip + 8, 32);
}

static inline void put_checksum(struct built *built, const struct frame *frame, uint32_t pseudo,
				size_t offset)
{
	uint8_t *place = built->data + built->l4 + offset;
	uint16_t sum = folded(add_words(pseudo, built->data + built->l4, built->bytes - built->l4));

	sum = frame->partial_checksum ? htons(folded(pseudo)) : htons((uint16_t)~sum);
	if (!sum)
		sum = 0xffff;
	if (!frame->no_checksum)
		memcpy(place, &sum, 2);
}

static inline void put_l4(struct built *built, const struct frame *frame, bool tcp)
{
	size_t bytes = built->bytes - built->l4;
	struct udphdr udp = { .source = htons(frame->port ? frame->port : 40000),
			      .dest = htons(9000),
			      .len = htons((uint16_t)((int)bytes + frame->l4_bytes_more)) };
	struct tcphdr header = { .source = udp.source, .dest = udp.dest, .ack = 1 };

	header.doff = (uint16_t)(5 + frame->l4_bytes_more) & 15;
	memcpy(built->data + built->l4, tcp ? (void *)&header : (void *)&udp, tcp ? 20 : 8);
}

/* The payload's bytes differ from each other, so that a missed one shows in the checksum. */
static inline void put_payload(struct built *built, const struct frame *frame)
{
	size_t bytes = built->bytes - built->payload;
	struct stamp stamp = { .magic = frame->magic ? frame->magic : SINK_MAGIC,
			       .sequence = frame->sequence,
			       .payload_bytes = (uint16_t)((int)bytes + frame->stamp_bytes_more) };

	for (size_t i = 0; i < bytes; i++)
		built->data[built->payload + i] = (uint8_t)(i * 7 + 3);
	memcpy(built->data + built->bytes - sizeof(stamp), &stamp, sizeof(stamp));
}

static inline struct built frame_build(const struct frame *frame)
{
	bool ipv6 = frame->family == AF_INET6, tcp = frame->protocol == IPPROTO_TCP;
	int protocol = frame->protocol ? frame->protocol : IPPROTO_UDP;
	struct built built = { .ip = 14, .l4 = ipv6 ? 54 : 34 };
	uint32_t pseudo;

	built.payload = built.l4 + (tcp ? 20 : 8);
	built.bytes = built.payload + (frame->payload_bytes ? frame->payload_bytes : STAMP_BYTES);
	memset(built.data, 0xff, 6);
	built.data[6] = 2;
	built.data[12] = ipv6 ? 0x86 : 0x08;
	built.data[13] = ipv6 ? 0xdd : 0x00;
	put_payload(&built, frame);
	put_l4(&built, frame, tcp);
	pseudo = ipv6 ? put_ipv6(&built, frame, protocol, built.bytes - built.l4)
		      : put_ipv4(&built, frame, protocol, built.bytes - built.l4);
	put_checksum(&built, frame, pseudo, tcp ? 16 : 6);
	if (frame->flipped)
		built.data[frame->flipped] ^= 0x10;
	return built;
}

static inline void need_root(void)
{
	if (geteuid() == 0)
		return;
	printf("SKIP: only root may load XDP programs\n");
	fflush(stdout);
	_exit(CHILD_SKIP);
}

/* A packet socket bound to a device of a node. */
static inline int wire_open(const struct lab *lab, const char *node, const char *device)
{
	_netns_home_ int home = netns_current();
	struct sockaddr_ll address = { .sll_family = AF_PACKET, .sll_protocol = 0 };
	int fd;

	enter(lab, node);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	require(fd >= 0, "%m");
	address.sll_ifindex = (int)if_nametoindex(device);
	require(bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0, "%m");
	return fd;
}

static inline void wire_send(int fd, const struct frame *frame)
{
	struct built built = frame_build(frame);

	require(send(fd, built.data, built.bytes, 0) == (ssize_t)built.bytes, "%m");
}

static inline struct sink *open_sink(const struct lab *lab, const char *device,
				     struct sink_setup setup)
{
	struct sink *sink = NULL;
	struct err err;

	setup.netns_fd = lab_node_fd(lab, 1);
	setup.ifindex = lab_ifindex(lab, 1, device);
	setup.magic = SINK_MAGIC;
	if (!setup.flows)
		setup.flows = 100;
	require(sink_open(&sink, &setup, &err) == 0, "%s", err.text);
	return sink;
}

/* As soon as so many have come, or after a second. */
static inline struct sink_counts sink_wait(const struct sink *sink, uint64_t packets)
{
	struct sink_counts counts;

	for (int i = 0; i < 1000; i++) {
		sink_read(sink, &counts);
		if (counts.packets + counts.warmup + counts.other_packets >= packets)
			break;
		usleep(1000);
	}
	/* One more than expected would come now. */
	usleep(5000);
	sink_read(sink, &counts);
	return counts;
}

/* Every count that is not named must be 0. */
static inline void require_counts(const struct sink_counts *counts,
				  const struct sink_counts *expected, const char *what)
{
	static const char *const names[] = { "packets",	      "bytes",	       "warmup",
					     "other_packets", "unexpected",    "malformed",
					     "bad_checksum",  "partial",       "no_checksum",
					     "duplicates",    "beyond_window", "contended",
					     "reordered",     "untracked" };
	const uint64_t *is = (const uint64_t *)counts, *should = (const uint64_t *)expected;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		require(is[i] == should[i] || (i == 1 && !should[i]), "%s: %s is %zu, not %zu",
			what, names[i], (size_t)is[i], (size_t)should[i]);
}

/* A test whose body is run in a child with namespaces of its own. */
#define LAB_TEST(name)                                                                             \
	static void name##_body(void)                                                              \
	{                                                                                          \
		need_root();                                                                       \
		name();                                                                            \
	}                                                                                          \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(name##_body);                                                             \
	}
