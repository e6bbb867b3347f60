/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The parts that summary.json is put together from; inside the summary only. */

#include "harness/calibration.h"
#include "harness/grouped.h"

#include <jansson.h>
#include <stdbool.h>

/* JSON has no NaN and no infinity: null. */
json_t *summary_number(double value);
/* Counts are whole numbers and read better as such. */
json_t *summary_count(double count);
/* null for NULL. What is not UTF-8 (a tool's message, or one cut short) gets '?' for its bytes that
 * are not ASCII: jansson would refuse it and the cell would be missing. */
json_t *summary_text(const char *text);
/* [low, high]; null if it is unknown. */
json_t *summary_interval(struct interval interval);

/* One row of a cell's "series". */
json_t *summary_series(const struct grouped *grouped, size_t cell, size_t index,
		       const struct calibration *calibration);

/* A cell's "loss": every counter by its sum over batches. */
json_t *summary_loss(const struct grouped *grouped, size_t cell);
/* Named drops by "NODE.DEVICE.WHERE", and how the search for a rate ended: sums over batches; NULL
 * where the cell has none. */
json_t *summary_drops(const struct grouped *grouped, size_t cell);
json_t *summary_search(const struct grouped *grouped, size_t cell);
/* What a probe could not tell in some batch, {"SERIES": "why"}, from counters by the name of
 * "unmeasured.SERIES: why"; NULL where it told all. */
json_t *summary_unmeasured(const struct grouped *grouped, size_t cell);
/* Whether each loss of each batch is within the tolerance. */
bool summary_loss_tolerable(const struct grouped *grouped, size_t cell, double tolerance);
