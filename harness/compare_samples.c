// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_samples.h"

#include "harness/cleanup.h"

static int three_way(uint32_t left, uint32_t right)
{
	return (left > right) - (left < right);
}

/* Of the place, without what tells apart samples of the same. */
static int place_order(const struct paired_sample *left, const struct paired_sample *right)
{
	int order = three_way(left->cell, right->cell);

	if (!order)
		order = three_way(left->series, right->series);
	if (!order)
		order = three_way(left->batch, right->batch);
	return order ? order : three_way(left->iteration, right->iteration);
}

int paired_order(const struct paired_sample *left, const struct paired_sample *right)
{
	int order = place_order(left, right);

	return order ? order : three_way(left->again, right->again);
}

static int sort_order(const void *left, const void *right)
{
	return paired_order(left, right);
}

/* The index of the pair that each cell of a side is in. */
static uint32_t *map_cells(const struct compare *compare, bool new)
{
	const struct result_folder *folder = new ? &compare->new : &compare->base;
	uint32_t *cells = calloc(json_array_size(json_object_get(folder->summary, "cells")) + 1,
				 sizeof(*cells));

	if (!cells)
		abort();
	for (size_t i = 0; i < compare->pair_count; i++) {
		const struct compare_pair *pair = &compare->pairs[i];

		if (new && pair->new)
			cells[pair->new_index] = (uint32_t)i;
		if (!new && pair->base)
			cells[pair->base_index] = (uint32_t)i;
	}
	return cells;
}

static uint32_t *map_series(const struct samples *samples, struct samples *names)
{
	size_t count = samples_series_count(samples);
	uint32_t *indexes = calloc(count + 1, sizeof(*indexes));

	if (!indexes)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct series *series = samples_get_series(samples, (uint32_t)i);

		indexes[i] = samples_series(names, series->name, series->direction, series->unit);
	}
	return indexes;
}

/* From the order of the file to the n-th of its place. */
static void number_again(struct paired_side *side)
{
	for (size_t i = 0; i < side->count; i++) {
		struct paired_sample *sample = &side->samples[i];

		sample->again = i && !place_order(sample - 1, sample) ? sample[-1].again + 1 : 0;
	}
}

static int take_samples(struct paired_side *side, const struct samples *samples,
			const uint32_t *cells, const uint32_t *series, struct err *err)
{
	size_t count = samples_size(samples);

	if (count > UINT32_MAX)
		return err_usage(err, "more than %u samples in a folder", UINT32_MAX);
	side->samples = calloc(count + 1, sizeof(*side->samples));
	if (!side->samples)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct sample *sample = samples_get(samples, i);

		side->samples[i] =
			(struct paired_sample){ cells[sample->cell], series[sample->series],
						sample->batch,	     sample->iteration,
						(uint32_t)i,	     sample->value };
	}
	side->count = count;
	qsort(side->samples, count, sizeof(*side->samples), sort_order);
	number_again(side);
	return 0;
}

static int read_side(struct paired *paired, const struct compare *compare, bool new,
		     struct err *err)
{
	struct samples *samples = samples_new();
	_free_ uint32_t *cells = map_cells(compare, new), *series = NULL;
	int code = result_folder_samples(samples, new ? &compare->new : &compare->base, err);

	if (!code) {
		series = map_series(samples, paired->names);
		code = take_samples(new ? &paired->new : &paired->base, samples, cells, series,
				    err);
	}
	samples_free(samples);
	return code;
}

int paired_read(struct paired *ret, const struct compare *compare, struct err *err)
{
	int code;

	*ret = (struct paired){ .names = samples_new() };
	code = read_side(ret, compare, false, err);
	return code ? code : read_side(ret, compare, true, err);
}

void paired_done(struct paired *paired)
{
	free(paired->base.samples);
	free(paired->new.samples);
	samples_free(paired->names);
	*paired = (struct paired){ 0 };
}
