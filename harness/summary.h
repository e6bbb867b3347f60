/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * summary.json from samples, and the claims' verdicts from summary.json: pure functions, so that
 * `verify` can do both again from the files of a folder.
 */

#include "harness/err.h"
#include "harness/samples.h"
#include "harness/shard.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct experiment_until;
struct probe_block;

struct summary_cell {
	json_t *factors; /* borrowed */
	const char *error; /* why the cell failed; NULL if it did not */
	bool elsewhere; /* another shard's */
};

struct summary_input {
	const char *experiment, *mode; /* "native", "vm", "exact" */
	const struct summary_cell *cells;
	size_t cell_count;
	double loss_tolerance; /* packets a batch, for each kind of loss */
	const struct samples *samples;
	const struct probe_block *blocks; /* calibration; may be none */
	size_t block_count;
	struct shard shard;
	const struct experiment_until *until; /* NULL: the number of batches was fixed */
};

/*
 * A shard's summary has "shard": {"index", "count"}, and "elsewhere": true in the cells of which it
 * measured nothing.
 *
 * With an `until` each cell that did not fail has "stopped": {"batches", "reason", "asked_percent",
 * "worst"}. The reason is "ci_half_width" or "max_batches", or null where the samples are not of a
 * run that kept to the rule of until.h; "worst" is {"series", "direction", "half_width_percent"},
 * null if none of the series that count was measured.
 *
 * DESIGN's summary.json without "claims". The mean of a series is the mean of its batch means; a
 * series' corrected_mean takes off the probe's own cost: hook firings between its two points (the
 * counters "hooks.NAME.DIRECTION", a sum over the batch's packets) times the cost of one, with
 * "correction" {"mean", "ci95"} beside it. A new reference.
 */
json_t *summary_build(const struct summary_input *input);

/* False if any loss is beyond the tolerance: the summary's "valid". */
bool summary_valid(const json_t *summary);

/* Of a summary's cell: "sent" and "delivered" are the same in each batch, so that one says all. */
bool summary_all_delivered(const json_t *cell);

/*
 * Evaluates the experiment's claims on the summary: an array for its "claims", each
 * {"id", "text", "verdict": "holds" | "fails" | "inconclusive", "detail"}. A claim whose "modes"
 * leave this mode out is not in it. Of a shard's summary none is judged: the cells that
 * it speaks of may be elsewhere. A new reference.
 */
json_t *claims_evaluate(const json_t *experiment, const json_t *summary);

/* {"name", "low", "high", "count"} bins of a cell's series, for hist.csv and the charts. */
struct histogram {
	double *edges; /* count + 1 of them */
	size_t *counts, count;
};
/* Bins [2^k, 2^(k+1)); values below 1 go to [0, 1). */
void histogram_log2(const double *values, size_t count, struct histogram *ret);
/* Equal bins of a round width (1, 2 or 5 times a power of ten), at most `max_bins`, up to p99.9;
 * what is beyond goes to one more, whose upper edge is the largest value. Values that are not
 * finite are in no bin. */
void histogram_linear(const double *values, size_t count, size_t max_bins, struct histogram *ret);
/* [k * width, (k + 1) * width) from 0 on, and one more for what is beyond `bins` of them, up to the
 * largest value. Negative values and those that are not finite are in no bin. */
void histogram_steps(const double *values, size_t count, double width, size_t bins,
		     struct histogram *ret);
/* The round width (1, 2 or 5 times a power of ten) of which `bins` just hold what is up to `high`.
 */
double histogram_step_width(double high, size_t bins);
void histogram_free(struct histogram *histogram);
