// SPDX-License-Identifier: GPL-2.0-only
/*
 * `labrun trace`: one packet's journey, there and back, with what NAT and tunnels did to it.
 */
#include "tests/netns/result_fixture.h"

static bool has_hop(const json_t *journey, const char *node, const char *key, const char *value)
{
	const json_t *hop;
	size_t i;

	json_array_foreach (journey, i, hop) {
		const char *text = json_string_value(json_object_get(hop, key));

		if (text && !strcmp(text, value) &&
		    (!node || !strcmp(json_string_value(json_object_get(hop, "node")), node)))
			return true;
	}
	return false;
}

static json_t *trace_json(const char *experiment)
{
	_finished_ struct finished finished = labrun("trace", "--json", experiment);
	json_t *journey = json_loads(finished.out, 0, NULL);

	assert_status(finished, 0);
	assert_string_equal(finished.error, "");
	if (!journey)
		fail_msg("no JSON: %s", finished.out);
	return journey;
}

static void assert_there_and_back(const json_t *journey)
{
	json_int_t before = 0;
	const json_t *hop;
	size_t i;

	assert_true(has_hop(journey, NULL, "type", "request"));
	assert_true(has_hop(journey, NULL, "type", "reply"));
	assert_false(has_hop(journey, NULL, "node", "?"));
	assert_false(has_hop(journey, NULL, "interface", "?"));
	json_array_foreach (journey, i, hop) {
		json_int_t now = json_integer_value(json_object_get(hop, "time_ns"));

		assert_true(now >= before);
		before = now;
	}
}

/* Experiments of loads alone have nothing to trace by. */
static bool has_hops(const char *path)
{
	_json_ json_t *experiment = json_load_file(path, 0, NULL);
	const json_t *probe;
	size_t i;

	json_array_foreach (json_object_get(experiment, "probes"), i, probe)
		if (!strcmp(json_string_value(json_object_get(probe, "kind")), "hops"))
			return true;
	return false;
}

static void trace_it(const char *path)
{
	_finished_ struct finished refused = {};
	_json_ json_t *journey = NULL;

	if (has_hops(path)) {
		journey = trace_json(path);
		assert_there_and_back(journey);
		return;
	}
	refused = labrun("trace", path);
	assert_status(refused, 2);
	assert_one_line(refused.error, "the probe hops");
}

static void test_trace_of_every_experiment(void **state)
{
	_finished_ struct finished text = {};

	(void)state;
	need_tracing();
	each_file("experiments", trace_it);
	text = labrun("trace", "routed");
	assert_status(text, 0);
	assert_says(text.out, "198.18.2.10 -> 198.18.8.8");
	assert_says(text.out, "net_dev_start_xmit");
	assert_string_equal(text.error, "");
	assert_int_equal(count_entries("."), 0);
}

/* The vm's address up to the NAT node, that one's up to the host, the host's beyond. */
static void test_trace_shows_translation(void **state)
{
	_json_ json_t *journey = NULL;

	(void)state;
	need_tracing();
	journey = trace_json("nat");
	assert_true(has_hop(journey, "vm", "source", "198.18.1.10"));
	assert_true(has_hop(journey, "nat", "source", "198.18.2.10"));
	assert_false(has_hop(journey, "host", "source", "198.18.1.10"));
	assert_true(has_hop(journey, "host", "source", "198.18.8.1"));
	assert_false(has_hop(journey, "internet", "source", "198.18.2.10"));
	assert_true(has_hop(journey, "internet", "destination", "198.18.8.1"));
	assert_true(has_hop(journey, "vm", "destination", "198.18.1.10"));
}

static void test_trace_shows_tunnels(void **state)
{
	_json_ json_t *vxlan = NULL, *routed = NULL;

	(void)state;
	need_tracing();
	vxlan = trace_json("vxlan");
	assert_true(has_hop(vxlan, "router", "type", "tunnel"));
	assert_false(has_hop(vxlan, "router", "type", "request"));
	assert_false(has_hop(vxlan, "vm1", "type", "tunnel"));
	assert_true(has_hop(vxlan, "router", "source", "198.18.100.1"));
	assert_true(has_hop(vxlan, "vm2", "source", "198.18.4.1"));
	routed = trace_json("routed");
	assert_false(has_hop(routed, NULL, "type", "tunnel"));
}

/* Times are whole nanoseconds, in microseconds. */
static json_int_t nanoseconds(const json_t *event, const char *key)
{
	double microseconds = number_of(event, key);
	json_int_t ns = llround(microseconds * 1000);

	assert_true(ns >= 0);
	assert_near(microseconds * 1000, (double)ns, 1e-3);
	return ns;
}

static bool has_phase(const json_t *event, const char *phase)
{
	return !strcmp(json_string_value(json_object_get(event, "ph")), phase);
}

static bool same_track(const json_t *one, const json_t *other)
{
	return json_equal(json_object_get(one, "pid"), json_object_get(other, "pid")) &&
	       json_equal(json_object_get(one, "tid"), json_object_get(other, "tid"));
}

