// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel-side generator over real devices: what it says it sent arrives, to the packet and to
 * the byte.
 */
#include "tests/frame_reference.h"
#include "tests/netns/xdp_fixture.h"

#include "loadgen/frame.h"
#include "loadgen/sink.h"

#include <linux/if_packet.h>

#define QUIET_MS 200

/* All that comes into right:eth0, whole frames. */
static int open_tap(const struct lab *lab)
{
	_netns_home_ int home = netns_current();
	int fd, bytes = 256 << 20;

	enter(lab, "right");
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(0x0003));
	require(fd >= 0, "%m");
	require(!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)), "%m");
	return fd;
}

struct taken {
	size_t bytes;
	unsigned char frame[9216];
};

/* The next one of ours; false: nothing more comes. */
static bool take(int tap, struct taken *ret, struct seen_frame *seen)
{
	for (;;) {
		struct sockaddr_ll from;
		socklen_t size = sizeof(from);
		const char *fault;
		ssize_t bytes;

		if (poll(&(struct pollfd){ tap, POLLIN, 0 }, 1, QUIET_MS) != 1)
			return false;
		bytes = recvfrom(tap, ret->frame, sizeof(ret->frame), 0, (void *)&from, &size);
		require(bytes >= 0, "%m");
		if (from.sll_pkttype == PACKET_OUTGOING)
			continue;
		fault = reference_read(ret->frame, (size_t)bytes, seen);
		require(!fault, "%s", fault);
		require(seen->stamp.magic == MAGIC, "not ours");
		ret->bytes = (size_t)bytes;
		return true;
	}
}

/* What user space makes of the same setup; MACs are taken from the frame itself. */
struct expected {
	struct frame frame;
	struct flows flows;
};

static struct expected expect(const struct taken *first, const struct trial *trial, bool tcp,
			      uint64_t flows, bool random)
{
	bool ipv6 = strchr(trial->to, ':');
	struct frame_setup setup = { .source_mac = first->frame + 6,
				     .destination_mac = first->frame,
				     .tcp = tcp,
				     .port = 9000,
				     .bytes = first->bytes,
				     .magic = MAGIC };
	struct flows_setup flows_setup = {
		.count = flows, .first_port = 1024, .random = random, .seed = trial->seed
	};
	struct expected expected;
	struct err err;

	address_parse(trial->to, false, &setup.destination);
	address_parse(ipv6 ? "fd00::1/64" : "198.18.0.1/16", true, &setup.source);
	flows_setup.own = setup.source;
	flows_setup.taken = &setup.destination;
	flows_setup.taken_count = 1;
	require(flows_init(&expected.flows, &flows_setup, &err) == 0, "%s", err.text);
	frame_init(&expected.frame, &setup);
	return expected;
}

static void check_equal(const struct expected *expected, const struct taken *taken,
			const struct seen_frame *seen)
{
	static unsigned char buffer[9216];
	struct frame_own own;

	memset(buffer, 0, taken->bytes);
	flows_at(&expected->flows, seen->stamp.sequence, 0, &own);
	frame_write(buffer, &expected->frame, &own);
	require(!memcmp(buffer, taken->frame, taken->bytes), "packet %u differs",
		seen->stamp.sequence);
}

struct shape {
	const char *text;
	bool tcp, random;
	uint64_t size, flows;
};

static const struct shape shapes[] = {
	{ "{}", false, false, 0, 1 },
	{ "{ \"protocol\": \"tcp_syn\" }", true, false, 0, 1 },
	{ "{ \"size\": 512, \"flows\": 777 }", false, false, 512, 777 },
	{ "{ \"size\": 513, \"flows\": 777, \"flow_order\": \"random\" }", false, true, 513, 777 },
	{ "{ \"protocol\": \"tcp_syn\", \"size\": 1514, \"flows\": 1000000 }", true, false, 1514,
	  1000000 },
	{ "{ \"protocol\": \"tcp_syn\", \"size\": 513, \"burst\": 64 }", true, false, 513, 1 },
	{ "{ \"size\": 1514, \"flows\": 1000000, \"flow_order\": \"random\", \"burst\": 7 }", false,
	  true, 1514, 1000000 },
};

