// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where an experiment's parts run: the probe logs by CPU, so that each hop of a traced packet says
 * where it was. And what is said of CPUs that cannot be had.
 */
#include "tests/netns/result_fixture.h"

/* What traces without a hop on the way are tried again: a machine may be too busy for one packet.
 */
#define TRIES 10

#define UDP_LOAD "load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\"}"

struct placement {
	int load, receiver, softirq;
};

static void write_experiment(const struct placement *at)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"name\": \"x\", \"topology\": \"routed\", \"load\": {\"kind\": \"udp\", "
		 "\"from\": \"vm\", \"to\": \"internet\"}, \"probes\": [{\"kind\": \"hops\"}], "
		 "\"cpus\": {\"load\": %d, \"receiver\": %d, \"softirq\": %d}}",
		 at->load, at->receiver, at->softirq);
	write_text("x.json", text);
}

static bool is(const json_t *hop, const char *key, const char *value)
{
	return !strcmp(json_string_value(json_object_get(hop, key)), value);
}

/* How many hops of that kind there are; each must be on that CPU. */
static size_t count_on(const json_t *journey, const char *node, const char *direction,
		       const char *role, int cpu)
{
	const json_t *hop;
	size_t i, count = 0;

	json_array_foreach (journey, i, hop) {
		json_int_t where = json_integer_value(json_object_get(hop, "cpu"));

		if ((node && !is(hop, "node", node)) || !is(hop, "direction", direction) ||
		    !is(hop, "role", role))
			continue;
		if (where != cpu)
			fail_msg("%s %s at %s: on CPU %d, not %d", direction, role,
				 json_string_value(json_object_get(hop, "node")), (int)where, cpu);
		count++;
	}
	return count;
}

static json_t *trace(void)
{
	_finished_ struct finished finished = labrun("trace", "--json", "x.json");
	json_t *journey = json_loads(finished.out, 0, NULL);

	assert_status(finished, 0);
	assert_non_null(journey);
	return journey;
}

/* vm, router, host, internet: three devices receive there, and three back. */
static bool is_placed(const struct placement *at)
{
	_json_ json_t *journey = NULL;

	write_experiment(at);
	journey = trace();
	return count_on(journey, "vm", "request", "tx", at->load) == 1 &&
	       count_on(journey, "internet", "reply", "tx", at->receiver) == 1 &&
	       count_on(journey, NULL, "request", "deliver", at->softirq) == 3 &&
	       count_on(journey, NULL, "reply", "deliver", at->softirq) == 3 &&
	       count_on(journey, "router", "request", "tx", at->softirq) == 1;
}

static bool may_use(int cpu)
{
	cpu_set_t allowed;

	return !sched_getaffinity(0, sizeof(allowed), &allowed) && CPU_ISSET(cpu, &allowed);
}

static void test_parts_run_where_they_are_put(void **state)
{
	static const struct placement placements[] = {
		{ 0, 0, 0 }, { 1, 1, 1 }, { 0, 1, 1 }, { 1, 0, 0 },
		{ 0, 0, 1 }, { 1, 1, 0 }, { 0, 1, 0 }, { 1, 0, 1 },
	};

	(void)state;
	need_tracing();
	if (!may_use(0) || !may_use(1))
		skip_because("there are no two CPUs to choose from");
	for (size_t i = 0; i < ARRAY_SIZE(placements); i++) {
		bool placed = false;

		for (int try = 0; try < TRIES && !placed; try++)
			placed = is_placed(&placements[i]);
		if (!placed)
			fail_msg("placement %zu: no trace was whole", i);
	}
}

static void use_first_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(125);
}

static void test_cpus_that_cannot_be_had(void **state)
{
	static const char *const fields[] = { "load", "receiver", "softirq" };
	char cpu[32], kept[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		_finished_ struct finished none = {}, away = {};

		snprintf(cpu, sizeof(cpu), "cpus.%s=1023", fields[i]);
		none = labrun("run", "routed", "--set", UDP_LOAD, "--set", cpu, "--out", "r");
		assert_status(none, 77);
		snprintf(kept, sizeof(kept), "cpus.%s: this machine has no CPU 1023", fields[i]);
		assert_one_line(none.error, kept);
		if (!may_use(0) || !may_use(1))
			continue;
		snprintf(cpu, sizeof(cpu), "cpus.%s=1", fields[i]);
		away = labrun_as(use_first_cpu, "run", "routed", "--set", UDP_LOAD, "--set", cpu,
				 "--out", "r");
		assert_status(away, 77);
		assert_one_line(away.error, "it may use 0");
	}
	assert_int_equal(count_entries("."), 0);
}

/* Threads have the CPUs from the one that is asked for on. */
static void test_threads_follow(void **state)
{
	_finished_ struct finished finished = {};
	char load[32];

	(void)state;
	snprintf(load, sizeof(load), "cpus.load=%ld", sysconf(_SC_NPROCESSORS_CONF) - 1);
	finished = labrun("load", "--kind", "pktgen", "--from", "vm", "--to", "internet",
			  "--threads", "2", "--set", load, "--count", "10", "routed");
	assert_status(finished, 77);
	assert_says(finished.error, "cpus.load: this machine has no CPU");
}

/* Before any kernel is looked for. */
static void test_guests_have_one(void **state)
{
	static const char *const options[] = { "--vm", "--exact" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		_finished_ struct finished finished = labrun("run", options[i], "routed", "--set",
							     "cpus.softirq=1", "--out", "r");

		assert_status(finished, 2);
		assert_one_line(finished.error, "cpus.softirq: a guest has one CPU");
	}
	assert_int_equal(count_entries("."), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_parts_run_where_they_are_put),
		program_test(test_cpus_that_cannot_be_had),
		program_test(test_threads_follow),
		program_test(test_guests_have_one),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
