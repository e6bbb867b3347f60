// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a load in the kernel takes in memory, as a whole: the program with its processes, maps and
 * sink. A million flows are arithmetic and not a table, and nothing is kept of a packet.
 */
#include "tests/netns/held_fixture.h"

#define MIB (1ull << 20)
#define FLOWS_LIMIT (64 * MIB)
/* Far below a byte for each packet more, and above what the time of a poll makes of it. */
#define NO_MORE MIB
#define PACKETS "400000"
#define TEN_TIMES "4000000"

static uint64_t take(const char *sink, const char *flows, const char *count)
{
	struct held held = held_at_peak((const char *const[]){
		"load", "--kind", "xdp", "--from", "sender", "--to", "receiver", "--rate", "max",
		"--quiet", "--sink", sink, "--flows", flows, "--count", count, "veth", NULL });

	printf("%s flows, %s packets into %s: %.2f MiB resident, %.2f MiB in BPF maps and "
	       "programs\n",
	       flows, count, sink, (double)held.resident_bytes / MIB, (double)held.bpf_bytes / MIB);
	/* Less than any program has: it was not looked at. */
	assert_true(held.resident_bytes > MIB && held.bpf_bytes > 4096);
	return held.resident_bytes + held.bpf_bytes;
}

static void test_flows(void **state)
{
	static const char *const sinks[] = { "xdp_drop", "stamped" };

	(void)state;
	need_tracing();
	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++) {
		uint64_t one = take(sinks[i], "1", PACKETS);
		uint64_t million = take(sinks[i], "1000000", PACKETS);

		if (million >= FLOWS_LIMIT)
			fail_msg("a million flows take %lu bytes with the sink %s", million,
				 sinks[i]);
		printf("so a million flows cost %.2f MiB\n", ((double)million - (double)one) / MIB);
	}
}

static void test_packets(void **state)
{
	static const char *const sinks[] = { "xdp_drop", "stamped" };

	(void)state;
	need_tracing();
	for (size_t i = 0; i < ARRAY_SIZE(sinks); i++) {
		uint64_t few = take(sinks[i], "1000", PACKETS);
		uint64_t many = take(sinks[i], "1000", TEN_TIMES);

		if (many > few + NO_MORE)
			fail_msg(
				"ten times the packets take %lu bytes and not %lu with the sink %s",
				many, few, sinks[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_flows),
		program_test(test_packets),
	};

	return run_prepare() || cmocka_run_group_tests(tests, NULL, NULL);
}
