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

static void trace_it(const char *path)
{
	_json_ json_t *journey = trace_json(path);

	assert_there_and_back(journey);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_trace_of_every_experiment),
		program_test(test_trace_shows_translation),
		program_test(test_trace_shows_tunnels),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