/* An event of that phase on the track of `like`, at that time. */
static const json_t *find_event(const json_t *events, const char *phase, const json_t *like,
				json_int_t at_ns)
{
	const json_t *event;
	size_t i;

	json_array_foreach (events, i, event)
		if (has_phase(event, phase) && same_track(event, like) &&
		    nanoseconds(event, "ts") == at_ns)
			return event;
	return NULL;
}

static size_t count_named(const json_t *events, const char *phase, const char *name,
			  const char *direction)
{
	const json_t *event;
	size_t i, count = 0;

	json_array_foreach (events, i, event)
		count += has_phase(event, phase) &&
			 !strcmp(json_string_value(json_object_get(event, "name")), name) &&
			 !strcmp(json_string_value(json_object_get(event, "cat")), direction);
	return count;
}

/* What the format asks of each event, whatever its phase. */
static void assert_event(const json_t *events, const json_t *event)
{
	static const char known[] = "MiXstf";
	const char *phase = json_string_value(json_object_get(event, "ph"));

	assert_non_null(phase);
	assert_int_equal(strlen(phase), 1);
	assert_non_null(strchr(known, *phase));
	assert_true(json_is_string(json_object_get(event, "name")));
	assert_true(json_is_string(json_object_get(event, "cat")));
	assert_true(json_is_integer(json_object_get(event, "pid")));
	assert_true(json_is_integer(json_object_get(event, "tid")));
	nanoseconds(event, "ts");
	if (*phase == 'X')
		nanoseconds(event, "dur");
	if (*phase == 'i')
		assert_string_equal(json_string_value(json_object_get(event, "s")), "t");
	/* A flow's event is nothing without the slice that it begins with. */
	if (strchr("stf", *phase))
		assert_non_null(find_event(events, "X", event, nanoseconds(event, "ts")));
	/* A segment begins with a hop at its own device. */
	if (*phase == 'X')
		assert_non_null(find_event(events, "i", event, nanoseconds(event, "ts")));
}

/* Slices of a track that overlap without one being within the other would not be drawn. */
static void assert_nested(const json_t *events, const json_t *slice)
{
	json_int_t from = nanoseconds(slice, "ts"), to = from + nanoseconds(slice, "dur");
	const json_t *other;
	size_t i;

	json_array_foreach (events, i, other) {
		json_int_t begin, end;

		if (!has_phase(other, "X") || !same_track(slice, other))
			continue;
		begin = nanoseconds(other, "ts");
		end = begin + nanoseconds(other, "dur");
		assert_true(end <= from || begin >= to || (begin <= from && end >= to) ||
			    (begin >= from && end <= to));
	}
}

static void assert_flow(const json_t *events)
{
	json_int_t before = -1;
	const json_t *event;
	size_t i, begun = 0, ended = 0;

	json_array_foreach (events, i, event) {
		const char *phase = json_string_value(json_object_get(event, "ph"));

		if (!strchr("stf", *phase))
			continue;
		assert_true(nanoseconds(event, "ts") > before);
		before = nanoseconds(event, "ts");
		begun += *phase == 's';
		assert_int_equal(begun, 1);
		assert_int_equal(ended, 0);
		ended += *phase == 'f';
	}
	assert_int_equal(ended, 1);
}

static void test_perfetto(void **state)
{
	static const char *const segments[] = { "veth1",  "vxlan",     "encap", "underlay1",
						"router", "underlay2", "decap", "bridge",
						"veth2",  "tunnel" };
	_finished_ struct finished finished = {};
	_json_ json_t *trace = NULL, *journey = NULL;
	const json_t *events, *event;
	size_t i;

	(void)state;
	need_tracing();
	finished = labrun("trace", "--json", "--perfetto", "trace.json", "vxlan");
	assert_status(finished, 0);
	assert_string_equal(finished.error, "");
	assert_int_equal(count_entries("."), 1);
	journey = json_loads(finished.out, 0, NULL);
	trace = read_json(".", "trace.json");
	events = json_object_get(trace, "traceEvents");
	assert_true(json_array_size(journey) > 20);
	json_array_foreach (events, i, event) {
		assert_event(events, event);
		if (has_phase(event, "X"))
			assert_nested(events, event);
	}
	for (i = 0; i < ARRAY_SIZE(segments); i++) {
		assert_int_equal(count_named(events, "X", segments[i], "request"), 1);
		assert_int_equal(count_named(events, "X", segments[i], "reply"), 1);
	}
	assert_flow(events);
	/* Every hop of the table is there. */
	i = 0;
	for (size_t at = 0; at < json_array_size(events); at++) {
		event = json_array_get(events, at);
		if (has_phase(event, "i"))
			assert_true(json_equal(json_object_get(event, "args"),
					       json_array_get(journey, i++)));
	}
	assert_int_equal(i, json_array_size(journey));
}

static void test_perfetto_whole_or_not(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	assert_int_equal(mkdir("there", 0755), 0);
	finished = labrun("trace", "--perfetto", "there", "vxlan");
	assert_status(finished, 4);
	assert_one_line(finished.error, "there");
	assert_string_equal(finished.out, "");
	assert_int_equal(count_entries("."), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_trace_of_every_experiment),
		program_test(test_trace_shows_translation),
		program_test(test_trace_shows_tunnels),
		program_test(test_perfetto),
		program_test(test_perfetto_whole_or_not),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
