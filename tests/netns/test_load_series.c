// SPDX-License-Identifier: GPL-2.0-only
/* Which series a run of each kind of load gives, and that they agree with one another. */
#include "tests/netns/result_fixture.h"

#define PACKETS 400

struct expected {
	const char *load; /* the rest of its members */
	bool bulk; /* only root may follow where its packets are dropped */
	const char *series[10], *absent[6];
};

static const struct expected loads[] = {
	{ .load = "\"kind\": \"tcp\", \"interval_us\": 200, \"connections\": 3",
	  .series = { "rtt", "latency", "lateness" },
	  .absent = { "connect_p50", "throughput", "sent" } },
	{ .load = "\"kind\": \"tcp\", \"interval_us\": 0, \"requests_per_connection\": 2",
	  .series = { "rtt", "latency", "lateness", "connect_p50", "connect_p99", "connect_max" } },
	{ .load = "\"kind\": \"tcp\", \"mode\": \"stream\", \"rate\": \"100Mbit\", "
		  "\"request_bytes\": \"10kB\"",
	  .bulk = true,
	  .series = { "throughput", "lateness_p50", "lateness_p99", "lateness_max", "driver_cpu",
		      "server_cpu" },
	  .absent = { "rtt", "latency", "lateness", "sent", "delivered" } },
	{ .load = "\"kind\": \"udp\", \"interval_us\": 200",
	  .series = { "rtt", "lateness" },
	  .absent = { "latency", "one_way_p50" } },
	{ .load = "\"kind\": \"udp\", \"interval_us\": 200, \"one_way\": true, "
		  "\"receive_timestamps\": true",
	  .series = { "lateness", "one_way_p50", "one_way_p99", "one_way_max" },
	  .absent = { "rtt" } },
	{ .load = "\"kind\": \"udp\", \"rate\": 5000, \"one_way\": true, \"burst\": 4, \"gso\": 2, "
		  "\"receive_timestamps\": true",
	  .bulk = true,
	  .series = { "sent", "delivered", "lateness_p50", "lateness_p99", "lateness_max",
		      "one_way_p50", "one_way_p99", "one_way_max", "driver_cpu", "server_cpu" },
	  .absent = { "rtt", "lateness", "throughput" } },
};

static double mean_of(const json_t *cell, const char *series)
{
	return number_of(find_series(cell, series, "both"), "mean");
}

static void check_series(const json_t *cell, const struct expected *expected)
{
	for (size_t i = 0; i < ARRAY_SIZE(expected->series) && expected->series[i]; i++)
		if (!find_series(cell, expected->series[i], "both"))
			fail_msg("%s: no %s", expected->load, expected->series[i]);
	for (size_t i = 0; i < ARRAY_SIZE(expected->absent) && expected->absent[i]; i++)
		if (find_series(cell, expected->absent[i], "both"))
			fail_msg("%s: %s", expected->load, expected->absent[i]);
}

/* What a request waited and what it took then are what it took in all. */
static void check_sums(const json_t *cell)
{
	double sum = mean_of(cell, "lateness") + mean_of(cell, "rtt");

	assert_near(mean_of(cell, "latency"), sum, sum * 1e-9);
}

static void check_percentiles(const json_t *cell, const char *name)
{
	char p50[64], p99[64], max[64];

	snprintf(p50, sizeof(p50), "%s_p50", name);
	snprintf(p99, sizeof(p99), "%s_p99", name);
	snprintf(max, sizeof(max), "%s_max", name);
	if (!find_series(cell, p50, "both"))
		return;
	assert_true(mean_of(cell, p50) >= 0);
	assert_true(mean_of(cell, p50) <= mean_of(cell, p99));
	assert_true(mean_of(cell, p99) <= mean_of(cell, max));
}

static void test_series(void **state)
{
	const struct expected *expected = about_of(state);
	_finished_ struct finished finished = {};
	_free_ char *text = NULL;
	_json_ json_t *summary = NULL;
	json_t *cell;

	if (expected->bulk)
		need_tracing();
	assert_true(asprintf(&text,
			     "{ \"name\": \"x\", \"topology\": \"routed\", \"iterations\": %d, "
			     "\"batches\": 2, \"load\": { \"from\": \"vm\", \"to\": \"internet\", "
			     "%s } }",
			     PACKETS, expected->load) > 0);
	write_text("x.json", text);
	finished = labrun("run", "x.json", "--out", "result");
	assert_status(finished, 0);
	summary = read_json("result", "summary.json");
	cell = cell_of(summary, 0);
	check_series(cell, expected);
	if (find_series(cell, "latency", "both"))
		check_sums(cell);
	check_percentiles(cell, "lateness");
	check_percentiles(cell, "one_way");
	check_percentiles(cell, "connect");
	assert_near(loss_of(summary, 0, "sent"), 2 * PACKETS, 0);
	assert_near(loss_of(summary, 0, "received"), 2 * PACKETS, 0);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(loads)];
	int status = run_prepare();

	if (status)
		return status;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
		tests[i] = (struct CMUnitTest){ loads[i].load, test_series, enter_work_folder,
						leave_work_folder, (void *)&loads[i] };
	return _cmocka_run_group_tests("series of loads", tests, ARRAY_SIZE(tests), NULL, NULL);
}
