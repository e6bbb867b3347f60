// SPDX-License-Identifier: GPL-2.0-only
/*
 * The load of new flows against the kernel's own count of them: a DNAT rule is asked about the
 * first packet of a flow alone, so its counter is how many flows were new.
 */
#include "tests/netns/lab_fixture.h"

#include "harness/proc.h"
#include "loadgen/load.h"
#include "topologies/nft.h"

#include <jansson.h>

extern const struct load_ops load_services;

#define PORTS 64512 /* that the load counts up through */

/* As the load's own; a mistake here shows in the counts. */
struct services_params {
	int position;
	uint64_t port;
};

static const char topology_text[] =
	"{\"name\": \"t\", \"nodes\": {"
	" \"client\": {\"routes\": [{\"to\": \"default\", \"via\": \"198.18.0.1\"}]},"
	" \"node1\": {\"forward\": true},"
	" \"backend\": {\"routes\": [{\"to\": \"default\", \"via\": \"198.18.1.1\"}]}},"
	" \"links\": ["
	" {\"endpoints\": [\"client:eth0\", \"node1:a\"],"
	"  \"addresses\": [[\"198.18.0.2/24\"], [\"198.18.0.1/24\"]]},"
	" {\"endpoints\": [\"node1:b\", \"backend:eth0\"],"
	"  \"addresses\": [[\"198.18.1.1/24\"], [\"198.18.1.2/24\"]]}]}";

static const char dnat[] =
	"table ip t {\n"
	"\tcounter first { }\n"
	"\tchain prerouting {\n"
	"\t\ttype nat hook prerouting priority dstnat\n"
	"\t\tip daddr 10.96.0.10 tcp dport 80 counter name first dnat to 198.18.1.2:8080\n"
	"\t}\n"
	"}\n";
static const char deaf[] = "table ip t {\n"
			   "\tchain input {\n"
			   "\t\ttype filter hook input priority 0\n"
			   "\t\ttcp dport 8080 drop\n"
			   "\t}\n"
			   "}\n";

static void load_rules(const struct lab *lab, const char *node, const char *rules)
{
	_netns_home_ int home = netns_current();
	struct err err = {};
	int code;

	enter(lab, node);
	code = nft_load(rules, strlen(rules), NULL, &err);
	if (code && err.class == ERR_NEED) {
		printf("SKIP: %s\n", err.text);
		fflush(stdout);
		_exit(CHILD_SKIP);
	}
	require(code == 0, "%s", err.text);
}

static uint64_t count_first(const struct lab *lab)
{
	static const char *const argv[] = {
		"nft", "-j", "list", "counter", "ip", "t", "first", NULL
	};
	const struct proc proc = { .argv = argv,
				   .netns_fd =
					   lab_node_fd(lab, (size_t)topology_find_node(
								    lab_topology(lab), "node1")) };
	_json_ json_t *json = NULL;
	char line[1000];
	struct err err;
	json_int_t packets;

	require(!proc_first_line(&proc, line, sizeof(line), &err), "%s", err.text);
	json = json_loads(line, 0, NULL);
	require(!json_unpack(json, "{s:[o, {s:{s:I}}]}", "nftables", &(json_t *){ NULL }, "counter",
			     "packets", &packets),
		"%s", line);
	return (uint64_t)packets;
}

struct pass {
	const char *destination;
	uint64_t count, interval_ps, timeout_ms;
};

static struct load_report run_pass(const struct lab *lab, const struct pass *asked)
{
	const struct load_common common = { .from = "client",
					    .to = "backend",
					    .timeout_ms = asked->timeout_ms };
	const struct services_params params = { .position = 3, .port = 80 };
	struct load_pass pass = { .common = &common,
				  .params = &params,
				  .destination = { .family = AF_INET, .prefix_length = 32 },
				  .source = { .family = AF_INET },
				  .magic = 0x1234567890abcdef,
				  .count = asked->count,
				  .interval_ps = asked->interval_ps };
	struct load_report *report, copy;
	struct load *load = NULL;
	struct err err = {};

	inet_pton(AF_INET, asked->destination, pass.destination.bytes);
	require(!load_start(&load, &load_services, &pass, lab, &err), "%s", err.text);
	require(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 60000) == 1, "it hangs");
	require(!load_finish(load, &report, &err), "%s", err.text);
	copy = *report;
	load_free(load);
	return copy;
}

/* Two passes with the same ports: conntrack is emptied in between. */
static void answered(void)
{
	const struct pass asked = { "10.96.0.10", 3000, 20000000, 1000 };
	struct lab *lab = build(topology_text);

	load_rules(lab, "node1", dnat);
	for (uint64_t i = 1; i <= 2; i++) {
		struct load_report report = run_pass(lab, &asked);

		require(report.sent == 3000, "%lu", (unsigned long)report.sent);
		require(report.received == 3000, "%lu", (unsigned long)report.received);
		require(report.duplicates == 0 && report.send_errors == 0, "counted");
		require(report.known_flows == 0, "%lu", report.known_flows);
		require(report.lost_flows == 0, "%lu", report.lost_flows);
		require(count_first(lab) == i * 3000, "%lu", count_first(lab));
	}
	lab_free(lab);
}

/* Ports run out, and nothing has been answered: what comes again is in the flow that is there. */
static void unanswered(void)
{
	const struct pass asked = { "10.96.0.10", PORTS + 1488, 4000000, 1000 };
	struct lab *lab = build(topology_text);
	struct load_report report;

	load_rules(lab, "node1", dnat);
	load_rules(lab, "backend", deaf);
	report = run_pass(lab, &asked);
	require(report.sent == asked.count, "%lu", (unsigned long)report.sent);
	require(report.received == 0, "%lu", (unsigned long)report.received);
	require(report.known_flows == 1488, "%lu", report.known_flows);
	require(report.lost_flows == 0, "%lu", report.lost_flows);
	require(count_first(lab) == PORTS, "%lu", count_first(lab));
	lab_free(lab);
}

/* Answers to ports that have been forgotten: all flows are new though ports come again. */
static void ports_again(void)
{
	const struct pass asked = { "10.96.0.10", PORTS + 1488, 0, 1000 };
	struct lab *lab = build(topology_text);
	struct load_report report;

	load_rules(lab, "node1", dnat);
	report = run_pass(lab, &asked);
	require(report.received == asked.count, "%lu", (unsigned long)report.received);
	require(report.known_flows == 0, "%lu", report.known_flows);
	require(count_first(lab) == asked.count, "%lu", count_first(lab));
	lab_free(lab);
}

/* Past all rules, where the address is the backend's own. */
static void untranslated(void)
{
	const struct pass asked = { "198.18.1.2", 200, 20000000, 1000 };
	struct lab *lab = build(topology_text);
	struct load_report report;

	load_rules(lab, "node1", dnat);
	report = run_pass(lab, &asked);
	require(report.received == 200, "%lu", (unsigned long)report.received);
	require(count_first(lab) == 0, "%lu", count_first(lab));
	lab_free(lab);
}

#define TEST(name)                                                                                 \
	static void test_##name(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		in_child(name);                                                                    \
	}

TEST(answered)
TEST(unanswered)
TEST(ports_again)
TEST(untranslated)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answered),
		cmocka_unit_test(test_unanswered),
		cmocka_unit_test(test_ports_again),
		cmocka_unit_test(test_untranslated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
