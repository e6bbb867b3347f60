/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* One quick example of each thing that labrun does to a machine: what the soak repeats and kills.
 */

#include "tests/netns/run_fixture.h"

#define SMALL "--batches", "2", "--iterations", "5", "--quiet"
#define BARE "--set", "probes=[]", "--set", "claims=[]"
#define PROXY(mode)                                                                                \
	"run", "kube-proxy", SMALL, "--no-charts", "--set", "sweep={}", "--set", "claims=[]",      \
		"--set", "topology.nodes.node1.proxy.services=20", "--set",                        \
		"topology.nodes.node1.proxy.mode=" mode

struct chore {
	const char *argv[24];
	const char *option; /* by which the folder or file is named; NULL: it writes none */
	bool slow; /* seconds: enough of it in every tenth round */
};

/* "measured" is a result folder that is there before. */
static const struct chore chores[] = {
	{ { "run", "bridge", SMALL, "--no-charts" }, "--out", false },
	{ { "run", "vxlan", SMALL }, "--out", false },
	{ { "run", "--pcap", "nat", SMALL, "--no-charts" }, "--out", false },
	{ { "run", "modes", SMALL, "--no-charts" }, "--out", false },
	{ { "run", "routed", SMALL, BARE, "--set",
	    "load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"one_way\":true,"
	    "\"rate\":\"20kpps\"}" },
	  "--out",
	  false },
	{ { "run", "routed", SMALL, "--no-charts", BARE, "--set",
	    "load={\"kind\":\"tcp\",\"from\":\"vm\",\"to\":\"internet\",\"connections\":4}" },
	  "--out",
	  false },
	{ { "run", "generators", SMALL, "--no-charts", "--set", "sweep={}", "--set", "claims=[]",
	    "--iterations", "2000", "--set",
	    "load={\"kind\":\"xdp\",\"from\":\"sender\",\"to\":\"receiver\",\"rate\":\"max\"}" },
	  "--out",
	  false },
	{ { PROXY("iptables-legacy") }, "--out", false },
	{ { PROXY("iptables-nft") }, "--out", false },
	{ { PROXY("nftables") }, "--out", false },
	{ { "run", "kube-proxy-program", SMALL, "--no-charts", "--set", "sweep={}", "--set",
	    "claims=[]", "--set", "topology.nodes.node1.proxy.services=20" },
	  "--out",
	  true },
	{ { "load", "--kind", "udp", "--from", "vm1", "--to", "vm2", "--rate", "20kpps", "--count",
	    "1000", "--quiet", "vxlan" },
	  NULL,
	  false },
	{ { "load", "--kind", "tcp", "--from", "vm", "--to", "internet", "--count", "50", "--quiet",
	    "nat" },
	  NULL,
	  false },
	{ { "load", "--kind", "xdp", "--from", "sender", "--to", "receiver", "--rate", "max",
	    "--count", "10000", "--sink", "stamped", "--quiet", "veth" },
	  NULL,
	  false },
	{ { "shell", "routed", "sh", "-c", "sleep 0.2 & ip netns exec vm sleep 0.1; wait" },
	  NULL,
	  false },
	{ { "trace", "nat" }, NULL, false },
	{ { "trace", "nat" }, "--perfetto", false },
	{ { "doctor" }, NULL, true },
	{ { "plot", "measured" }, NULL, false },
	{ { "verify", "measured" }, NULL, false },
	{ { "report", "measured" }, "--out", false },
};

static inline const struct chore *chore_of(unsigned number)
{
	const struct chore *chore = &chores[number % ARRAY_SIZE(chores)];

	if (chore->slow && number / ARRAY_SIZE(chores) % 10)
		return &chores[number / ARRAY_SIZE(chores) % 10];
	return chore;
}

static inline bool chore_measures(const struct chore *chore)
{
	return !strcmp(chore->argv[0], "run");
}

/* `out` is what it shall write, if it writes anything. */
static inline void chore_start(const struct chore *chore, const char *out, run_prepare_fn prepare,
			       struct running *ret)
{
	const char *argv[ARRAY_SIZE(chore->argv) + 3] = { chore->argv[0] };
	size_t count = 1;

	if (chore->option) {
		argv[count++] = chore->option;
		argv[count++] = out;
	}
	for (size_t i = 1; chore->argv[i]; i++)
		argv[count++] = chore->argv[i];
	run_start(ret, prepare, argv);
}

static inline void measure_once(void)
{
	_finished_ struct finished finished = labrun("run", "vxlan", "--out", "measured", SMALL);

	assert_measured(finished);
}
