// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "loadgen/frame.h"
#include "tests/frame_reference.h"
#include "tests/test.h"

#include <stdlib.h>

#define MAGIC 0xfedcba9876543210ull

static const unsigned char source_mac[6] = { 2, 0, 0, 0, 0, 1 }, next_mac[6] = { 2, 0, 0, 0, 0, 2 };

static struct address parse(const char *text)
{
	struct address address = { .family = AF_UNSPEC };

	if (text)
		assert_true(address_parse(text, true, &address));
	return address;
}

static struct frame make_frame(bool ipv6, bool tcp, uint64_t bytes)
{
	const struct frame_setup setup = {
		.source_mac = source_mac,
		.destination_mac = next_mac,
		.source = parse(ipv6 ? "fd00:12::7:1/64" : "198.18.7.1/16"),
		.destination = parse(ipv6 ? "fd00:34::8/64" : "198.18.200.9/24"),
		.tcp = tcp,
		.port = 4789,
		.bytes = bytes,
		.magic = MAGIC,
	};
	struct frame frame;

	frame_init(&frame, &setup);
	return frame;
}

static struct flows make_flows(const struct flows_setup *setup)
{
	struct flows flows;
	struct err err;

	if (flows_init(&flows, setup, &err))
		fail_msg("%s", err.text);
	return flows;
}

/* As in use: what stood there before is another frame, but for the zeros of the payload. */
static void write_over(unsigned char *buffer, const struct frame *frame, size_t header_bytes,
		       const struct frame_own *own)
{
	memset(buffer, 0xa5, header_bytes);
	memset(buffer + header_bytes, 0, frame->bytes - STAMP_BYTES - header_bytes);
	memset(buffer + frame->bytes - STAMP_BYTES, 0x5a, STAMP_BYTES);
	frame_write(buffer, frame, own);
}

static void check_frames(bool ipv6, bool tcp, uint64_t bytes)
{
	const struct frame frame = make_frame(ipv6, tcp, bytes);
	const struct flows flows = make_flows(
		&(struct flows_setup){ .count = 200000,
				       .first_port = 1024,
				       .seed = bytes,
				       .own = parse(ipv6 ? "fd00:12::7:1/64" : "198.18.7.1/16") });
	size_t header_bytes = frame_least_bytes(ipv6 ? AF_INET6 : AF_INET, tcp) - STAMP_BYTES;
	unsigned char buffer[9100];

	for (uint64_t index = 0; index < 3000; index++) {
		uint64_t at = index * 7919;
		struct seen_frame seen;
		struct frame_own own;
		const char *fault;

		flows_at(&flows, at, 5, &own);
		write_over(buffer, &frame, header_bytes, &own);
		fault = reference_read(buffer, bytes, &seen);
		if (fault)
			fail_msg("ipv6 %d tcp %d, %lu bytes, packet %lu: %s", ipv6, tcp, bytes, at,
				 fault);
		assert_memory_equal(buffer, next_mac, 6);
		assert_memory_equal(buffer + 6, source_mac, 6);
		assert_int_equal(seen.protocol, tcp ? 6 : 17);
		assert_int_equal(seen.port, 4789);
		assert_int_equal(seen.source_port, ntohs(own.port));
		assert_string_equal(seen.destination, ipv6 ? "fd00:34::8" : "198.18.200.9");
		assert_true(seen.stamp.magic == MAGIC);
		assert_int_equal(seen.stamp.sequence, 5 + at);
		assert_int_equal(seen.stamp.direction, STAMP_REQUEST);
	}
}

static void test_every_checksum_is_right(void **state)
{
	static const uint64_t beyond[] = { 0, 1, 2, 6, 7, 8, 100, 511, 1024, 1424, 8000 };

	(void)state;
	for (int ipv6 = 0; ipv6 < 2; ipv6++)
		for (int tcp = 0; tcp < 2; tcp++)
			for (size_t i = 0; i < ARRAY_SIZE(beyond); i++)
				check_frames(ipv6, tcp,
					     frame_least_bytes(ipv6 ? AF_INET6 : AF_INET, tcp) +
						     beyond[i]);
}

