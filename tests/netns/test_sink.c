// SPDX-License-Identifier: GPL-2.0-only
/* Sinks on the real kernel, fed with packets made by hand: what is counted, and as what. */

#include "tests/netns/sink_fixture.h"

#define WINDOW SINK_WINDOW_SEQUENCES

/* Sends all, expects these counts, and starts anew. */
static void expect(struct sink *sink, int wire, const char *what, const struct frame *frames,
		   size_t count, struct sink_counts expected)
{
	struct sink_counts counts;

	sink_reset(sink);
	for (size_t i = 0; i < count; i++)
		wire_send(wire, &frames[i]);
	counts = sink_wait(sink, count);
	require_counts(&counts, &expected, what);
}
#define EXPECT(what, expected, ...)                                                                \
	expect(sink, wire, what, (const struct frame[]){ __VA_ARGS__ },                            \
	       ARRAY_SIZE(((const struct frame[]){ __VA_ARGS__ })),                                \
	       (struct sink_counts){ UNWRAP expected })
#define UNWRAP(...) __VA_ARGS__
#define V6 .family = AF_INET6
#define TCP .protocol = IPPROTO_TCP

static void expect_sizes(struct sink *sink, int wire, int family, int protocol, uint16_t largest)
{
	struct sink_counts expected = {}, counts;
	uint32_t sequence = 0;

	sink_reset(sink);
	for (uint16_t bytes = STAMP_BYTES; bytes <= largest; bytes += bytes < 600 ? 1 : 97) {
		struct frame frame = { .family = family,
				       .protocol = protocol,
				       .payload_bytes = bytes,
				       .sequence = sequence++ };

		expected.bytes += frame_build(&frame).bytes;
		wire_send(wire, &frame);
	}
	expected.packets = sequence;
	counts = sink_wait(sink, sequence);
	require_counts(&counts, &expected, "sizes");
}

/* Each byte under a checksum is looked at: any one damaged is seen. */
static void expect_damage(struct sink *sink, int wire, int family, int protocol)
{
	struct frame frame = { .family = family, .protocol = protocol, .payload_bytes = 600 };
	struct built built = frame_build(&frame);
	struct sink_counts counts, expected = {};

	sink_reset(sink);
	/* Not the source port's nor the addresses' only: from the payload's start to the stamp. */
	for (size_t at = built.payload; at < built.bytes - STAMP_BYTES; at++) {
		frame.flipped = at;
		frame.sequence++;
		wire_send(wire, &frame);
	}
	expected.packets = expected.bad_checksum = frame.sequence;
	counts = sink_wait(sink, frame.sequence);
	require_counts(&counts, &expected, "damage");
}

static void checks(struct sink *sink, int wire)
{
	EXPECT("good", (.packets = 4), { .sequence = 0 }, { V6, .sequence = 1 },
	       { TCP, .sequence = 2 }, { V6, TCP, .sequence = 3 });
	EXPECT("IPv4 header", (.packets = 1, .bad_checksum = 1), { .flipped = 22 });
	EXPECT("addresses", (.packets = 2, .bad_checksum = 2), { .flipped = 27 },
	       { V6, .flipped = 25, .sequence = 1 });
	EXPECT("checksum itself", (.packets = 4, .bad_checksum = 4), { .flipped = 40 },
	       { V6, .flipped = 60, .sequence = 1 }, { TCP, .flipped = 50, .sequence = 2 },
	       { V6, TCP, .flipped = 70, .sequence = 3 });
	EXPECT("none", (.packets = 2, .bad_checksum = 1, .no_checksum = 1), { .no_checksum = true },
	       { V6, .no_checksum = true, .sequence = 1 });
	EXPECT("left to the device", (.packets = 4, .partial_checksum = 4),
	       { .partial_checksum = true }, { V6, .partial_checksum = true, .sequence = 1 },
	       { TCP, .partial_checksum = true, .sequence = 2 },
	       { V6, TCP, .partial_checksum = true, .sequence = 3 });
	EXPECT("lengths", (.packets = 8, .malformed = 8), { .ip_bytes_more = 4 },
	       { .ip_bytes_more = -4, .sequence = 1 }, { .l4_bytes_more = 2, .sequence = 2 },
	       { .stamp_bytes_more = 1, .sequence = 3 }, { V6, .ip_bytes_more = 1, .sequence = 4 },
	       { V6, .ip_bytes_more = -1, .sequence = 5 },
	       { TCP, .l4_bytes_more = 1, .sequence = 6 },
	       { TCP, .l4_bytes_more = -1, .sequence = 7 });
	EXPECT("what it is", (.packets = 3, .malformed = 3), { .fragment = 0x2000 },
	       { .fragment = 0x0001, .sequence = 1 }, { .protocol = IPPROTO_ICMP, .sequence = 2 });
	EXPECT("not ours", (.packets = 1, .warmup = 1, .other_packets = 1), { .magic = 1 },
	       { .sequence = STAMP_WARMUP, .flipped = 22 }, { .sequence = 5 });
	EXPECT("not sent", (.packets = 2, .unexpected = 1), { .sequence = WINDOW * 3 },
	       { .sequence = WINDOW * 3 + 1 });
}

