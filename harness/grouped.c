// SPDX-License-Identifier: GPL-2.0-only
#include "grouped.h"

#include <stdlib.h>

struct slot {
	size_t begin, used; /* of values and batches */
};

struct grouped {
	const struct samples *samples;
	size_t cell_count, series_count;
	size_t *batch_counts; /* of each cell */
	struct slot *slots; /* cell * series_count + series */
	uint32_t *order; /* likewise; the first order_counts[cell] are series by first sample */
	size_t *order_counts; /* of each cell */
	double *values;
	uint32_t *batches;
	size_t *counters; /* indices, by cell */
	size_t *counter_begins; /* cell_count + 1 */
};

static void *alloc(size_t count, size_t item_bytes)
{
	void *items = calloc(count + 1, item_bytes);

	if (!items)
		abort();
	return items;
}

static struct slot *slot_of(const struct grouped *grouped, const struct sample *sample)
{
	return &grouped->slots[sample->cell * grouped->series_count + sample->series];
}

static void note_batch(struct grouped *grouped, uint32_t cell, uint32_t batch)
{
	if (grouped->batch_counts[cell] <= batch)
		grouped->batch_counts[cell] = (size_t)batch + 1;
}

/* The first pass: how many of each, and which series a cell meets first. */
static void count_samples(struct grouped *grouped)
{
	for (size_t i = 0; i < samples_size(grouped->samples); i++) {
		const struct sample *sample = samples_get(grouped->samples, i);

		if (sample->cell >= grouped->cell_count)
			continue;
		note_batch(grouped, sample->cell, sample->batch);
		if (!slot_of(grouped, sample)->used++)
			grouped->order[sample->cell * grouped->series_count +
				       grouped->order_counts[sample->cell]++] = sample->series;
	}
}

static void place_samples(struct grouped *grouped)
{
	size_t begin = 0;

	for (size_t i = 0; i < grouped->cell_count * grouped->series_count; i++) {
		grouped->slots[i].begin = begin;
		begin += grouped->slots[i].used;
		grouped->slots[i].used = 0;
	}
	for (size_t i = 0; i < samples_size(grouped->samples); i++) {
		const struct sample *sample = samples_get(grouped->samples, i);
		struct slot *slot;

		if (sample->cell >= grouped->cell_count)
			continue;
		slot = slot_of(grouped, sample);
		grouped->values[slot->begin + slot->used] = sample->value;
		grouped->batches[slot->begin + slot->used++] = sample->batch;
	}
}

static void place_counters(struct grouped *grouped)
{
	size_t count = samples_counter_count(grouped->samples);
	size_t *at = alloc(grouped->cell_count, sizeof(*at));

	for (size_t i = 0; i < count; i++) {
		const struct counter *counter = samples_get_counter(grouped->samples, i);

		if (counter->cell < grouped->cell_count)
			grouped->counter_begins[counter->cell + 1]++;
	}
	for (size_t cell = 0; cell < grouped->cell_count; cell++) {
		grouped->counter_begins[cell + 1] += grouped->counter_begins[cell];
		at[cell] = grouped->counter_begins[cell];
	}
	for (size_t i = 0; i < count; i++) {
		const struct counter *counter = samples_get_counter(grouped->samples, i);

		if (counter->cell >= grouped->cell_count)
			continue;
		note_batch(grouped, counter->cell, counter->batch);
		grouped->counters[at[counter->cell]++] = i;
	}
	free(at);
}

struct grouped *grouped_new(const struct samples *samples, size_t cell_count)
{
	struct grouped *grouped = alloc(1, sizeof(*grouped));
	size_t size = samples_size(samples), slots;

	grouped->samples = samples;
	grouped->cell_count = cell_count;
	grouped->series_count = samples_series_count(samples);
	slots = cell_count * grouped->series_count;
	grouped->slots = alloc(slots, sizeof(*grouped->slots));
	grouped->order = alloc(slots, sizeof(*grouped->order));
	grouped->batch_counts = alloc(cell_count, sizeof(*grouped->batch_counts));
	grouped->order_counts = alloc(cell_count, sizeof(*grouped->order_counts));
	grouped->values = alloc(size, sizeof(*grouped->values));
	grouped->batches = alloc(size, sizeof(*grouped->batches));
	grouped->counters = alloc(samples_counter_count(samples), sizeof(*grouped->counters));
	grouped->counter_begins = alloc(cell_count + 1, sizeof(*grouped->counter_begins));
	count_samples(grouped);
	place_samples(grouped);
	place_counters(grouped);
	return grouped;
}

void grouped_free(struct grouped *grouped)
{
	if (!grouped)
		return;
	free(grouped->slots);
	free(grouped->order);
	free(grouped->order_counts);
	free(grouped->batch_counts);
	free(grouped->values);
	free(grouped->batches);
	free(grouped->counters);
	free(grouped->counter_begins);
	free(grouped);
}

size_t grouped_batch_count(const struct grouped *grouped, size_t cell)
{
	return grouped->batch_counts[cell];
}

size_t grouped_count(const struct grouped *grouped, size_t cell)
{
	return grouped->order_counts[cell];
}

struct group grouped_get(const struct grouped *grouped, size_t cell, size_t index)
{
	size_t row = cell * grouped->series_count;
	uint32_t series = grouped->order[row + index];
	const struct slot *slot = &grouped->slots[row + series];

	return (struct group){ .series = samples_get_series(grouped->samples, series),
			       .values = &grouped->values[slot->begin],
			       .batches = &grouped->batches[slot->begin],
			       .count = slot->used };
}

size_t grouped_counter_count(const struct grouped *grouped, size_t cell)
{
	return grouped->counter_begins[cell + 1] - grouped->counter_begins[cell];
}

const struct counter *grouped_get_counter(const struct grouped *grouped, size_t cell, size_t index)
{
	size_t at = grouped->counter_begins[cell] + index;

	return samples_get_counter(grouped->samples, grouped->counters[at]);
}
