// SPDX-License-Identifier: GPL-2.0-only
#include "harness/merge.h"

#include "harness/cleanup.h"
#include "harness/merge_check.h"
#include "harness/results_summary.h"

#include <errno.h>
#include <string.h>

/* One sample or counter, with the place it has in the whole. */
struct place {
	uint32_t unit, shard;
	size_t index;
};

static int compare_places(const void *left, const void *right)
{
	const struct place *a = left, *b = right;

	if (a->unit != b->unit)
		return (a->unit > b->unit) - (a->unit < b->unit);
	return (a->index > b->index) - (a->index < b->index);
}

static uint32_t unit_of(const struct plan *plan, uint32_t cell, uint32_t batch)
{
	return (uint32_t)plan_shard_unit(plan, &(struct job){ cell, batch });
}

static void add_sample(const struct rebuilt *from, size_t index, struct samples *to)
{
	const struct sample *sample = samples_get(from->outcome.samples, index);
	const struct series *series = samples_get_series(from->outcome.samples, sample->series);

	samples_add(to, sample->cell, sample->batch, sample->iteration,
		    samples_series(to, series->name, series->direction, series->unit),
		    sample->value);
}

static void add_counter(const struct rebuilt *from, size_t index, struct samples *to)
{
	const struct counter *counter = samples_get_counter(from->outcome.samples, index);

	samples_count(to, counter->cell, counter->batch, counter->name, counter->value);
}

static uint32_t unit_of_sample(const struct rebuilt *from, size_t index)
{
	const struct sample *sample = samples_get(from->outcome.samples, index);

	return unit_of(from->plan, sample->cell, sample->batch);
}

static uint32_t unit_of_counter(const struct rebuilt *from, size_t index)
{
	const struct counter *counter = samples_get_counter(from->outcome.samples, index);

	return unit_of(from->plan, counter->cell, counter->batch);
}

/* Samples, or counters: how many there are, which unit one is of, and how it goes over. */
struct items {
	size_t (*count)(const struct samples *samples);
	uint32_t (*unit)(const struct rebuilt *from, size_t index);
	void (*add)(const struct rebuilt *from, size_t index, struct samples *to);
};

static const struct items all_samples = { samples_size, unit_of_sample, add_sample };
static const struct items all_counters = { samples_counter_count, unit_of_counter, add_counter };

/* In the order in which one run would have had them. */
static void merge_items(const struct items *items, const struct rebuilt *shards, size_t count,
			struct samples *to)
{
	size_t total = 0, at = 0;
	_free_ struct place *places = NULL;

	for (size_t i = 0; i < count; i++)
		total += items->count(shards[i].outcome.samples);
	places = calloc(total + 1, sizeof(*places));
	if (!places)
		abort();
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < items->count(shards[i].outcome.samples); j++)
			places[at++] = (struct place){ items->unit(&shards[i], j), (uint32_t)i, j };
	qsort(places, total, sizeof(*places), compare_places);
	for (size_t i = 0; i < total; i++)
		items->add(&shards[places[i].shard], places[i].index, to);
}

static void merge_errors(const struct rebuilt *shards, size_t count, struct run_outcome *to)
{
	for (size_t i = 0; i < count; i++)
		for (size_t cell = 0; cell < shards[i].plan->cell_count; cell++) {
			const char *error = shards[i].outcome.cell_errors[cell];

			if (error && !to->cell_errors[cell])
				to->cell_errors[cell] = strdup(error);
		}
}

static unsigned next_round(const struct run_outcome *outcome)
{
	unsigned next = 0;

	for (size_t i = 0; i < outcome->block_count; i++)
		if (outcome->blocks[i].round >= next)
			next = outcome->blocks[i].round + 1;
	return next;
}

static bool has_kernel(const struct run_outcome *outcome, size_t count, const char *kernel)
{
	for (size_t i = 0; i < count; i++)
		if (!strcmp(outcome->blocks[i].kernel, kernel))
			return true;
	return false;
}

/* Each machine's calibration counts for the whole. In exact mode they would be the same but for the
 * seed, and a kernel's first boot speaks for all of them, as it does in one run. */
static void take_blocks(const struct rebuilt *from, struct run_outcome *to)
{
	unsigned round = from->plan->boots ? 0 : next_round(to);
	size_t before = to->block_count;

	for (size_t i = 0; i < from->outcome.block_count; i++) {
		struct probe_block block = from->outcome.blocks[i];

		if (to->block_count == RUN_MAX_BLOCKS ||
		    (from->plan->boots && has_kernel(to, before, block.kernel)))
			continue;
		block.round += round;
		to->blocks[to->block_count++] = block;
	}
}

/* The shard with a kernel's first boot before the others of it. */
static void merge_blocks(const struct rebuilt *shards, size_t count, struct run_outcome *to)
{
	const struct plan *plan = shards[0].plan;
	size_t step = plan->boots ? plan->boots : plan_shard_units(plan);

	for (size_t unit = 0; unit < plan_shard_units(plan) && plan->boots; unit += step)
		take_blocks(&shards[unit % count], to);
	for (size_t i = 0; i < count && !plan->boots; i++)
		take_blocks(&shards[i], to);
}

static void merge_environment(struct rebuilt *shards, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_copy(shards[i].folder.environment));
	json_object_set_new(shards[0].folder.environment, "shards", list);
}

static void merge(struct rebuilt *shards, size_t count, struct rebuilt *ret)
{
	struct run_outcome outcome = { .samples = samples_new() };
	struct plan *plan = shards[0].plan;
	json_t *mode = json_object_get(shards[0].summary, "mode");

	outcome.cell_errors = calloc(plan->cell_count, sizeof(char *));
	if (!outcome.cell_errors)
		abort();
	merge_items(&all_samples, shards, count, outcome.samples);
	merge_items(&all_counters, shards, count, outcome.samples);
	merge_errors(shards, count, &outcome);
	merge_blocks(shards, count, &outcome);
	merge_environment(shards, count);
	plan->shard = (struct shard){ 0 };
	*ret = (struct rebuilt){
		.plan = plan,
		.outcome = outcome,
		.folder = shards[0].folder,
		.summary = results_summary(
			plan, json_string_value(mode),
			json_number_value(json_object_get(plan->experiment_json, "loss_tolerance")),
			&outcome),
	};
	run_outcome_done(&shards[0].outcome, plan);
	json_decref(shards[0].summary);
	shards[0] = (struct rebuilt){ 0 };
}

static int read_shards(struct rebuilt *shards, const char *const *dirs, size_t count,
		       struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < count && !code; i++) {
		code = result_folder_read(&shards[i].folder, dirs[i], err);
		if (!code)
			code = rebuild_run(&shards[i], err);
	}
	return code;
}

int merge_folders(struct rebuilt *ret, const char *const *dirs, size_t count, struct err *err)
{
	_free_ struct rebuilt *shards = calloc(count + 1, sizeof(*shards));
	int code;

	if (!shards)
		abort();
	code = read_shards(shards, dirs, count, err);
	if (!code)
		code = merge_check(shards, count, err);
	if (!code)
		merge(shards, count, ret);
	for (size_t i = 0; i < count; i++)
		rebuilt_done(&shards[i]);
	return code;
}
