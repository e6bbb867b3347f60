// SPDX-License-Identifier: GPL-2.0-only
/* What `labrun load` makes of a report: which packets were due, which are lost, what a packet cost.
 */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/cmd_load_summary.h"

#include <math.h>
#include <string.h>

extern const struct load_ops load_udp;

#define COUNT 100

struct fixture {
	struct load_common common;
	uint64_t udp_params[8];
	struct topology topology;
	struct experiment experiment;
	struct load_report *report;
	struct run_live live;
};

/* 100 packets a millisecond apart, all answered but the last five. */
static void fixture_init(struct fixture *fixture)
{
	*fixture = (struct fixture){ .common = { .from = "a", .to = "b" },
				     .topology = { .name = "line" } };
	fixture->experiment = (struct experiment){ .topology = &fixture->topology,
						   .packets = COUNT,
						   .interval_ps = 1000000000,
						   .seed = 9 };
	fixture->experiment.load = (struct chosen){ .kind = &load_udp.kind,
						    .params = fixture->udp_params,
						    .common = &fixture->common };
	fixture->report = calloc(1, sizeof(*fixture->report) + 2 * COUNT * sizeof(uint64_t));
	fixture->report->count = COUNT;
	fixture->report->sent = COUNT;
	fixture->report->received = COUNT - 5;
	fixture->report->driver_cpu_ns = 200000;
	fixture->report->server_cpu_ns = 95000;
	for (uint64_t i = 0; i < COUNT; i++) {
		load_round_trip_ns(fixture->report)[i] = i < COUNT - 5 ? 1000 + i : UINT64_MAX;
		spread_add(&fixture->report->lateness_ns, 10);
	}
	fixture->live = (struct run_live){ .experiment = &fixture->experiment,
					   .report = fixture->report,
					   .received = COUNT - 5,
					   .elapsed_s = 0.099,
					   .ended = true };
}

static void test_whole(void **state)
{
	struct fixture fixture;
	struct load_summary summary;
	_json_ json_t *json = NULL;

	(void)state;
	fixture_init(&fixture);
	summary = load_summary_make(&fixture.live);
	assert_float_equal(summary.offered, COUNT, 0);
	assert_float_equal(summary.lost, 5, 0);
	assert_float_equal(summary.asked_pps, 1000, 1e-9);
	assert_float_equal(summary.achieved_pps, 1000, 1e-9);
	assert_float_equal(summary.driver_cpu_ns, 2000, 1e-9);
	assert_float_equal(summary.server_cpu_ns, 1000, 1e-9);
	assert_float_equal(summary.error.max_ns, 10, 0);
	assert_float_equal(summary.round_trip.p50_ns, 1047, 0);
	assert_float_equal(summary.round_trip.max_ns, 1094, 0);
	json = load_summary_json(&summary);
	assert_int_equal(json_integer_value(json_object_get(json, "lost_packets")), 5);
	assert_int_equal(json_integer_value(json_object_get(json, "seed")), 9);
	load_summary_done(&summary);
	free(fixture.report);
}

/* Of a pass that ends early only what was due until then was offered. */
static void test_interrupted(void **state)
{
	struct fixture fixture;
	struct load_summary summary;

	(void)state;
	fixture_init(&fixture);
	fixture.live.interrupted = true;
	fixture.live.elapsed_s = 0.0495;
	fixture.report->sent = 50;
	summary = load_summary_make(&fixture.live);
	assert_float_equal(summary.offered, 50, 0);
	load_summary_done(&summary);
	fixture.live.elapsed_s = 10;
	summary = load_summary_make(&fixture.live);
	assert_float_equal(summary.offered, COUNT, 0);
	load_summary_done(&summary);
	free(fixture.report);
}

/* Flat out until a time is up: offered is what was tried, and no rate was asked for. */
static void test_flat_out(void **state)
{
	struct fixture fixture;
	struct load_summary summary;
	_json_ json_t *json = NULL;

	(void)state;
	fixture_init(&fixture);
	fixture.experiment.interval_ps = 0;
	fixture.experiment.duration_ns = 99000000;
	fixture.experiment.packets = 1u << 31;
	fixture.report->send_errors = 3;
	summary = load_summary_make(&fixture.live);
	assert_float_equal(summary.offered, COUNT + 3, 0);
	json = load_summary_json(&summary);
	assert_true(json_is_null(json_object_get(json, "asked_pps")));
	load_summary_done(&summary);
	free(fixture.report);
}

/* Nothing sent: no rate, no cost, no number that is none. */
static void test_nothing(void **state)
{
	struct fixture fixture;
	struct load_summary summary;
	_json_ json_t *json = NULL;

	(void)state;
	fixture_init(&fixture);
	memset(fixture.report, 0, sizeof(*fixture.report));
	fixture.live.received = 0;
	fixture.live.elapsed_s = 0;
	summary = load_summary_make(&fixture.live);
	json = load_summary_json(&summary);
	assert_true(json_is_null(json_object_get(json, "achieved_pps")));
	assert_true(json_is_null(json_object_get(json, "driver_cpu_ns_per_packet")));
	assert_true(json_is_null(json_object_get(json, "send_error_ns")));
	assert_true(json_is_null(json_object_get(json, "round_trip_ns")));
	load_summary_done(&summary);
	free(fixture.report);
}

static void test_text(void **state)
{
	struct fixture fixture;
	struct load_summary summary;
	_free_ char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	fixture_init(&fixture);
	summary = load_summary_make(&fixture.live);
	json_array_append_new(summary.drops,
			      json_pack("{s:s, s:s, s:s, s:i}", "node", "b", "device", "eth0",
					"where", "no socket", "packets", 5));
	load_summary_print(&summary, out);
	fclose(out);
	assert_non_null(strstr(text, "udp from a to b through line, 0.099 s\n"));
	assert_non_null(strstr(text, "  lost           5 (5 %)\n"));
	assert_non_null(strstr(text, "    5            b, eth0: no socket\n"));
	assert_non_null(
		strstr(text, "  rate           1.000 kpps of 1.000 kpps asked (100.00 %)\n"));
	assert_null(strstr(text, "duplicates"));
	load_summary_done(&summary);
	free(fixture.report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),	 cmocka_unit_test(test_interrupted),
		cmocka_unit_test(test_flat_out), cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
