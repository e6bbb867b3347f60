// SPDX-License-Identifier: GPL-2.0-only
#include "summary.h"

#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/summary_json.h"
#include "harness/until.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_FORMAT = 1 };

json_t *summary_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

json_t *summary_interval(struct interval interval)
{
	if (!isfinite(interval.low) || !isfinite(interval.high))
		return json_null();
	return json_pack("[f, f]", interval.low, interval.high);
}

json_t *summary_text(const char *text)
{
	json_t *json = text ? json_string(text) : json_null();
	_free_ char *ascii = NULL;

	if (json)
		return json;
	ascii = strdup(text);
	if (!ascii)
		abort();
	for (char *byte = ascii; *byte; byte++)
		if (*byte & 0x80)
			*byte = '?';
	return json_string(ascii);
}

static bool all_finite(const struct group *group)
{
	for (size_t i = 0; i < group->count; i++)
		if (!isfinite(group->values[i]))
			return false;
	return true;
}

static bool cell_valid(const struct summary_input *input, const struct grouped *grouped,
		       size_t cell)
{
	if (input->cells[cell].elsewhere)
		return true;
	if (input->cells[cell].error || !grouped_count(grouped, cell))
		return false;
	for (size_t i = 0; i < grouped_count(grouped, cell); i++) {
		struct group group = grouped_get(grouped, cell, i);

		if (!all_finite(&group))
			return false;
	}
	return summary_loss_tolerable(grouped, cell, input->loss_tolerance);
}

/* A copy, so that the summary does not change when its owner goes on with the factors. */
static json_t *factors_json(const json_t *factors)
{
	return json_is_object(factors) ? json_deep_copy(factors) : json_object();
}

/* NULL: none. */
static json_t *stopped_json(const struct summary_input *input, const struct grouped *grouped,
			    size_t cell)
{
	const struct experiment_until *until = input->until;
	size_t batches = grouped_batch_count(grouped, cell);
	struct until_stop stop;
	json_t *worst = NULL, *reason = NULL;

	if (!until || input->cells[cell].error || input->cells[cell].elsewhere)
		return NULL;
	stop = until_look(until, grouped, cell, batches);
	if (stop.narrow || batches == until->max_batches)
		reason = json_string(stop.narrow ? "ci_half_width" : "max_batches");
	if (stop.widest)
		worst = json_pack("{s:o, s:s, s:o}", "series", summary_text(stop.widest->name),
				  "direction", direction_names[stop.widest->direction],
				  "half_width_percent", summary_number(stop.half_width_percent));
	return json_pack("{s:I, s:o?, s:f, s:o?}", "batches", (json_int_t)batches, "reason", reason,
			 "asked_percent", until->half_width_percent, "worst", worst);
}

static json_t *cell_json(const struct summary_input *input, const struct grouped *grouped,
			 size_t index, const struct calibration *calibration)
{
	const struct summary_cell *cell = &input->cells[index];
	json_t *series = json_array(), *json;

	for (size_t i = 0; i < grouped_count(grouped, index); i++)
		json_array_append_new(series, summary_series(grouped, index, i, calibration));
	json = json_pack("{s:o, s:o, s:o, s:o, s:o*, s:o*, s:o*, s:o*, s:o}", "factors",
			 factors_json(cell->factors), "error", summary_text(cell->error), "series",
			 series, "loss", summary_loss(grouped, index), "drops",
			 summary_drops(grouped, index), "search", summary_search(grouped, index),
			 "stopped", stopped_json(input, grouped, index), "unmeasured",
			 summary_unmeasured(grouped, index), "probe_cost",
			 calibration_json(calibration));
	if (cell->elsewhere)
		json_object_set_new(json, "elsewhere", json_true());
	return json;
}

/* From the blocks of its own kernel, or of its own build of labrun. */
static void calibrate_cell(const struct summary_input *input, size_t cell, struct calibration *ret)
{
	const json_t *factors = input->cells[cell].factors;
	const char *build = json_string_value(json_object_get(factors, "labrun"));
	const char *kernel = build ? build : json_string_value(json_object_get(factors, "kernel"));
	_free_ struct probe_block *own = calloc(input->block_count + 1, sizeof(*own));
	size_t count = 0;

	if (!own)
		abort();
	for (size_t i = 0; i < input->block_count; i++)
		if (!*input->blocks[i].kernel ||
		    (kernel && !strcmp(input->blocks[i].kernel, kernel)))
			own[count++] = input->blocks[i];
	calibration_estimate(own, count, ret);
}

json_t *summary_build(const struct summary_input *input)
{
	_grouped_ struct grouped *grouped = grouped_new(input->samples, input->cell_count);
	json_t *cells = json_array();
	bool valid = input->cell_count > 0;
	json_t *summary;

	for (size_t i = 0; i < input->cell_count; i++) {
		struct calibration calibration;

		calibrate_cell(input, i, &calibration);
		json_array_append_new(cells, cell_json(input, grouped, i, &calibration));
		valid = valid && cell_valid(input, grouped, i);
	}
	summary = json_pack("{s:i, s:o, s:o, s:b, s:o}", "format", SUMMARY_FORMAT, "experiment",
			    summary_text(input->experiment), "mode", summary_text(input->mode),
			    "valid", valid, "cells", cells);
	if (input->shard.count)
		json_object_set_new(summary, "shard", shard_json(&input->shard));
	return summary;
}

bool summary_valid(const json_t *summary)
{
	return json_is_true(json_object_get(summary, "valid"));
}