static void check_shape(const struct lab *lab, const struct shape *shape, const char *to)
{
	enum { COUNT = 3000 };
	const struct trial trial = { .params = shape->text, .to = to, .count = COUNT, .seed = 9 };
	_close_ int tap = open_tap(lab);
	const struct load_report report = run(lab, &trial);
	uint64_t size =
		shape->size ? shape->size
			    : frame_least_bytes(strchr(to, ':') ? AF_INET6 : AF_INET, shape->tcp);
	bool seen_before[COUNT] = { false };
	struct expected expected;
	struct seen_frame seen;
	static struct taken taken;
	size_t count = 0;

	for (; take(tap, &taken, &seen); count++) {
		if (!count)
			expected = expect(&taken, &trial, shape->tcp, shape->flows, shape->random);
		require(taken.bytes == size, "%zu bytes", taken.bytes);
		require(seen.stamp.sequence < COUNT, "sequence %u", seen.stamp.sequence);
		require(!seen_before[seen.stamp.sequence], "%u twice", seen.stamp.sequence);
		seen_before[seen.stamp.sequence] = true;
		check_equal(&expected, &taken, &seen);
	}
	require(report.sent == COUNT && !report.send_errors, "%s to %s: %lu sent, %lu not",
		shape->text, to, report.sent, report.send_errors);
	require(count == COUNT, "%s to %s: %zu arrived", shape->text, to, count);
}

static void every_frame_arrives_as_foretold(void)
{
	struct lab *lab = build(PAIR(GRO));

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		check_shape(lab, &shapes[i], "198.18.0.2");
		check_shape(lab, &shapes[i], "fd00::2");
	}
	lab_free(lab);
}

/* Another generator's frames by sequence; the sum over their bytes is told apart by any byte. */
static uint64_t digest(const struct lab *lab, uint64_t seed)
{
	const struct trial trial = { .params = "{ \"flows\": 100000, \"flow_order\": \"random\" }",
				     .to = "198.18.0.2",
				     .count = 1000,
				     .seed = seed };
	_close_ int tap = open_tap(lab);
	struct seen_frame seen;
	static struct taken taken;
	uint64_t value = 0;

	run(lab, &trial);
	while (take(tap, &taken, &seen))
		for (size_t i = 0; i < taken.bytes; i++)
			value = value * 1099511628211u + taken.frame[i];
	return value;
}

/* On both sides of what a page holds, and up to what a device may have; without GRO. */
static void jumbo_frames(void)
{
	static const struct shape jumbo[] = {
		{ "{ \"size\": 3329, \"flows\": 777 }", false, false, 3329, 777 },
		{ "{ \"size\": 9014, \"flows\": 777, \"protocol\": \"tcp_syn\" }", true, false,
		  9014, 777 },
		{ "{ \"size\": 9013, \"flows\": 1000000, \"flow_order\": \"random\" }", false, true,
		  9013, 1000000 },
	};
	static const struct shape live = { "{ \"size\": 3328 }", false, false, 3328, 1 };
	struct lab *lab = build(PAIR(", \"mtu\": 9000"));

	for (size_t i = 0; i < ARRAY_SIZE(jumbo); i++) {
		check_shape(lab, &jumbo[i], "198.18.0.2");
		check_shape(lab, &jumbo[i], "fd00::2");
	}
	lab_free(lab);
	lab = build(PAIR(", \"mtu\": 9000" GRO));
	check_shape(lab, &live, "198.18.0.2");
	lab_free(lab);
}

static void same_seed_same_bytes(void)
{
	struct lab *lab = build(PAIR(GRO));
	uint64_t value = digest(lab, 5);

	require(digest(lab, 5) == value, "the same seed gave other packets");
	require(digest(lab, 6) != value, "another seed gave the same packets");
	lab_free(lab);
}

static struct sink *open_sink(const struct lab *lab, const char *node, uint32_t flows)
{
	long right = topology_find_node(lab_topology(lab), node);
	const struct sink_setup setup = { .kind = SINK_STAMPED,
					  .netns_fd = lab_node_fd(lab, (size_t)right),
					  .ifindex = lab_ifindex(lab, (size_t)right, "eth0"),
					  .magic = MAGIC,
					  .flows = flows };
	struct sink *sink;
	struct err err;

	require(sink_open(&sink, &setup, &err) == 0, "%s", err.text);
	return sink;
}

/* Waits for what is still in the ring of a veth. */
static struct sink_counts read_sink(const struct sink *sink, uint64_t expected)
{
	struct sink_counts counts;

	for (int turn = 0; turn < 200; turn++) {
		sink_read(sink, &counts);
		if (counts.packets >= expected)
			break;
		poll(NULL, 0, 10);
	}
	return counts;
}

static void check_clean(const struct sink *sink, const struct load_report *report)
{
	const struct sink_counts counts = read_sink(sink, report->sent);

	require(counts.packets == report->sent, "%lu sent, %llu arrived", report->sent,
		counts.packets);
	require(!counts.bad_checksum && !counts.malformed && !counts.duplicates, "%llu %llu %llu",
		counts.bad_checksum, counts.malformed, counts.duplicates);
}

