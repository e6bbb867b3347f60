// SPDX-License-Identifier: GPL-2.0-only
#include "calibration.h"

#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/summary_json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CONDITIONS = BLOCK_FULL + 1 };

/* All blocks of one round; a condition may have been visited more than once in it. */
struct round {
	double packets[CONDITIONS], events[CONDITIONS], total_ns[CONDITIONS];
};

static int compare_rounds(const void *left, const void *right)
{
	const struct probe_block *a = left, *b = right;

	return (a->round > b->round) - (a->round < b->round);
}

/* Adds up the blocks of the round that begins at `blocks`; how many they are. */
static size_t gather_round(const struct probe_block *blocks, size_t count, struct round *ret)
{
	size_t i;

	*ret = (struct round){ 0 };
	for (i = 0; i < count && blocks[i].round == blocks[0].round; i++) {
		if ((unsigned)blocks[i].condition >= CONDITIONS)
			continue;
		ret->packets[blocks[i].condition] += (double)blocks[i].packets;
		ret->events[blocks[i].condition] += (double)blocks[i].events;
		ret->total_ns[blocks[i].condition] +=
			(double)(blocks[i].packets * blocks[i].packet_ns);
	}
	return i;
}

/* An empty program cannot count its own firings: where it has none noted, those of the real one in
 * the same round stand in, being at the same hooks with the same traffic. NAN if there is none. */
static double event_cost_ns(const struct round *round, unsigned condition)
{
	unsigned counted = round->events[condition] > 0 ? condition : BLOCK_FULL;
	double off_ns = round->total_ns[BLOCK_OFF] / round->packets[BLOCK_OFF];
	double on_ns = round->total_ns[condition] / round->packets[condition];
	double cost_ns = (on_ns - off_ns) / (round->events[counted] / round->packets[counted]);

	return isfinite(cost_ns) ? cost_ns : NAN;
}

/* Spans are measured one by one, with nothing to be taken off. */
static size_t gather_spans(const struct probe_block *blocks, size_t count, double *spans_ns)
{
	size_t span_count = 0;

	for (size_t i = 0; i < count; i++)
		if (blocks[i].condition == BLOCK_SPAN)
			spans_ns[span_count++] = (double)blocks[i].packet_ns;
	return span_count;
}

static struct cost summarise(const double *costs_ns, size_t count)
{
	return (struct cost){ .mean_ns = stats_mean(costs_ns, count),
			      .interval_ns = stats_mean_interval(costs_ns, count) };
}

void calibration_estimate(const struct probe_block *blocks, size_t count, struct calibration *ret)
{
	_free_ struct probe_block *ordered = calloc(count + 1, sizeof(*ordered));
	_free_ double *full = calloc(count + 1, sizeof(*full));
	_free_ double *empty = calloc(count + 1, sizeof(*empty));
	_free_ double *spans = calloc(count + 1, sizeof(*spans));
	size_t full_count = 0, empty_count = 0, span_count;

	if (!ordered || !full || !empty || !spans)
		abort();
	if (count)
		memcpy(ordered, blocks, count * sizeof(*ordered));
	qsort(ordered, count, sizeof(*ordered), compare_rounds);
	for (size_t i = 0; i < count;) {
		struct round round;

		i += gather_round(&ordered[i], count - i, &round);
		full[full_count] = event_cost_ns(&round, BLOCK_FULL);
		full_count += !isnan(full[full_count]);
		empty[empty_count] = event_cost_ns(&round, BLOCK_EMPTY);
		empty_count += !isnan(empty[empty_count]);
	}
	span_count = gather_spans(blocks, count, spans);
	*ret = (struct calibration){ .event = summarise(full, full_count),
				     .empty = summarise(empty, empty_count),
				     .span = summarise(spans, span_count),
				     .rounds = full_count };
}

static json_t *cost_json(const struct cost *cost)
{
	return json_pack("{s:o, s:o}", "mean", summary_number(cost->mean_ns), "ci95",
			 summary_interval(cost->interval_ns));
}

json_t *calibration_json(const struct calibration *calibration)
{
	json_t *json;

	if (!calibration->rounds)
		return json_null();
	json = json_pack("{s:o, s:o, s:I}", "event_ns", cost_json(&calibration->event), "empty_ns",
			 cost_json(&calibration->empty), "rounds", (json_int_t)calibration->rounds);
	if (!isnan(calibration->span.mean_ns))
		json_object_set_new(json, "span_ns", cost_json(&calibration->span));
	return json;
}
