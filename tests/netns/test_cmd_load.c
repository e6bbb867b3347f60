// SPDX-License-Identifier: GPL-2.0-only
/*
 * `labrun load` as its users see it: what it counts, what it prints for people and for programs,
 * how it ends when it is interrupted or killed, and which option a bad value is blamed on.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/netns/result_fixture.h"

#define FROM_TO "--from", "vm", "--to", "internet"
#define PACED "--rate", "5kpps", "--json", "--duration", "60s", "routed"
#define IN_KERNEL                                                                                  \
	"--kind", "xdp", "--from", "sender", "--to", "receiver", "--json", "--duration", "60s",    \
		"veth"
#define KILLS 12

struct bad {
	const char *arguments[10];
	const char *says;
};

static const struct bad bad_options[] = {
	{ { "load" }, "--from is missing" },
	{ { "load", "--from", "vm", "routed" }, "labrun load: --to is missing" },
	{ { "load", FROM_TO }, "which topology?" },
	{ { "load", FROM_TO, "routed", "nat" }, "one topology" },
	{ { "load", FROM_TO, "nosuch" }, "no topology \"nosuch\"" },
	{ { "load", FROM_TO, "./nosuch.json" }, "./nosuch.json" },
	{ { "load", FROM_TO, "routed", "--size", "8" },
	  "labrun load: --size: 8 is outside 16..65000\n" },
	{ { "load", FROM_TO, "routed", "--szie", "64" }, "did you mean --size?" },
	{ { "load", FROM_TO, "routed", "--source-prot", "1" }, "did you mean --source-port?" },
	{ { "load", FROM_TO, "routed", "--kind", "upd" }, "did you mean \"udp\"?" },
	{ { "load", FROM_TO, "routed", "--kind", "ping", "--flows", "2" },
	  "the load ping has no option --flows" },
	{ { "load", FROM_TO, "routed", "--size" }, "--size needs a value" },
	{ { "load", FROM_TO, "routed", "-x" }, "'-x' is no option" },
	{ { "load", "--from", "vn", "--to", "internet", "routed" },
	  "labrun load: --from: the topology \"routed\" has no node \"vn\" (did you mean "
	  "\"vm\"?)" },
	{ { "load", FROM_TO, "routed", "--rate", "fast" }, "labrun load: --rate: " },
	{ { "load", FROM_TO, "routed", "--rate", "max", "--duration", "1s" },
	  "labrun load: --duration: " },
	{ { "load", FROM_TO, "routed", "--duration", "1h" }, "labrun load: --duration: " },
	{ { "load", FROM_TO, "routed", "--count", "0" }, "labrun load: --count: 0 is outside" },
	{ { "load", FROM_TO, "routed", "--count", "99999999999999999999999" },
	  "labrun load: --count: 1e+23 is outside 1..2147483647\n" },
	{ { "load", FROM_TO, "routed", "--seed", "-1" }, "labrun load: --seed: -1 is outside" },
	{ { "load", FROM_TO, "routed", "--size", "2000" }, "labrun load: --size: a packet of" },
	{ { "load", FROM_TO, "routed", "--set", "topology.nodes.vm.forwrd=true" },
	  "did you mean \"forward\"?" },
	{ { "load", FROM_TO, "routed", "--set", "batches=2" }, "one batch" },
	{ { "load", FROM_TO, "routed", "--kind", "xdp" },
	  "labrun load: vm:eth0 would drop every frame: its other end router:vm has neither" },
};

static void test_bad_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad_options); i++) {
		_finished_ struct finished finished = run_as(NULL, bad_options[i].arguments);

		assert_status(finished, 2);
		assert_says(finished.error, bad_options[i].says);
		assert_string_equal(finished.out, "");
	}
	{
		_finished_ struct finished both =
			labrun("load", FROM_TO, "routed", "--count", "1", "--duration", "1s");

		assert_status(both, 2);
		assert_says(both.error, "--count and --duration");
	}
}

/* Its options are those of the tables. */
/* What only shows when it is started. */
static void test_load_is_named_once(void **state)
{
	static const char *const arguments[] = { "load",	 "--from",   "sender",
						 "--to",	 "receiver", "--address",
						 "198.51.100.1", "veth",     NULL };
	_finished_ struct finished finished = run_as(NULL, arguments);

	(void)state;
	assert_status(finished, 4);
	assert_says(finished.error,
		    "labrun: cell 1/1, batch 1: the path passes no packets: load 'udp': driver: ");
}

