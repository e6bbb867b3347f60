// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_merge.h"

#include "harness/cleanup.h"
#include "harness/results.h"

#include <errno.h>
#include <string.h>

static uint32_t batch_of(const struct vm_merge *merge, uint32_t batch)
{
	return merge->batch < 0 ? batch : (uint32_t)merge->batch;
}

static void merge_samples(const struct vm_merge *merge, const struct samples *from,
			  struct samples *to)
{
	for (size_t i = 0; i < samples_size(from); i++) {
		const struct sample *sample = samples_get(from, i);
		const struct series *series = samples_get_series(from, sample->series);
		const char *unit =
			merge->unit && !strcmp(series->unit, "ns") ? merge->unit : series->unit;

		samples_add(to, sample->cell + (uint32_t)merge->first_cell,
			    batch_of(merge, sample->batch), sample->iteration,
			    samples_series(to, series->name, series->direction, unit),
			    sample->value);
	}
	for (size_t i = 0; i < samples_counter_count(from); i++) {
		const struct counter *counter = samples_get_counter(from, i);

		samples_count(to, counter->cell + (uint32_t)merge->first_cell,
			      batch_of(merge, counter->batch), counter->name, counter->value);
	}
}

static void merge_errors(const struct vm_merge *merge, const json_t *summary,
			 struct run_outcome *outcome)
{
	const json_t *cells = json_object_get(summary, "cells");

	for (size_t i = 0; i < merge->cell_count; i++) {
		const char *error =
			json_string_value(json_object_get(json_array_get(cells, i), "error"));
		char **noted = &outcome->cell_errors[merge->first_cell + i];

		if (error && !*noted)
			*noted = strdup(error);
	}
}

/*
 * Each boot calibrates itself; a kernel's first one speaks for all of them. They run the same
 * code on the same machine, and exact mode, which boots once a seed, corrects nothing by it: its
 * calibration is shown as what one seed gave, and its interval says nothing about other seeds.
 */
static void merge_blocks(const struct vm_merge *merge, const struct probe_block *blocks,
			 size_t count, struct run_outcome *outcome)
{
	const char *kernel = merge->kernel ? merge->kernel : "";

	for (size_t i = 0; i < outcome->block_count; i++)
		if (!strcmp(outcome->blocks[i].kernel, kernel))
			return;
	if (count > RUN_MAX_BLOCKS - outcome->block_count)
		return;
	for (size_t i = 0; i < count; i++) {
		struct probe_block *to = &outcome->blocks[outcome->block_count++];

		*to = blocks[i];
		snprintf(to->kernel, sizeof(to->kernel), "%s", kernel);
	}
}

int vm_merge(const struct vm_merge *merge, struct run_outcome *outcome, json_t **ret_environment,
	     struct err *err)
{
	struct samples *samples = samples_new();
	_result_folder_ struct result_folder folder = {};
	_free_ struct probe_block *blocks = NULL;
	size_t block_count = 0;
	int code = result_folder_read(&folder, merge->dir, err);

	if (!code)
		code = result_folder_samples(samples, &folder, err);
	if (!code)
		code = result_calibration_read(&blocks, &block_count, merge->dir, err);
	if (!code) {
		merge_samples(merge, samples, outcome->samples);
		merge_errors(merge, folder.summary, outcome);
		merge_blocks(merge, blocks, block_count, outcome);
		if (ret_environment)
			*ret_environment = json_incref(folder.environment);
	}
	samples_free(samples);
	return code ? err_wrap(err, code, "the guest's results") : 0;
}
