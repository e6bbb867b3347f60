// SPDX-License-Identifier: GPL-2.0-only
/*
 * No loss is silent: packets that a firewall drops, events that find no room, cells that cannot be
 * built. Each is counted by name, and beyond the tolerance the measurement is not valid.
 */
#include "tests/netns/result_fixture.h"

#define PACKETS 1000 /* two batches of 500 */
#define PACKETS_TEXT "500"

#define UDP_ONE_WAY                                                                                \
	"load={\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\",\"one_way\":true,"             \
	"\"timeout_ms\":400}"

/* Through a host that drops so many in a hundred, with one more change. */
static struct finished run_lossy(unsigned drop_percent, const char *set)
{
	char firewall[96];

	snprintf(firewall, sizeof(firewall), "topology.nodes.host.firewall={\"drop_percent\":%u}",
		 drop_percent);
	return labrun("run", "routed", "--batches", "2", "--iterations", PACKETS_TEXT, "--out",
		      "result", "--quiet", "--set", "load.timeout_ms=400", "--set", firewall,
		      set ? "--set" : NULL, set);
}

static double samples_of(const json_t *summary, const char *name, const char *direction)
{
	return number_of(find_series(cell_of(summary, 0), name, direction), "n");
}

/*
 * A dropped request is missing in both directions, a dropped reply in one; the load misses either.
 * All that is known from three sides: the load's own count, the chains, the samples kept.
 */
static void assert_counts_agree(const json_t *summary, bool reply)
{
	double requests = samples_of(summary, "veth1", "request");
	double replies = reply ? samples_of(summary, "veth1", "reply") : requests;
	double received = loss_of(summary, 0, "received");

	assert_near(loss_of(summary, 0, "sent"), PACKETS, 0);
	assert_near(loss_of(summary, 0, "unanswered"), PACKETS - received, 0);
	assert_near(replies, received, 0);
	assert_near(loss_of(summary, 0, "incomplete"),
		    PACKETS - requests + (reply ? PACKETS - replies : 0), 0);
	assert_near(loss_of(summary, 0, "unaccounted"), 0, 0);
	assert_near(loss_of(summary, 0, "ring_drops"), 0, 0);
}

/* 1..5 % of a thousand there and back: none dropped, or a third, happens to nobody. */
static void test_dropped_packets(void **state)
{
	(void)state;
	need_tracing();
	for (unsigned percent = 1; percent <= 5; percent += 2) {
		_finished_ struct finished finished = run_lossy(percent, NULL);
		_json_ json_t *summary = NULL;

		assert_status(finished, 3);
		summary = read_json("result", "summary.json");
		assert_false(is_valid(summary));
		assert_counts_agree(summary, true);
		assert_in_range((uintmax_t)loss_of(summary, 0, "unanswered"), 1, PACKETS / 3);
		assert_says(finished.out, "incomplete");
		remove_tree("result");
	}
}

static void test_dropped_packets_one_way(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	finished = run_lossy(5, UDP_ONE_WAY);
	assert_status(finished, 3);
	summary = read_json("result", "summary.json");
	assert_false(is_valid(summary));
	assert_counts_agree(summary, false);
	assert_true(loss_of(summary, 0, "incomplete") > 0);
}

/* Without probes the load's own account is enough to tell. */
static void test_dropped_packets_without_probes(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	finished = run_lossy(5, "probes=[]");
	assert_status(finished, 3);
	summary = read_json("result", "summary.json");
	assert_false(is_valid(summary));
	assert_true(loss_of(summary, 0, "unanswered") > 0);
}

static void test_declared_tolerance(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	finished = run_lossy(3, "loss_tolerance=500");
	assert_measured(finished);
	summary = read_json("result", "summary.json");
	assert_true(is_valid(summary));
	assert_counts_agree(summary, true);
	assert_true(loss_of(summary, 0, "incomplete") > 0);
}

static void test_tolerance_too_small(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	finished = run_lossy(20, "loss_tolerance=1");
	assert_status(finished, 3);
}

static struct finished run_probed(const char *probes, const char *out)
{
	return labrun("run", "routed", "--batches", "2", "--iterations", "100", "--quiet", "--set",
		      probes, "--out", out);
}

/* What a log too small did not keep is known to the last event: a large one says how many. */
static void test_log_too_small(void **state)
{
	_finished_ struct finished large = {}, small = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	large = run_probed("probes=[{\"kind\":\"hops\"}]", "large");
	assert_measured(large);
	small = run_probed("probes=[{\"kind\":\"hops\",\"log_events\":100}]", "small");
	assert_status(small, 3);
	summary = read_json("small", "summary.json");
	assert_false(is_valid(summary));
	assert_true(loss_of(summary, 0, "ring_drops") > 0);
	assert_true(loss_of(summary, 0, "incomplete") > 0);
	assert_near(counter_of("small", "hops.events") + loss_of(summary, 0, "ring_drops"),
		    counter_of("large", "hops.events"), 0);
}

/* The path's MTU is known beforehand; fragments could not be told apart. */
static void test_fragments_are_refused(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	finished = labrun("run", "routed", "--set", "load.size=3000", "--out", "result");
	assert_status(finished, 2);
	assert_says(finished.error, "load.size");
	assert_int_equal(count_entries("."), 0);
}

static void assert_cell_failed(const json_t *summary, size_t cell, const char *why)
{
	json_t *error = json_object_get(cell_of(summary, cell), "error");

	assert_true(json_is_string(error));
	assert_says(json_string_value(error), why);
	assert_int_equal(json_array_size(json_object_get(cell_of(summary, cell), "series")), 0);
}

static void test_cell_that_cannot_be_built(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	finished = labrun("run", "routed", "--batches", "2", "--iterations", PACKETS_TEXT,
			  "--quiet", "--out", "result", "--set",
			  "sweep={\"topology.nodes.vm.routes[0].via\":"
			  "[\"198.19.255.1\",\"198.18.2.1\"]}");
	assert_status(finished, 4);
	summary = read_json("result", "summary.json");
	assert_false(is_valid(summary));
	assert_cell_failed(summary, 0, "node 'vm': add route default via 198.19.255.1");
	assert_true(json_is_null(json_object_get(cell_of(summary, 1), "error")));
	assert_near(number_of(find_series(cell_of(summary, 1), "router", "request"), "n"), PACKETS,
		    0);
	assert_near(loss_of(summary, 1, "incomplete"), 0, 0);
}

static void test_path_that_passes_nothing(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	finished = run_lossy(100, NULL);
	assert_status(finished, 4);
	summary = read_json("result", "summary.json");
	assert_cell_failed(summary, 0, "passes no packets");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_dropped_packets),
		program_test(test_dropped_packets_one_way),
		program_test(test_dropped_packets_without_probes),
		program_test(test_declared_tolerance),
		program_test(test_tolerance_too_small),
		program_test(test_log_too_small),
		program_test(test_fragments_are_refused),
		program_test(test_cell_that_cannot_be_built),
		program_test(test_path_that_passes_nothing),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