/* More than all rings hold together, in as many flows as there may be, by two CPUs. */
static void two_threads_send_each_packet_once(void)
{
	const struct trial trial = { .params = "{ \"flows\": 300000, \"threads\": 2 }",
				     .to = "198.18.0.2",
				     .count = 600001 };
	struct sink_flows flows;
	struct load_report report;
	struct sink *sink;
	struct lab *lab;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
		printf("SKIP: two threads need two CPUs\n");
		_exit(CHILD_SKIP);
	}
	lab = build(PAIR(GRO ", \"rx_queues\": 2, \"tx_queues\": 2"));
	sink = open_sink(lab, "right", 300000);
	report = run(lab, &trial);
	require(report.sent + report.send_errors == 600001, "%lu + %lu", report.sent,
		report.send_errors);
	check_clean(sink, &report);
	sink_read_flows(sink, 2, &flows);
	require(flows.seen == 300000, "%lu flows", flows.seen);
	sink_close(sink);
	lab_free(lab);
}

static void a_rate_is_a_count_in_a_time(void)
{
	struct lab *lab = build(PAIR(GRO));
	struct sink *sink = open_sink(lab, "right", 1);
	struct load_report report;

	report = run(lab, &(struct trial){ .params = "{}",
					   .to = "198.18.0.2",
					   .count = 2000,
					   .interval_ps = 10000000 });
	require(report.sent == 2000, "%lu sent", report.sent);
	require(report.ended_ns - report.started_ns >= 1999 * 10000, "too fast");
	require(report.lateness_ns.count == 2000, "%llu", report.lateness_ns.count);
	check_clean(sink, &report);
	sink_reset(sink);
	/* Due before the end of 20 ms: those of index 0..5999. */
	report = run(lab, &(struct trial){ .params = "{ \"burst\": 4 }",
					   .to = "fd00::2",
					   .count = 1000000000,
					   .interval_ps = 3333333,
					   .duration_ns = 20000000 });
	require(report.sent <= 6001, "%lu sent", report.sent);
	check_clean(sink, &report);
	sink_reset(sink);
	/* So slow that it sleeps in between. */
	report = run(lab, &(struct trial){ .params = "{}",
					   .to = "198.18.0.2",
					   .count = 20,
					   .interval_ps = 2000000000 });
	require(report.sent == 20 && report.lateness_ns.count == 20, "%lu sent", report.sent);
	require(report.ended_ns - report.started_ns >= 19 * 2000000, "too fast");
	check_clean(sink, &report);
	sink_close(sink);
	lab_free(lab);
}

static void flat_out_ends_in_time(void)
{
	struct lab *lab = build(PAIR(GRO));
	struct sink *sink = open_sink(lab, "right", 1);
	const struct load_report report = run(lab, &(struct trial){ .params = "{}",
								    .to = "198.18.0.2",
								    .count = 1000000000,
								    .duration_ns = 50000000 });

	require(report.sent > 0 && report.sent < 1000000000, "%lu sent", report.sent);
	check_clean(sink, &report);
	sink_close(sink);
	lab_free(lab);
}

/* A router writes into the pages, which come back for the next packets. */
static void pages_that_others_wrote_to(void)
{
	struct lab *lab = build(
		"{ \"name\": \"routed\", \"nodes\": {"
		"\"left\": { \"routes\": [{ \"to\": \"default\", \"via\": \"198.18.0.254\" }] },"
		"\"router\": { \"forward\": true }, \"right\": {} }, \"links\": ["
		"{ \"endpoints\": [\"left:eth0\", \"router:a\"], \"addresses\": "
		"[[\"198.18.0.1/24\"], [\"198.18.0.254/24\"]]" GRO " },"
		"{ \"endpoints\": [\"router:b\", \"right:eth0\"], \"addresses\": "
		"[[\"198.18.1.254/24\"], [\"198.18.1.2/24\"]] }] }");
	struct sink *sink = open_sink(lab, "right", 1000);
	const struct load_report report =
		run(lab, &(struct trial){ .params = "{ \"flows\": 1000, \"size\": 200 }",
					  .to = "198.18.1.2",
					  .count = 50000,
					  .interval_ps = 10000000 });

	require(report.sent == 50000, "%lu sent", report.sent);
	check_clean(sink, &report);
	sink_close(sink);
	lab_free(lab);
}

#define TESTS(X)                                                                                   \
	X(every_frame_arrives_as_foretold)                                                         \
	X(jumbo_frames)                                                                            \
	X(same_seed_same_bytes)                                                                    \
	X(two_threads_send_each_packet_once)                                                       \
	X(a_rate_is_a_count_in_a_time)                                                             \
	X(flat_out_ends_in_time)                                                                   \
	X(pages_that_others_wrote_to)

#define TEST_BODY(body)                                                                            \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(body);                                                                    \
	}
TESTS(TEST_BODY)

int main(void)
{
#define TEST_ROW(body) cmocka_unit_test(test_##body),
	const struct CMUnitTest tests[] = { TESTS(TEST_ROW) };

	if (geteuid() != 0) {
		printf("SKIP: only root may load BPF programs\n");
		return CHILD_SKIP;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
