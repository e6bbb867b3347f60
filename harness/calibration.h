/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What one firing of the probe costs, from the blocks of a calibration: the same fixed count of
 * packets without a program, with an empty one, and with the real one. Paired by round, since the
 * three of one round share the clock frequency and what else the machine was doing.
 *
 * A probe that takes both times of a span itself has less than a firing within it: it tells by
 * spans with nothing in them how much.
 */

#include "harness/stats.h"

#include <jansson.h>
#include <stddef.h>

struct probe_block;

struct cost {
	double mean_ns; /* of one event; NAN if unknown */
	struct interval interval_ns; /* Student's t over rounds */
};

struct calibration {
	struct cost event, empty; /* the real program, the empty one */
	struct cost span; /* an empty one; NAN where the probe has no spans of its own */
	size_t rounds; /* that have both ends of `event` */
};

void calibration_estimate(const struct probe_block *blocks, size_t count, struct calibration *ret);
/* {"event_ns": {"mean", "ci95"}, "empty_ns": {...}, "rounds"}, "span_ns" where there is one; null
 * without any round. */
json_t *calibration_json(const struct calibration *calibration);