static void test_help(void **state)
{
	_finished_ struct finished all = labrun("load", "--help");
	_finished_ struct finished one = labrun("load", "--kind", "ping", "--help");

	(void)state;
	assert_status(all, 0);
	assert_says(all.out, "--source-port ");
	assert_says(all.out, "default 40000");
	assert_says(all.out, "--ttl ");
	assert_status(one, 0);
	assert_says(one.out, "--ttl ");
	assert_null(strstr(one.out, "--source-port"));
}

static void test_text(void **state)
{
	_finished_ struct finished replies =
		labrun("load", FROM_TO, "--count", "200", "--kind", "ping", "routed");
	_finished_ struct finished one_way = labrun(
		"load", FROM_TO, "--rate", "2kpps", "--size", "100B", "--flows", "4", "--one-way",
		"--duration", "1500ms", "--set", "topology.nodes.host.firewall.rules=10", "routed");

	(void)state;
	assert_status(replies, 0);
	assert_says(replies.out, "ping from vm to internet through routed");
	assert_says(replies.out, "  sent           200\n");
	assert_says(replies.out, "  lost           0 (0 %)\n");
	assert_says(replies.out, "of 1.000 kpps asked");
	assert_says(replies.out, "  round trip     p50 ");
	assert_status(one_way, 0);
	assert_says(one_way.out, "  received       3000\n");
	assert_says(one_way.out, ", server ");
	assert_null(strstr(one_way.out, "round trip"));
	/* A line a second, on the other stream. */
	assert_says(one_way.error, "1.0 s  sent ");
	assert_int_equal(count_entries("."), 0);
}

/* The next line, parsed; NULL after the last. */
static json_t *next_line(char **text)
{
	char *end = strchr(*text, '\n'), *line = *text;
	json_t *json;

	if (!end)
		return NULL;
	*end = '\0';
	*text = end + 1;
	json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		fail_msg("no JSON: %s", line);
	return json;
}

static bool is_type(const json_t *line, const char *type)
{
	return !strcmp(json_string_value(json_object_get(line, "type")), type);
}

/* Returns the summary, which must be the last line. */
static json_t *read_lines(char *text, size_t *ret_intervals, double *ret_sent_pps)
{
	json_t *line, *summary = NULL;

	*ret_intervals = 0;
	*ret_sent_pps = 0;
	while ((line = next_line(&text))) {
		assert_null(summary);
		if (is_type(line, "summary")) {
			summary = line;
			continue;
		}
		assert_true(is_type(line, "interval"));
		*ret_sent_pps += number_of(line, "sent_pps");
		assert_true(number_of(line, "received_pps") >= 0);
		assert_true(number_of(line, "lost_packets") >= 0);
		*ret_intervals += 1;
		assert_true(number_of(line, "elapsed_s") > (double)*ret_intervals - 1);
		json_decref(line);
	}
	assert_non_null(summary);
	return summary;
}

static void test_json(void **state)
{
	_finished_ struct finished finished =
		labrun("load", FROM_TO, "--rate", "1kpps", "--duration", "2.5s", "--json",
		       "--seed=7", "routed");
	_json_ json_t *summary = NULL;
	size_t intervals;
	double sent_pps;

	(void)state;
	assert_status(finished, 0);
	assert_string_equal(finished.error, "");
	summary = read_lines(finished.out, &intervals, &sent_pps);
	assert_true(intervals >= 2);
	assert_true(sent_pps > 0);
	assert_near(number_of(summary, "offered_packets"), 2500, 0);
	assert_near(number_of(summary, "sent_packets"), 2500, 0);
	assert_near(number_of(summary, "received_packets"), 2500, 0);
	assert_near(number_of(summary, "lost_packets"), 0, 0);
	assert_near(number_of(summary, "seed"), 7, 0);
	assert_near(number_of(summary, "asked_pps"), 1000, 0);
	assert_true(number_of(summary, "achieved_pps") <= 1001);
	assert_true(number_of(json_object_get(summary, "round_trip_ns"), "p50") > 0);
	assert_true(number_of(json_object_get(summary, "send_error_ns"), "max") >=
		    number_of(json_object_get(summary, "send_error_ns"), "p50"));
	assert_true(number_of(summary, "driver_cpu_ns_per_packet") > 0);
	assert_true(number_of(summary, "server_cpu_ns_per_packet") > 0);
	assert_true(json_is_false(json_object_get(summary, "interrupted")));
	assert_true(json_is_array(json_object_get(summary, "drops")));
}