static void order(struct sink *sink, int wire)
{
	EXPECT("duplicates", (.packets = 5, .duplicates = 3), { .sequence = 7 }, { .sequence = 7 },
	       { .sequence = 8 }, { .sequence = 7 }, { .sequence = 8 });
	EXPECT("duplicate damaged", (.packets = 2, .duplicates = 1, .bad_checksum = 1),
	       { .sequence = 7 }, { .sequence = 7, .flipped = 40 });
	EXPECT("swapped", (.packets = 4, .reordered = 1), { .sequence = 0 }, { .sequence = 2 },
	       { .sequence = 1 }, { .sequence = 3 });
	EXPECT("in two flows", (.packets = 4), { .port = 1, .sequence = 2 },
	       { .port = 2, .sequence = 1 }, { .port = 1, .sequence = 3 },
	       { V6, .port = 1, .sequence = 0 });
	EXPECT("across words", (.packets = 4, .duplicates = 1), { .sequence = 31 },
	       { .sequence = 32 }, { .sequence = 63 }, { .sequence = 31 });
	EXPECT("at the window's edge", (.packets = 3, .duplicates = 1, .reordered = 0),
	       { .sequence = 0 }, { .sequence = WINDOW - 1 }, { .sequence = 0 });
	EXPECT("beyond the window", (.packets = 3, .beyond_window = 1, .reordered = 1),
	       { .sequence = 0 }, { .sequence = WINDOW }, { .sequence = 0 });
	EXPECT("the window's place is used anew", (.packets = 3, .duplicates = 1),
	       { .sequence = 0 }, { .sequence = WINDOW }, { .sequence = WINDOW });
}

static void checked(void)
{
	const struct sink_setup setup = { .kind = SINK_STAMPED, .count = WINDOW * 3 + 1 };
	struct lab *lab = build(PAIR(""));
	struct sink *sink = open_sink(lab, "eth0", setup);
	int wire = wire_open(lab, "a", "eth0");

	need_root();
	require(sink_is_native(sink), "not native");
	checks(sink, wire);
	order(sink, wire);
	for (int i = 0; i < 4; i++) {
		int family = i % 2 ? AF_INET6 : AF_INET, protocol = i / 2 ? IPPROTO_TCP : 0;

		expect_sizes(sink, wire, family, protocol, 1400);
		expect_damage(sink, wire, family, protocol);
	}
	sink_close(sink);
	lab_free(lab);
}

/* Beyond a page a frame has several buffers. */
static void jumbo(void)
{
	const struct sink_setup setup = { .kind = SINK_STAMPED };
	struct lab *lab = build(PAIR("\"mtu\":9000,"));
	struct sink *sink = open_sink(lab, "eth0", setup);
	int wire = wire_open(lab, "a", "eth0");

	require(sink_is_native(sink), "not native");
	expect_sizes(sink, wire, AF_INET, 0, 8972);
	expect_sizes(sink, wire, AF_INET6, IPPROTO_TCP, 8940);
	EXPECT("damaged far back", (.packets = 2, .bad_checksum = 2),
	       { .payload_bytes = 8972, .flipped = 8900 },
	       { V6, .payload_bytes = 8952, .flipped = 5001, .sequence = 1 });
	sink_close(sink);
	lab_free(lab);
}

