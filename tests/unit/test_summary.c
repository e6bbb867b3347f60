// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/probe.h"
#include "harness/calibration.h"
#include "harness/cleanup.h"
#include "harness/summary.h"
#include "tests/test.h"

#include <string.h>

/* A summary of cells without errors and with no tolerance for loss. */
static json_t *build(const struct samples *samples, size_t cell_count,
		     const struct probe_block *blocks, size_t block_count)
{
	struct summary_cell cells[4] = { 0 };
	const struct summary_input input = { .experiment = "x",
					     .mode = "native",
					     .cells = cells,
					     .cell_count = cell_count,
					     .samples = samples,
					     .blocks = blocks,
					     .block_count = block_count };

	return summary_build(&input);
}

static const json_t *series_of(const json_t *summary, size_t cell, size_t index)
{
	const json_t *cells = json_object_get(summary, "cells");

	return json_array_get(json_object_get(json_array_get(cells, cell), "series"), index);
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

static double item(const json_t *object, const char *key, size_t index)
{
	const json_t *value = json_array_get(json_object_get(object, key), index);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* Three batches of unequal size, the middle one empty, another series making it a batch. */
static void add_uneven(struct samples *samples)
{
	uint32_t series = samples_series(samples, "veth1", DIRECTION_REQUEST, "ns");
	uint32_t other = samples_series(samples, "veth2", DIRECTION_REPLY, "ns");

	for (uint32_t i = 0; i < 10; i++)
		samples_add(samples, 0, 0, i, series, 10 - i);
	samples_add(samples, 0, 1, 0, other, 1);
	for (uint32_t i = 0; i < 4; i++)
		samples_add(samples, 0, 2, i, series, 20);
}

static void test_series(void **state)
{
	struct samples *samples = samples_new();
	_json_ json_t *summary = NULL;
	const json_t *row;

	(void)state;
	add_uneven(samples);
	summary = build(samples, 1, NULL, 0);
	row = series_of(summary, 0, 0);
	assert_string_equal(json_string_value(json_object_get(row, "name")), "veth1");
	assert_string_equal(json_string_value(json_object_get(row, "direction")), "request");
	assert_int_equal(json_integer_value(json_object_get(row, "n")), 14);
	assert_int_equal(json_array_size(json_object_get(row, "batches")), 3);
	assert_near(item(row, "batches", 0), 5.5, 0);
	assert_true(json_is_null(json_array_get(json_object_get(row, "batches"), 1)));
	assert_near(item(row, "batches", 2), 20, 0);
	/* The mean of batch means, not of all samples; t at one degree of freedom. */
	assert_near(number(row, "mean"), 12.75, 0);
	assert_near(item(row, "ci95", 0), 12.75 - 12.706204736174698 * 7.25, 1e-9);
	assert_near(item(row, "ci95", 1), 12.75 + 12.706204736174698 * 7.25, 1e-9);
	assert_near(number(row, "min"), 1, 0);
	assert_near(number(row, "p50"), 7, 0);
	assert_near(number(row, "p90"), 20, 0);
	assert_near(number(row, "p99"), 20, 0);
	assert_near(number(row, "max"), 20, 0);
	assert_near(number(row, "stddev"), sqrt((1985 - 135.0 * 135 / 14) / 13), 1e-12);
	row = json_object_get(row, "percentiles_by_batch");
	assert_near(item(row, "p50", 0), 5, 0);
	assert_true(json_is_null(json_array_get(json_object_get(row, "p50"), 1)));
	assert_near(item(row, "p99", 0), 10, 0);
	samples_free(samples);
}

static void test_shape(void **state)
{
	static const char expected[] =
		"{\"format\":1,\"experiment\":\"x\",\"mode\":\"native\",\"valid\":true,\"cells\":[{"
		"\"factors\":{},\"error\":null,\"series\":[{\"name\":\"a\",\"direction\":\"both\","
		"\"unit\":\"pps\",\"n\":1,\"batches\":[2.5],\"mean\":2.5,\"ci95\":null,"
		"\"stddev\":null,\"min\":2.5,\"p50\":2.5,\"p90\":2.5,\"p99\":2.5,\"max\":2.5,"
		"\"corrected_mean\":null,\"corrected_ci95\":null,\"correction\":null,"
		"\"percentiles_by_batch\":{\"p01\":[2.5],\"p50\":[2.5],\"p99\":[2.5]}}],\"loss\":{"
		"\"sent\":7,"
		"\"received\":0,\"background\":0,\"unanswered\":0,\"incomplete\":0,"
		"\"misordered\":0,\"duplicates\":0,\"damaged\":0,\"unstamped\":0,\"foreign\":0,"
		"\"ring_drops\":0,\"map_errors\":0,\"missed\":0,\"known_flows\":0,\"lost_flows\":0,"
		"\"unaccounted\":0},"
		"\"probe_cost\":null}]}";
	struct samples *samples = samples_new();
	_json_ json_t *summary = NULL;
	_free_ char *text = NULL;

	(void)state;
	samples_add(samples, 0, 0, 0, samples_series(samples, "a", DIRECTION_BOTH, "pps"), 2.5);
	samples_count(samples, 0, 0, "sent", 7);
	summary = build(samples, 1, NULL, 0);
	text = json_dumps(summary, JSON_COMPACT);
	assert_string_equal(text, expected);
	samples_free(samples);
}

/* The same values under series made known in another order, as they are when read from a file. */
static void test_deterministic(void **state)
{
	struct samples *first = samples_new(), *second = samples_new();
	_free_ char *first_text = NULL, *second_text = NULL;
	_json_ json_t *first_summary = NULL, *second_summary = NULL;

	(void)state;
	samples_series(first, "veth2", DIRECTION_REPLY, "ns");
	samples_series(first, "never", DIRECTION_REPLY, "ns");
	add_uneven(first);
	add_uneven(second);
	first_summary = build(first, 2, NULL, 0);
	second_summary = build(second, 2, NULL, 0);
	first_text = json_dumps(first_summary, 0);
	second_text = json_dumps(second_summary, 0);
	assert_string_equal(first_text, second_text);
	samples_free(first);
	samples_free(second);
}

static void test_not_finite(void **state)
{
	struct samples *samples = samples_new();
	uint32_t series = samples_series(samples, "a", DIRECTION_REQUEST, "ns");
	_json_ json_t *summary = NULL;
	_free_ char *text = NULL;
	const json_t *row;

	(void)state;
	samples_add(samples, 0, 0, 0, series, 1);
	samples_add(samples, 0, 1, 0, series, NAN);
	samples_add(samples, 0, 1, 1, series, 4);
	samples_add(samples, 0, 2, 0, series, INFINITY);
	samples_count(samples, 0, 0, "sent", INFINITY);
	summary = build(samples, 1, NULL, 0);
	row = series_of(summary, 0, 0);
	assert_true(json_is_null(json_array_get(json_object_get(row, "batches"), 1)));
	assert_true(json_is_null(json_array_get(json_object_get(row, "batches"), 2)));
	assert_true(json_is_null(json_object_get(row, "max")));
	assert_true(json_is_null(json_object_get(row, "stddev")));
	assert_false(summary_valid(summary));
	text = json_dumps(summary, 0);
	assert_non_null(text);
	samples_free(samples);
}

static void test_loss(void **state)
{
	static const struct {
		const char *name;
		double first, second, tolerance;
		bool valid;
	} cases[] = {
		{ "sent", 1000, 1000, 0, true },      { "received", 999, 1000, 0, true },
		{ "background", 5, 7, 0, true },      { "unanswered", 0, 1, 0, false },
		{ "incomplete", 1, 0, 0, false },     { "misordered", 0, 1, 0, false },
		{ "duplicates", 0, 1, 0, false },     { "unstamped", 0, 1, 0, false },
		{ "foreign", 0, 1, 0, false },	      { "ring_drops", 0, 1, 0, false },
		{ "map_errors", 0, 1, 0, false },     { "missed", 0, 1, 0, false },
		{ "unaccounted", 0, 1, 0, false },    { "unaccounted", 0, 0, 0, true },
		{ "unanswered", 2, 2, 2, true }, /* a batch each, not their sum */
		{ "unanswered", 2, 3, 2, false },     { "unanswered", 0, NAN, 2, false },
		{ "hooks.a.request", 9, 9, 0, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct samples *samples = samples_new();
		const struct summary_cell cell = { 0 };
		const struct summary_input input = { .experiment = "x",
						     .mode = "vm",
						     .cells = &cell,
						     .cell_count = 1,
						     .loss_tolerance = cases[i].tolerance,
						     .samples = samples };
		uint32_t series = samples_series(samples, "a", DIRECTION_REQUEST, "ns");
		_json_ json_t *summary = NULL;

		samples_add(samples, 0, 0, 0, series, 1);
		samples_count(samples, 0, 0, cases[i].name, cases[i].first);
		samples_count(samples, 0, 1, cases[i].name, cases[i].second);
		summary = summary_build(&input);
		assert_int_equal(summary_valid(summary), cases[i].valid);
		samples_free(samples);
	}
}

static void test_loss_sums(void **state)
{
	struct samples *samples = samples_new();
	_json_ json_t *summary = NULL;
	const json_t *loss;

	(void)state;
	samples_count(samples, 0, 0, "missed", 2);
	samples_count(samples, 0, 3, "missed", 3);
	samples_count(samples, 1, 0, "missed", 50);
	summary = build(samples, 1, NULL, 0);
	loss = json_object_get(json_array_get(json_object_get(summary, "cells"), 0), "loss");
	assert_int_equal(json_object_size(loss), LOSS_COUNT);
	assert_int_equal(json_integer_value(json_object_get(loss, "missed")), 5);
	samples_free(samples);
}

static void test_failed_cells(void **state)
{
	struct samples *samples = samples_new();
	_json_ json_t *factors = json_pack("{s:i}", "a.mtu", 1500);
	const struct summary_cell cells[] = { { .factors = factors },
					      { .factors = factors, .error = "cut sh\xc3" } };
	struct summary_input input = { .experiment = "x",
				       .mode = "native",
				       .cells = cells,
				       .cell_count = 2,
				       .samples = samples };
	uint32_t series = samples_series(samples, "a", DIRECTION_REQUEST, "ns");
	_json_ json_t *failed = NULL, *good = NULL, *empty = NULL, *none = NULL;
	const json_t *cell;

	(void)state;
	samples_add(samples, 0, 0, 0, series, 1);
	failed = summary_build(&input);
	assert_false(summary_valid(failed));
	cell = json_array_get(json_object_get(failed, "cells"), 1);
	/* A message cut in the middle of a character is not a missing cell. */
	assert_string_equal(json_string_value(json_object_get(cell, "error")), "cut sh?");
	assert_true(json_equal(json_object_get(cell, "factors"), factors));
	input.cell_count = 1;
	good = summary_build(&input);
	assert_true(summary_valid(good));
	empty = build(samples, 2, NULL, 0); /* the second has no samples */
	assert_false(summary_valid(empty));
	none = build(samples, 0, NULL, 0);
	assert_false(summary_valid(none));
	samples_free(samples);
}

/* Rounds in which an event costs 100, 110 and 120 ns and an empty one 40, 50 and 45, with four
 * events a packet; the machine itself gets slower from round to round. */
static size_t make_blocks(struct probe_block *blocks)
{
	static const uint64_t off_ns[] = { 1000, 2000, 3000 };
	static const uint64_t full_ns[] = { 100, 110, 120 }, empty_ns[] = { 40, 50, 45 };
	size_t count = 0;

	for (unsigned round = 0; round < 3; round++) {
		blocks[count++] = (struct probe_block){
			round, BLOCK_FULL, 500, 2000, off_ns[round] + 4 * full_ns[round], ""
		};
		blocks[count++] =
			(struct probe_block){ round, BLOCK_OFF, 250, 0, off_ns[round], "" };
		blocks[count++] = (struct probe_block){
			round, BLOCK_EMPTY, 1000, 0, off_ns[round] + 4 * empty_ns[round], ""
		};
	}
	return count;
}

static void test_calibration(void **state)
{
	struct probe_block blocks[10];
	size_t count = make_blocks(blocks);
	struct calibration calibration;

	(void)state;
	calibration_estimate(blocks, count, &calibration);
	assert_int_equal(calibration.rounds, 3);
	assert_near(calibration.event.mean_ns, 110, 1e-9);
	assert_near(calibration.empty.mean_ns, 45, 1e-9);
	assert_near(calibration.event.interval_ns.high - 110, 4.302652729749464 * 10 / sqrt(3),
		    1e-9);
	/* A round without its other end is left out. */
	blocks[count++] = (struct probe_block){ 9, BLOCK_FULL, 10, 40, 1000000, "" };
	calibration_estimate(blocks, count, &calibration);
	assert_int_equal(calibration.rounds, 3);
	assert_near(calibration.event.mean_ns, 110, 1e-9);
	calibration_estimate(NULL, 0, &calibration);
	assert_int_equal(calibration.rounds, 0);
	assert_true(isnan(calibration.event.mean_ns));
}

static void test_correction(void **state)
{
	struct samples *samples = samples_new();
	uint32_t series = samples_series(samples, "veth1", DIRECTION_REQUEST, "ns");
	uint32_t uncounted = samples_series(samples, "veth2", DIRECTION_REQUEST, "ns");
	uint32_t rate = samples_series(samples, "rate", DIRECTION_REQUEST, "pps");
	struct probe_block blocks[9];
	_json_ json_t *summary = NULL;
	const json_t *row, *correction;
	double half, off_half;

	(void)state;
	for (uint32_t batch = 0; batch < 2; batch++) {
		for (uint32_t i = 0; i < 10; i++) {
			samples_add(samples, 0, batch, i, series, 5000 + 100 * batch);
			samples_add(samples, 0, batch, i, uncounted, 1);
			samples_add(samples, 0, batch, i, rate, 1);
		}
		samples_count(samples, 0, batch, "hooks.veth1.request", 20);
		samples_count(samples, 0, batch, "hooks.veth1.reply", 1000);
		samples_count(samples, 0, batch, "hooks.rate.request", 20);
	}
	summary = build(samples, 1, blocks, make_blocks(blocks));
	row = series_of(summary, 0, 0);
	half = 12.706204736174698 * 50;
	off_half = 2 * 4.302652729749464 * 10 / sqrt(3);
	assert_near(number(row, "mean"), 5050, 0);
	assert_near(number(row, "corrected_mean"), 5050 - 2 * 110, 1e-9);
	assert_near(item(row, "corrected_ci95", 1), 4830 + hypot(half, off_half), 1e-6);
	correction = json_object_get(row, "correction");
	assert_near(number(correction, "mean"), 220, 1e-9);
	assert_near(number(correction, "hooks_per_packet"), 2, 0);
	assert_near(item(correction, "ci95", 0), 220 - off_half, 1e-9);
	assert_true(json_is_null(json_object_get(series_of(summary, 0, 1), "corrected_mean")));
	assert_true(json_is_null(json_object_get(series_of(summary, 0, 2), "corrected_mean")));
	assert_true(json_is_null(json_object_get(series_of(summary, 0, 2), "correction")));
	row = json_object_get(json_array_get(json_object_get(summary, "cells"), 0), "probe_cost");
	assert_near(number(json_object_get(row, "event_ns"), "mean"), 110, 1e-9);
	assert_near(number(json_object_get(row, "empty_ns"), "mean"), 45, 1e-9);
	assert_int_equal(json_integer_value(json_object_get(row, "rounds")), 3);
	samples_free(samples);
}

/* A probe that takes both times itself: a call has an empty span in it, not a whole firing. */
static void test_calls(void **state)
{
	struct samples *samples = samples_new();
	uint32_t series = samples_series(samples, "nat-prerouting", DIRECTION_REQUEST, "ns");
	struct probe_block blocks[11];
	size_t count = make_blocks(blocks);
	_json_ json_t *summary = NULL;
	const json_t *row, *cost;

	(void)state;
	blocks[count++] = (struct probe_block){ 0, BLOCK_SPAN, 1000, 1000, 70, "" };
	blocks[count++] = (struct probe_block){ 1, BLOCK_SPAN, 1000, 1000, 90, "" };
	for (uint32_t i = 0; i < 10; i++)
		samples_add(samples, 0, 0, i, series, 1000);
	samples_count(samples, 0, 0, "calls.nat-prerouting.request", 20);
	samples_count(samples, 0, 0, "method.bracket", 1);
	summary = build(samples, 1, blocks, count);
	row = series_of(summary, 0, 0);
	assert_near(number(row, "calls_per_packet"), 2, 0);
	assert_near(number(row, "corrected_mean"), 1000 - 2 * 80, 1e-9);
	assert_near(number(json_object_get(row, "correction"), "calls_per_packet"), 2, 0);
	assert_string_equal(json_string_value(json_object_get(row, "method")), "bracket");
	cost = json_object_get(json_array_get(json_object_get(summary, "cells"), 0), "probe_cost");
	assert_near(number(json_object_get(cost, "span_ns"), "mean"), 80, 1e-9);
	assert_near(number(json_object_get(cost, "event_ns"), "mean"), 110, 1e-9);
	assert_int_equal(json_integer_value(json_object_get(cost, "rounds")), 3);
	samples_free(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series),	      cmocka_unit_test(test_shape),
		cmocka_unit_test(test_deterministic), cmocka_unit_test(test_not_finite),
		cmocka_unit_test(test_loss),	      cmocka_unit_test(test_loss_sums),
		cmocka_unit_test(test_failed_cells),  cmocka_unit_test(test_calibration),
		cmocka_unit_test(test_correction),    cmocka_unit_test(test_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
