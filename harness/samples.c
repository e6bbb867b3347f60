// SPDX-License-Identifier: GPL-2.0-only
#include "samples.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const char *const direction_names[] = { "request", "reply", "both", NULL };

#define LOSS_NAME(name) #name,
const char *const loss_names[LOSS_COUNT] = { LOSS_COUNTERS(LOSS_NAME) };

struct samples {
	struct series *series;
	struct sample *samples;
	struct counter *counters;
	size_t series_count, sample_count, counter_count;
	size_t series_room, sample_room, counter_room;
	/* Open addressing over counters: index + 1, 0 is free; a power of two of slots. */
	size_t *slots, slot_count;
};

/* Room for one more item. Out of memory in the middle of a run has no better answer than abort():
 * the kernel tears the lab down, and what was appended to the folder is kept. */
static void *grow(void *items, size_t count, size_t *room, size_t item_bytes)
{
	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 64;
	items = reallocarray(items, *room, item_bytes);
	if (!items)
		abort();
	return items;
}

static char *copy_string(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

struct samples *samples_new(void)
{
	struct samples *samples = calloc(1, sizeof(*samples));

	if (!samples)
		abort();
	return samples;
}

void samples_free(struct samples *samples)
{
	if (!samples)
		return;
	for (size_t i = 0; i < samples->series_count; i++)
		free(samples->series[i].name);
	for (size_t i = 0; i < samples->counter_count; i++)
		free(samples->counters[i].name);
	free(samples->series);
	free(samples->samples);
	free(samples->counters);
	free(samples->slots);
	free(samples);
}

static bool series_is(const struct series *series, const char *name, enum direction direction,
		      const char *unit)
{
	return series->direction == direction && !strcmp(series->name, name) &&
	       !strcmp(series->unit, unit);
}

uint32_t samples_series(struct samples *samples, const char *name, enum direction direction,
			const char *unit)
{
	for (size_t i = 0; i < samples->series_count; i++)
		if (series_is(&samples->series[i], name, direction, unit))
			return (uint32_t)i;
	samples->series = grow(samples->series, samples->series_count, &samples->series_room,
			       sizeof(*samples->series));
	samples->series[samples->series_count] =
		(struct series){ .name = copy_string(name), .unit = unit, .direction = direction };
	return (uint32_t)samples->series_count++;
}

void samples_add(struct samples *samples, uint32_t cell, uint32_t batch, uint32_t iteration,
		 uint32_t series, double value)
{
	samples->samples = grow(samples->samples, samples->sample_count, &samples->sample_room,
				sizeof(*samples->samples));
	samples->samples[samples->sample_count++] =
		(struct sample){ cell, batch, iteration, series, value };
}

/* FNV-1a. */
static size_t counter_hash(uint32_t cell, uint32_t batch, const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u ^ ((uint64_t)cell << 32 | batch);

	hash *= 0x100000001b3u;
	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return (size_t)(hash ^ hash >> 32);
}

static bool counter_is(const struct counter *counter, uint32_t cell, uint32_t batch,
		       const char *name)
{
	return counter->cell == cell && counter->batch == batch && !strcmp(counter->name, name);
}

/* The slot that holds it, or the free one where it belongs. */
static size_t *counter_slot(const struct samples *samples, uint32_t cell, uint32_t batch,
			    const char *name)
{
	size_t mask = samples->slot_count - 1, at = counter_hash(cell, batch, name) & mask;

	while (samples->slots[at] &&
	       !counter_is(&samples->counters[samples->slots[at] - 1], cell, batch, name))
		at = (at + 1) & mask;
	return &samples->slots[at];
}

/* Kept at most half full. */
static void grow_slots(struct samples *samples)
{
	if (samples->counter_count * 2 < samples->slot_count)
		return;
	free(samples->slots);
	samples->slot_count = samples->slot_count ? samples->slot_count * 2 : 128;
	samples->slots = calloc(samples->slot_count, sizeof(*samples->slots));
	if (!samples->slots)
		abort();
	for (size_t i = 0; i < samples->counter_count; i++) {
		const struct counter *counter = &samples->counters[i];

		*counter_slot(samples, counter->cell, counter->batch, counter->name) = i + 1;
	}
}

void samples_count(struct samples *samples, uint32_t cell, uint32_t batch, const char *name,
		   double value)
{
	size_t *slot;

	grow_slots(samples);
	slot = counter_slot(samples, cell, batch, name);
	if (*slot) {
		samples->counters[*slot - 1].value += value;
		return;
	}
	samples->counters = grow(samples->counters, samples->counter_count, &samples->counter_room,
				 sizeof(*samples->counters));
	samples->counters[samples->counter_count++] =
		(struct counter){ cell, batch, copy_string(name), value };
	*slot = samples->counter_count;
}

size_t samples_series_count(const struct samples *samples)
{
	return samples->series_count;
}

const struct series *samples_get_series(const struct samples *samples, uint32_t index)
{
	return &samples->series[index];
}

size_t samples_size(const struct samples *samples)
{
	return samples->sample_count;
}

const struct sample *samples_get(const struct samples *samples, size_t index)
{
	return &samples->samples[index];
}

size_t samples_counter_count(const struct samples *samples)
{
	return samples->counter_count;
}

const struct counter *samples_get_counter(const struct samples *samples, size_t index)
{
	return &samples->counters[index];
}