/* A device without a driver of its own. */
static void generic(void)
{
	const char *const text =
		"{\"name\":\"v\",\"nodes\":{\"a\":{\"devices\":{\"vx\":{\"kind\":\"vxlan\","
		"\"id\":7,\"local\":\"198.18.1.1\",\"remote\":\"198.18.1.2\",\"underlay\":"
		"\"eth0\",\"addresses\":[\"198.18.9.1/24\"]}}},\"b\":{\"devices\":{\"vx\":{"
		"\"kind\":\"vxlan\",\"id\":7,\"local\":\"198.18.1.2\",\"remote\":\"198.18.1.1\","
		"\"underlay\":\"eth0\",\"addresses\":[\"198.18.9.2/24\"]}}}},\"links\":[{"
		"\"endpoints\":[\"a:eth0\",\"b:eth0\"],\"addresses\":[[\"198.18.1.1/24\"],"
		"[\"198.18.1.2/24\"]]}]}";
	const struct sink_setup setup = { .kind = SINK_STAMPED, .count = WINDOW * 3 + 1 };
	struct lab *lab = build(text);
	struct sink *sink = open_sink(lab, "vx", setup);
	int wire = wire_open(lab, "a", "vx");

	require(!sink_is_native(sink), "native");
	checks(sink, wire);
	order(sink, wire);
	expect_sizes(sink, wire, AF_INET, 0, 1400);
	sink_close(sink);
	lab_free(lab);
}

static void counted(void)
{
	const struct sink_setup setup = { .kind = SINK_XDP_DROP };
	struct lab *lab = build(PAIR("\"mtu\":9000,"));
	struct sink *sink = open_sink(lab, "eth0", setup);
	int wire = wire_open(lab, "a", "eth0");

	EXPECT("counted", (.packets = 4, .warmup = 1, .other_packets = 1), { .sequence = 1 },
	       { .sequence = 1 }, { V6, .flipped = 60 }, { .sequence = STAMP_WARMUP },
	       { .magic = 1 }, { .ip_bytes_more = 3 });
	expect_sizes(sink, wire, AF_INET, 0, 8972);
	sink_close(sink);
	lab_free(lab);
}

/* What is not ours goes on to the stack; when the sink is closed, all does. */
static void others_pass(void)
{
	const struct sink_setup setup = { .kind = SINK_STAMPED };
	struct lab *lab = build(PAIR(""));
	struct sink *sink = open_sink(lab, "eth0", setup), *second = NULL;
	struct sink_setup again = { .kind = SINK_XDP_DROP,
				    .netns_fd = lab_node_fd(lab, 1),
				    .ifindex = lab_ifindex(lab, 1, "eth0") };
	struct sink_counts counts;
	struct err err;

	require(ping(lab, "a", "198.18.1.2", 64), "through a sink");
	sink_read(sink, &counts);
	require(counts.other_packets == 1 && !counts.packets, "%zu", (size_t)counts.other_packets);
	require(sink_open(&second, &again, &err) == -EBUSY && !second, "two at one device");
	require(strstr(err.text, "sink: the device has"), "%s", err.text);
	again.ifindex = 12345;
	require(sink_open(&second, &again, &err) < 0 && !second, "no such device");
	require(strstr(err.text, "sink: attach to device 12345"), "%s", err.text);
	sink_close(sink);
	require(ping(lab, "a", "198.18.1.2", 64), "after it");
	lab_free(lab);
}

#define FLOWS 20000u
#define ROUNDS 3u

/* Every flow has its place, whatever the order in which flows take turns. */
static void many_flows(void)
{
	const struct sink_setup setup = { .kind = SINK_STAMPED, .flows = FLOWS };
	struct lab *lab = build(PAIR(""));
	struct sink *sink = open_sink(lab, "eth0", setup);
	struct sink_counts counts, expected = { .packets = FLOWS * ROUNDS - 1, .reordered = 1 };
	int wire = wire_open(lab, "a", "eth0");
	struct sink_flows flows;

	for (uint32_t i = 0; i < FLOWS * ROUNDS; i++) {
		struct frame frame = { .port = (uint16_t)(1000 + i * 7919 % FLOWS), .sequence = i };

		/* The last two rounds of one flow change places; another's last is lost. */
		if (i == FLOWS + 5 || i == 2 * FLOWS + 5)
			frame.sequence = 3 * FLOWS + 10 - i;
		if (i != 2 * FLOWS + 9)
			wire_send(wire, &frame);
	}
	counts = sink_wait(sink, expected.packets);
	require_counts(&counts, &expected, "flows");
	sink_read_flows(sink, ROUNDS, &flows);
	require(flows.seen == FLOWS && flows.fewest == ROUNDS - 1 && flows.most == ROUNDS &&
			flows.incomplete == 1,
		"%zu flows, %zu..%zu packets, %zu incomplete", (size_t)flows.seen,
		(size_t)flows.fewest, (size_t)flows.most, (size_t)flows.incomplete);
	sink_close(sink);
	lab_free(lab);
}

