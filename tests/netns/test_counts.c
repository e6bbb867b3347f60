// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts are exact: what was asked for was sent, or refused by the device; what was sent arrived,
 * or was dropped at a place that has a name. For every kind of load, at every size.
 */
#include "tests/netns/result_fixture.h"
#include "tests/netns/run_fixture.h"

#define COUNT 3000

struct trial {
	const char *name, *topology, *from, *to;
	const char *options[12];
};

#define VETH "veth", "sender", "receiver"
#define ROUTED "routed", "vm", "internet"
#define GRO "--set", "topology.links[0].offloads.gro=on"

#define DROPS "--set", "topology.nodes.router.firewall.drop_percent=33"

static const struct trial trials[] = {
	{ "ping 60", VETH, { "--kind", "ping", "--size", "18" } },
	{ "ping 1514", VETH, { "--kind", "ping", "--size", "1472" } },
	{ "udp 60", VETH, { "--kind", "udp", "--size", "18" } },
	{ "udp 1514", VETH, { "--kind", "udp", "--size", "1472" } },
	{ "udp one way 60", VETH, { "--size", "18", "--one-way" } },
	{ "udp one way 512", VETH, { "--size", "470", "--one-way", "--rate", "30kpps" } },
	{ "udp one way 1514", VETH, { "--size", "1472", "--one-way", "--rate", "max" } },
	{ "udp bursts 60", ROUTED, { "--size", "18", "--one-way", "--burst", "64" } },
	{ "udp bursts 1514", ROUTED, { "--size", "1472", "--one-way", "--burst", "8" } },
	{ "udp gso", ROUTED, { "--size", "1000", "--one-way", "--gso", "20" } },
	{ "udp into xdp_drop", ROUTED, { "--one-way", "--rate", "max", "--sink", "xdp_drop" } },
	{ "tcp", ROUTED, { "--kind", "tcp", "--connections", "7" } },
	{ "xdp least", VETH, { "--kind", "xdp", "--rate", "max" } },
	{ "xdp 512", VETH, { "--kind", "xdp", "--size", "512", "--sink", "stamped" } },
	{ "xdp 1514", VETH, { "--kind", "xdp", "--size", "1514", "--flows", "1000000" } },
	{ "xdp v6", VETH, { "--kind", "xdp", "--family", "ipv6", "--protocol", "tcp_syn" } },
	{ "xdp routed", ROUTED, { "--kind", "xdp", "--rate", "50kpps", GRO } },
	{ "xdp routed flat out",
	  ROUTED,
	  { "--kind", "xdp", "--rate", "max", "--burst", "64", GRO } },
	{ "udp, a third dropped", ROUTED, { "--one-way", "--rate", "50kpps", DROPS } },
	{ "udp bursts, a third dropped", ROUTED, { "--one-way", "--burst", "16", DROPS } },
	{ "udp gso, a third dropped", ROUTED, { "--one-way", "--gso", "10", DROPS } },
	{ "xdp, a third dropped",
	  ROUTED,
	  { "--kind", "xdp", "--rate", "max", "--flows", "99", GRO, DROPS } },
};

static json_t *last_line(const char *out)
{
	const char *at = out, *line = out;
	json_t *json;

	for (; (at = strchr(at, '\n')) && at[1]; line = ++at)
		;
	json = json_loads(line, JSON_DISABLE_EOF_CHECK, NULL);
	if (!json)
		fail_msg("no JSON: %s", line);
	return json;
}

static double count_drops(const json_t *summary)
{
	double dropped = 0;
	json_t *drop;
	size_t i;

	json_array_foreach (json_object_get(summary, "drops"), i, drop) {
		assert_true(*json_string_value(json_object_get(drop, "where")));
		dropped += number_of(drop, "packets");
	}
	return dropped;
}

static struct finished run_trial(const struct trial *trial)
{
	const char *argv[32] = { "load", "--json",  "--quiet", "--from", trial->from,
				 "--to", trial->to, "--count", "3000",	 trial->topology };
	size_t count = 10;

	for (size_t i = 0; i < ARRAY_SIZE(trial->options) && trial->options[i]; i++)
		argv[count++] = trial->options[i];
	return run_as(NULL, argv);
}

static void test_counts(void **state)
{
	const struct trial *trial = about_of(state);
	_finished_ struct finished finished = run_trial(trial);
	_json_ json_t *summary = NULL;
	double sent, received;

	if (geteuid() != 0)
		skip_because("named drops need root");
	assert_status(finished, 0);
	summary = last_line(finished.out);
	sent = number_of(summary, "sent_packets");
	received = number_of(summary, "received_packets");
	assert_int_equal(number_of(summary, "offered_packets"), COUNT);
	assert_int_equal(sent + number_of(summary, "send_errors"), COUNT);
	assert_int_equal(sent, received + count_drops(summary));
	assert_int_equal(number_of(summary, "duplicates"), 0);
	/* A share at random: not none, and not all. */
	if (strstr(trial->name, "dropped"))
		assert_in_range((uintmax_t)(sent - received), COUNT / 10, COUNT / 2);
	else if (!strstr(trial->name, "flat out"))
		assert_int_equal(sent, received);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(trials)];
	int status = run_prepare();

	for (size_t i = 0; i < ARRAY_SIZE(trials); i++)
		tests[i] = (struct CMUnitTest){ trials[i].name, test_counts, enter_work_folder,
						leave_work_folder, (void *)&trials[i] };
	return status ? status
		      : _cmocka_run_group_tests("counts", tests, ARRAY_SIZE(tests), NULL, NULL);
}
