// SPDX-License-Identifier: GPL-2.0-only
/*
 * The probe chain on the kernel that runs, by the best method that it allows: every packet's walk
 * through the rules, once each way and in order; longer where there are more rules; and what falls
 * out of a walk is counted, not left out.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/netns/result_fixture.h"

#define PACKETS 60 /* a batch */

static char method[16]; /* that `auto` has to take */

static void need_method(void)
{
	static const char *const methods[] = { "fentry", "kprobe", "bracket" };
	_finished_ struct finished doctor = {};

	need_tracing();
	doctor = labrun("doctor");
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		char line[64];

		snprintf(line, sizeof(line), "chain, %-11s works", methods[i]);
		snprintf(method, sizeof(method), "%s", methods[i]);
		if (strstr(doctor.out, line))
			return;
	}
	skip_because("this kernel allows the probe chain by no method");
}

static void write_experiment(const char *topology, const char *load, const char *probe)
{
	_free_ char *text = NULL;

	assert_true(asprintf(&text,
			     "{\"name\": \"c\", \"topology\": \"%s\", \"load\": {%s, "
			     "\"interval_us\": 200}, \"probes\": [{\"kind\": \"chain\"%s}], "
			     "\"batches\": 2, \"iterations\": %d}",
			     topology, load, probe, PACKETS) > 0);
	write_text("c.json", text);
}

#define PING "\"kind\": \"ping\", \"from\": \"vm\", \"to\": \"internet\""
#define RULES "topology.nodes.host.firewall.rules="
#define run(out, ...) labrun("run", "c.json", "--no-charts", "--quiet", "--out", out, ##__VA_ARGS__)

/* Its calls a packet. */
static double assert_each_packet(const json_t *summary, const char *name, const char *direction)
{
	const json_t *series = find_series(cell_of(summary, 0), name, direction);

	if (!series)
		fail_msg("no series %s %s", name, direction);
	assert_near(number_of(series, "n"), 2 * PACKETS, 0);
	assert_string_equal(json_string_value(json_object_get(series, "method")), method);
	assert_true(number_of(series, "corrected_mean") < number_of(series, "mean"));
	return number_of(series, "calls_per_packet");
}

static json_t *measure(const char *out, const char *rules)
{
	_finished_ struct finished finished = run(out, "--set", rules);
	json_t *summary;

	assert_status(finished, 0);
	assert_says(finished.out, "; measured by ");
	summary = read_json(out, "summary.json");
	assert_true(is_valid(summary));
	return summary;
}

static void test_rules(void **state)
{
	_json_ json_t *few = NULL, *many = NULL;
	static const char *const directions[] = { "request", "reply" };
	double calls;

	(void)state;
	need_method();
	calls = strcmp(method, "bracket") ? 1 : 2;
	write_experiment("bridge", PING, ", \"chains\": [\"filter-forward\"], \"node\": \"host\"");
	few = measure("few", RULES "10");
	many = measure("many", RULES "3000");
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		assert_near(assert_each_packet(few, "filter-forward", directions[i]), calls, 0);
		assert_near(assert_each_packet(many, "filter-forward", directions[i]), calls, 0);
		/* Whatever else this machine does: three thousand comparisons are not ten. */
		assert_true(
			number_of(find_series(cell_of(many, 0), "filter-forward", directions[i]),
				  "p50") >
			number_of(find_series(cell_of(few, 0), "filter-forward", directions[i]),
				  "p50"));
	}
	assert_near(counter_of("few", "calls.filter-forward.request"), 2 * PACKETS * calls, 0);
}

/* The node is found by its rules; and of a known flow a table of nat walks none. */
static void test_nat(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	const json_t *series;

	(void)state;
	need_method();
	write_experiment("routed", PING, ", \"chains\": [\"nat-postrouting\"]");
	finished = run("r");
	assert_status(finished, 0);
	summary = read_json("r", "summary.json");
	assert_true(is_valid(summary));
	series = find_series(cell_of(summary, 0), "nat-postrouting", "request");
	if (strcmp(method, "bracket"))
		assert_null(series);
	else
		assert_near(assert_each_packet(summary, "nat-postrouting", "request"), 1, 0);
}

/* Dropped by the rules: begun, never ended. */
static void test_dropped(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	const json_t *series;
	double seen;

	(void)state;
	need_method();
	write_experiment("bridge", PING ", \"timeout_ms\": 20",
			 ", \"chains\": [\"filter-forward\"], \"node\": \"host\"");
	finished = run("r", "--set", "topology.nodes.host.firewall.drop_percent=30");
	assert_status(finished, 3);
	summary = read_json("r", "summary.json");
	assert_false(is_valid(summary));
	assert_near(loss_of(summary, 0, "ring_drops"), 0, 0);
	if (strcmp(method, "bracket"))
		return;
	series = find_series(cell_of(summary, 0), "filter-forward", "request");
	seen = series ? number_of(series, "n") : 0;
	assert_true(seen < 2 * PACKETS);
	assert_true(loss_of(summary, 0, "incomplete") >= 2 * PACKETS - seen);
}

/* A bracket's hooks are held by descriptors: with the program they are gone. */
static void test_nothing_left(void **state)
{
	_holdings_ struct holdings *before = NULL;
	_finished_ struct finished finished = {};

	(void)state;
	need_method();
	write_experiment("bridge", PING, ", \"node\": \"host\"");
	before = holdings_new();
	finished = run("r");
	assert_status(finished, 0);
	assert_nothing_left(before);
}

static void test_refused(void **state)
{
	static const char *const methods[] = { "fentry", "kprobe", "bracket" };
	_finished_ struct finished doctor = {};

	(void)state;
	need_tracing();
	doctor = labrun("doctor");
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		_finished_ struct finished finished = {};
		char line[64], probe[64];

		snprintf(line, sizeof(line), "chain, %-11s MISSING", methods[i]);
		if (!strstr(doctor.out, line))
			continue;
		snprintf(probe, sizeof(probe), ", \"node\": \"host\", \"method\": \"%s\"",
			 methods[i]);
		write_experiment("bridge", PING, probe);
		finished = run("r");
		assert_status(finished, 77);
		snprintf(line, sizeof(line), "labrun: chain: %s: this kernel", methods[i]);
		assert_one_line(finished.error, line);
		assert_false(exists("r"));
		assert_false(exists("r.partial"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_rules),   program_test(test_nat),
		program_test(test_dropped), program_test(test_nothing_left),
		program_test(test_refused),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