/* More flows than were announced: what finds no place is said, not guessed. */
static void too_many_flows(void)
{
	const struct sink_setup setup = { .kind = SINK_STAMPED, .flows = 32 };
	struct lab *lab = build(PAIR(""));
	struct sink *sink = open_sink(lab, "eth0", setup);
	int wire = wire_open(lab, "a", "eth0");
	struct sink_counts counts;
	struct sink_flows flows;

	for (uint32_t i = 0; i < 500; i++)
		wire_send(wire,
			  &(struct frame){ .port = (uint16_t)(1000 + i), .sequence = 500 - i });
	counts = sink_wait(sink, 500);
	sink_read_flows(sink, 1, &flows);
	require(flows.seen == 64 && counts.untracked == 500 - 64 && !counts.reordered,
		"%zu flows, %zu untracked, %zu reordered", (size_t)flows.seen,
		(size_t)counts.untracked, (size_t)counts.reordered);
	sink_close(sink);
	lab_free(lab);
}

#define BOTH 20000u

static pid_t send_from(const struct lab *lab, int cpu)
{
	pid_t pid = fork();
	cpu_set_t set;
	int wire;

	require(pid >= 0, "%m");
	if (pid)
		return pid;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	require(sched_setaffinity(0, sizeof(set), &set) == 0, "%m");
	wire = wire_open(lab, "a", "eth0");
	for (uint32_t i = 0; i < BOTH; i++)
		wire_send(wire, &(struct frame){ .sequence = i });
	_exit(0);
}

/* Two CPUs at the same words at the same time: of each sequence one is the duplicate. */
static void two_cpus(void)
{
	const struct sink_setup setup = { .kind = SINK_STAMPED, .count = BOTH };
	struct lab *lab = build(PAIR("\"tx_queues\":2,\"rx_queues\":2,"));
	struct sink *sink = open_sink(lab, "eth0", setup);
	struct sink_counts counts;
	struct sink_flows flows;
	pid_t pids[2];

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		printf("SKIP: one CPU only\n");
		fflush(stdout);
		_exit(CHILD_SKIP);
	}
	for (int i = 0; i < 2; i++)
		pids[i] = send_from(lab, i);
	for (int i = 0; i < 2; i++) {
		int status;

		require(waitpid(pids[i], &status, 0) == pids[i] && status == 0, "%d", status);
	}
	counts = sink_wait(sink, 2 * BOTH);
	sink_read_flows(sink, 1, &flows);
	require(counts.packets == 2 * BOTH && counts.duplicates == BOTH, "%zu packets, %zu twice",
		(size_t)counts.packets, (size_t)counts.duplicates);
	require(!counts.contended && !counts.beyond_window && !counts.bad_checksum, "contended");
	require(flows.seen == 1 && flows.most + counts.untracked == BOTH, "%zu flows, %zu packets",
		(size_t)flows.seen, (size_t)flows.most);
	sink_close(sink);
	lab_free(lab);
}

LAB_TEST(checked)
LAB_TEST(jumbo)
LAB_TEST(generic)
LAB_TEST(counted)
LAB_TEST(others_pass)
LAB_TEST(many_flows)
LAB_TEST(too_many_flows)
LAB_TEST(two_cpus)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_checked),	       cmocka_unit_test(test_jumbo),
		cmocka_unit_test(test_generic),	       cmocka_unit_test(test_counted),
		cmocka_unit_test(test_others_pass),    cmocka_unit_test(test_many_flows),
		cmocka_unit_test(test_too_many_flows), cmocka_unit_test(test_two_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