static void test_least_sizes(void **state)
{
	(void)state;
	assert_int_equal(frame_least_bytes(AF_INET, false), 58);
	assert_int_equal(frame_least_bytes(AF_INET, true), 70);
	assert_int_equal(frame_least_bytes(AF_INET6, false), 78);
	assert_int_equal(frame_least_bytes(AF_INET6, true), 90);
}

/* RFC 768: a checksum of zero is sent as all ones; a sequence is sought that comes to it. */
static void test_udp_checksum_is_never_zero(void **state)
{
	const struct frame frame = make_frame(false, false, 58);
	struct frame_own own = { .source = htonl(0xc6120701), .port = htons(1024) };
	unsigned found = 0;

	(void)state;
	for (; own.sequence < 0x10000; own.sequence++)
		found += frame_l4_check(&frame, &own) == 0xffff;
	assert_true(found > 0);
	for (own.sequence = 0; own.sequence < 0x10000; own.sequence++)
		assert_int_not_equal(frame_l4_check(&frame, &own), 0);
}

static int compare_u64(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

/* How many different pairs of port and address the packets from..from+count-1 have. */
static size_t count_distinct(const struct flows *flows, uint64_t from, size_t count)
{
	_free_ uint64_t *pairs = calloc(count, sizeof(*pairs));
	size_t distinct = 0;

	for (size_t i = 0; i < count; i++) {
		struct frame_own own;

		flows_at(flows, from + i, 0, &own);
		pairs[i] = (uint64_t)own.source << 16 | own.port;
	}
	qsort(pairs, count, sizeof(*pairs), compare_u64);
	for (size_t i = 0; i < count; i++)
		distinct += !i || pairs[i] != pairs[i - 1];
	return distinct;
}

static void test_a_round_has_each_flow_once(void **state)
{
	static const uint64_t counts[] = { 1, 2, 3, 64, 1000, 65536, 99991, 1000000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		for (uint64_t first_port = 1; first_port <= 60000; first_port += 20001) {
			const struct flows flows =
				make_flows(&(struct flows_setup){ .count = counts[i],
								  .first_port = first_port,
								  .seed = i,
								  .own = parse("198.18.0.1/15") });

			assert_int_equal(count_distinct(&flows, 0, counts[i]), counts[i]);
			assert_int_equal(count_distinct(&flows, 12345678901, counts[i]), counts[i]);
		}
}

/* Drawn with replacement: n draws of n leave 1/e of them out. */
static void test_random_order_has_all_flows(void **state)
{
	const struct flows flows =
		make_flows(&(struct flows_setup){ .count = 100000,
						  .first_port = 1024,
						  .random = true,
						  .seed = 3,
						  .own = parse("198.18.0.1/16") });

	(void)state;
	assert_near((double)count_distinct(&flows, 0, 100000) / 100000, 1 - exp(-1), 0.01);
	assert_near((double)count_distinct(&flows, 0, 1000000), 100000 * (1 - exp(-10)), 15);
}

static bool same_flows(uint64_t seed, uint64_t other_seed, bool random)
{
	struct flows_setup setup = { .count = 5000,
				     .first_port = 1024,
				     .seed = seed,
				     .random = random,
				     .own = parse("198.18.0.1/16") };
	const struct flows flows = make_flows(&setup);
	struct flows others;
	unsigned same = 0;

	setup.seed = other_seed;
	others = make_flows(&setup);
	for (uint64_t i = 0; i < 1000; i++) {
		struct frame_own a, b;

		flows_at(&flows, i, 0, &a);
		flows_at(&others, i, 0, &b);
		same += a.port == b.port && a.source == b.source;
	}
	return same == 1000;
}

static void test_the_seed_decides(void **state)
{
	(void)state;
	for (int random = 0; random < 2; random++) {
		assert_true(same_flows(7, 7, random));
		assert_false(same_flows(7, 8, random));
	}
}

struct addresses_case {
	const char *own, *sources, *taken[2];
	uint64_t flows, first_port;
	const char *first, *last; /* of the addresses used; NULL: there are too few */
};

static const struct addresses_case addresses_cases[] = {
	{ "198.18.0.1/24", NULL, { NULL }, 32768, 1024, "198.18.0.1", "198.18.0.1" },
	{ "198.18.0.1/24", NULL, { NULL }, 3 * 32768, 1024, "198.18.0.1", "198.18.0.254" },
	{ "198.18.0.1/24",
	  NULL,
	  { "198.18.0.254/32" },
	  3 * 32768,
	  1024,
	  "198.18.0.1",
	  "198.18.0.253" },
	{ "198.18.0.1/24",
	  NULL,
	  { "198.18.0.253/32", "198.18.0.251/32" },
	  3 * 32768,
	  1024,
	  "198.18.0.1",
	  "198.18.0.250" },
	{ "198.18.0.254/24",
	  NULL,
	  { "198.18.0.1/32" },
	  3 * 32768,
	  1024,
	  "198.18.0.252",
	  "198.18.0.254" },
	{ "198.18.0.1/30", NULL, { "198.18.0.2/32" }, 65536, 1024, NULL, NULL },
	{ "198.18.0.1/32", NULL, { NULL }, 65536, 1024, NULL, NULL },
	{ "198.18.0.1/32", "198.19.0.0/24", { NULL }, 65536, 1024, "198.19.0.1", "198.19.0.2" },
	{ "198.18.0.1/32", "198.19.0.0/31", { NULL }, 65536, 1024, "198.19.0.0", "198.19.0.1" },
	{ "198.18.0.1/32", "198.19.0.0/31", { NULL }, 65537, 1024, NULL, NULL },
	{ "198.18.0.1/24", NULL, { NULL }, 1000000, 65535, NULL, NULL },
	{ "198.18.0.1/8", NULL, { NULL }, 1000000, 65535, "198.18.0.1", "198.255.255.254" },
	{ "198.18.0.1/24", NULL, { NULL }, 1000000, 1024, "198.18.0.1", "198.18.0.254" },
};

/* Of IPv4, in order; those of the first and the last flow that has one are enough. */
static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses_cases); i++) {
		const struct addresses_case *test = &addresses_cases[i];
		struct address taken[2] = { parse(test->taken[0]), parse(test->taken[1]) };
		const struct flows_setup setup = { .count = test->flows,
						   .first_port = test->first_port,
						   .seed = 1,
						   .own = parse(test->own),
						   .sources = parse(test->sources),
						   .taken = taken,
						   .taken_count = 2 };
		uint32_t least = UINT32_MAX, most = 0;
		struct flows flows;
		char text[32];
		struct err err;
		int code = flows_init(&flows, &setup, &err);

		if (!test->first) {
			assert_int_not_equal(code, 0);
			assert_int_equal(err.class, ERR_USAGE);
			continue;
		}
		if (code)
			fail_msg("case %zu: %s", i, err.text);
		for (uint64_t index = 0; index < test->flows; index++) {
			struct frame_own own;
			uint32_t source;

			flows_at(&flows, index, 0, &own);
			source = ntohl(own.source);
			least = source < least ? source : least;
			most = source > most ? source : most;
			for (int j = 0; j < 2; j++)
				assert_true(!taken[j].family ||
					    memcmp(&own.source, taken[j].bytes, 4));
			assert_true(ntohs(own.port) >= test->first_port);
		}
		least = htonl(least);
		most = htonl(most);
		assert_string_equal(inet_ntop(AF_INET, &least, text, sizeof(text)), test->first);
		assert_string_equal(inet_ntop(AF_INET, &most, text, sizeof(text)), test->last);
	}
}

/* A measured pass never reaches the warm-up's sequences, however long; nor the other way. */
static void test_sequences_stay_apart(void **state)
{
	(void)state;
	assert_int_equal(frame_sequence(0, STAMP_WARMUP - 1), STAMP_WARMUP - 1);
	assert_int_equal(frame_sequence(0, STAMP_WARMUP), 0);
	assert_int_equal(frame_sequence(STAMP_WARMUP, 3ull * STAMP_WARMUP + 9), STAMP_WARMUP + 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_checksum_is_right),
		cmocka_unit_test(test_least_sizes),
		cmocka_unit_test(test_udp_checksum_is_never_zero),
		cmocka_unit_test(test_a_round_has_each_flow_once),
		cmocka_unit_test(test_random_order_has_all_flows),
		cmocka_unit_test(test_the_seed_decides),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_sequences_stay_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