static void test_no_path(void **state)
{
	_finished_ struct finished finished =
		labrun("load", FROM_TO, "--count", "20", "--timeout-ms", "50", "--json", "--set",
		       "topology.nodes.host.forward=false", "routed");

	(void)state;
	assert_status(finished, 4);
	assert_says(finished.error, "the path passes no packets");
}

static void wait_for_output(const struct running *running)
{
	struct stat status = {};

	for (int i = 0; i < 1000 && !status.st_size; i++) {
		poll(NULL, 0, 10);
		assert_int_equal(fstat(running->out, &status), 0);
	}
	assert_true(status.st_size > 0);
}

/* Packets and replies that are on their way when it comes are waited for: what was sent is there.
 */
static void interrupt_one(int signal, bool group, const char *const *arguments)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	struct running running;
	size_t intervals;
	double sent_pps;

	run_start(&running, NULL, arguments);
	wait_for_output(&running);
	kill(group ? -running.pid : running.pid, signal);
	finished = run_wait(&running);
	assert_status(finished, 130);
	assert_one_line(finished.error, "interrupted");
	summary = read_lines(finished.out, &intervals, &sent_pps);
	assert_true(intervals >= 1);
	assert_true(sent_pps > 0);
	assert_true(json_is_true(json_object_get(summary, "interrupted")));
	assert_true(number_of(summary, "sent_packets") > 0);
	assert_near(number_of(summary, "lost_packets"), 0, 0);
	assert_true(number_of(summary, "offered_packets") >= number_of(summary, "sent_packets"));
}

static void test_interrupt(void **state)
{
	(void)state;
	interrupt_one(SIGINT, true, (const char *const[]){ "load", FROM_TO, PACED, NULL });
	interrupt_one(SIGINT, false,
		      (const char *const[]){ "load", FROM_TO, PACED, "--one-way", NULL });
	interrupt_one(SIGTERM, false, (const char *const[]){ "load", FROM_TO, PACED, NULL });
}

/* A generator in the kernel has its counts seen while it runs, and ends when it is asked to. */
static void test_interrupt_in_kernel(void **state)
{
	(void)state;
	need_tracing();
	interrupt_one(SIGINT, true,
		      (const char *const[]){ "load", IN_KERNEL, "--rate", "50kpps", NULL });
	interrupt_one(SIGTERM, false,
		      (const char *const[]){ "load", IN_KERNEL, "--rate", "max", NULL });
}

static void test_interrupt_bulk(void **state)
{
	(void)state;
	need_tracing();
	interrupt_one(SIGINT, true,
		      (const char *const[]){ "load", FROM_TO, "--rate", "20kpps", "--one-way",
					     "--burst", "8", "--json", "--duration", "60s",
					     "routed", NULL });
	interrupt_one(SIGINT, false,
		      (const char *const[]){ "load", FROM_TO, "--kind", "tcp", PACED, NULL });
}

static void test_kill(void **state)
{
	_holdings_ struct holdings *before = holdings_new();

	(void)state;
	for (int i = 0; i < KILLS; i++) {
		_finished_ struct finished finished = {};
		struct running running;

		run_start(&running, NULL,
			  (const char *const[]){ "load", FROM_TO, "--rate", "5kpps", "routed",
						 i % 2 ? "--one-way" : NULL, NULL });
		poll(NULL, 0, 50 * i);
		kill(running.pid, SIGKILL);
		finished = run_wait(&running);
		assert_int_equal(finished.status, -SIGKILL);
	}
	assert_nothing_left(before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_bad_options),	   program_test(test_load_is_named_once),
		program_test(test_help),	   program_test(test_text),
		program_test(test_json),	   program_test(test_no_path),
		program_test(test_interrupt),	   program_test(test_interrupt_in_kernel),
		program_test(test_interrupt_bulk), program_test(test_kill),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
