// SPDX-License-Identifier: GPL-2.0-only
#include "harness/merge_check.h"

#include "harness/cleanup.h"
#include "harness/results_identity.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int compare_shards(const void *left, const void *right)
{
	const struct rebuilt *a = left, *b = right;

	return (a->plan->shard.index > b->plan->shard.index) -
	       (a->plan->shard.index < b->plan->shard.index);
}

static const char *unit_label(const struct plan *plan, size_t unit, char *seed, size_t size)
{
	size_t cell = plan->boots && plan->outer_cells ? unit / plan->boots * plan->outer_cells : 0;
	const char *kernel =
		json_string_value(json_object_get(plan->cells[cell].factors, "kernel"));

	if (!plan->boots)
		return plan->cells[unit].label;
	snprintf(seed, size, "%s%s%sseed %zu", kernel ? "kernel " : "", kernel ? kernel : "",
		 kernel ? ", " : "", unit % plan->boots + 1);
	return seed;
}

/* "cells 2 (rules=10) 5 (rules=300)", as much as is readable in an error; in exact mode boots. */
static void name_units(const struct plan *plan, unsigned index, char *ret, size_t size)
{
	const struct shard shard = { index, plan->shard.count };
	size_t places = plan->boots ? plan_shard_units(plan) : plan_shard_cells(plan), used;

	used = (size_t)snprintf(ret, size, plan->boots ? "boots" : "cells");
	for (size_t i = 0; i < places && used < size; i++) {
		const struct job job = { .cell = (uint32_t)i };
		char seed[80];
		const char *label = unit_label(plan, i, seed, sizeof(seed));

		if (!shard_owns(&shard, plan->boots ? i : plan_shard_unit(plan, &job)))
			continue;
		used += (size_t)snprintf(ret + used, size - used, " %zu%s%s%s", i + 1,
					 *label ? " (" : "", label, *label ? ")" : "");
	}
	if (used >= size)
		strcpy(ret + size - 4, "...");
}

static int refuse_missing(const struct plan *plan, unsigned index, struct err *err)
{
	char units[300];

	name_units(plan, index, units, sizeof(units));
	return err_usage(err, "shard %u/%u is missing: %s", index, plan->shard.count, units);
}

static int refuse_twice(const struct rebuilt *one, const struct rebuilt *other, struct err *err)
{
	char units[200];

	name_units(one->plan, one->plan->shard.index, units, sizeof(units));
	return err_usage(err, "'%.100s' and '%.100s' are both shard %u/%u: %s", one->folder.dir,
			 other->folder.dir, one->plan->shard.index, one->plan->shard.count, units);
}

static int check_counts(const struct rebuilt *shards, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		if (!shards[i].plan->shard.count)
			return err_usage(err, "'%s' is no shard", shards[i].folder.dir);
		if (shards[i].plan->shard.count != shards[0].plan->shard.count)
			return err_usage(err, "'%.150s' is one of %u shards, '%.150s' of %u",
					 shards[0].folder.dir, shards[0].plan->shard.count,
					 shards[i].folder.dir, shards[i].plan->shard.count);
	}
	return 0;
}

/* Sorted. */
static int check_all_there(const struct rebuilt *shards, size_t count, struct err *err)
{
	for (size_t i = 1; i < count; i++)
		if (shards[i].plan->shard.index == shards[i - 1].plan->shard.index)
			return refuse_twice(&shards[i - 1], &shards[i], err);
	for (size_t i = 0; i < shards[0].plan->shard.count; i++)
		if (i >= count || shards[i].plan->shard.index != i + 1)
			return refuse_missing(shards[0].plan, (unsigned)i + 1, err);
	return 0;
}

static json_t *identity(const struct rebuilt *shard)
{
	const char *mode = json_string_value(json_object_get(shard->summary, "mode"));
	json_t *json = identity_of_run(shard->plan, mode, shard->folder.environment);

	/* In this they differ. */
	json_object_set_new(json, "shard", json_null());
	return json;
}

/* Which part a guest was to run is no difference of what it ran in. */
static void drop_shard(json_t *argv)
{
	const char *word;

	for (size_t i = 0; i < json_array_size(argv); i++) {
		word = json_string_value(json_array_get(argv, i));
		if (!word || strcmp(word, "--shard"))
			continue;
		json_array_remove(argv, i + 1);
		json_array_remove(argv, i);
		return;
	}
}

/* NULL for a native run. */
static json_t *bundles(const struct rebuilt *shard)
{
	json_t *copy = json_deep_copy(json_object_get(shard->folder.environment, "vm")), *bundle;
	size_t i;

	json_array_foreach (copy, i, bundle)
		drop_shard(json_object_get(bundle, "argv"));
	return copy;
}

/* Exact digits hang on QEMU, the kernel, the initramfs and the command line. */
static int check_bundles(const struct rebuilt *one, const struct rebuilt *other, struct err *err)
{
	_json_ json_t *left = bundles(one), *right = bundles(other);

	if ((!left && !right) || json_equal(left, right))
		return 0;
	return err_usage(err,
			 "'%.150s' and '%.150s' were run with different bundles (environment"
			 ".json, \"vm\"): labrun, QEMU, kernel, initramfs or command line",
			 one->folder.dir, other->folder.dir);
}

/* A shard must hold no more than is its own: what came by hand would be measured twice. */
static int check_rows(const struct rebuilt *shard, struct err *err)
{
	const struct samples *samples = shard->outcome.samples;
	const struct plan *plan = shard->plan;

	for (size_t i = 0; i < samples_size(samples); i++) {
		const struct sample *sample = samples_get(samples, i);
		const struct job job = { sample->cell, sample->batch };

		if (!shard_owns(&plan->shard, plan_shard_unit(plan, &job)))
			return err_usage(err,
					 "'%s' overlaps another: it holds samples of cell %u%s%s%s",
					 shard->folder.dir, job.cell + 1,
					 *plan->cells[job.cell].label ? " (" : "",
					 plan->cells[job.cell].label,
					 *plan->cells[job.cell].label ? ")" : "");
	}
	return 0;
}

static int check_alike(const struct rebuilt *shards, size_t count, struct err *err)
{
	_json_ json_t *first = identity(&shards[0]);
	int code = 0;

	for (size_t i = 1; i < count && !code; i++) {
		_json_ json_t *other = identity(&shards[i]);
		char what[300];

		snprintf(what, sizeof(what), "from '%.120s' to '%.120s'", shards[0].folder.dir,
			 shards[i].folder.dir);
		code = identity_compare(first, other, what, err);
		if (!code)
			code = check_bundles(&shards[0], &shards[i], err);
	}
	return code ? err_wrap(err, code, "cannot merge") : 0;
}

int merge_check(struct rebuilt *shards, size_t count, struct err *err)
{
	int code = check_counts(shards, count, err);

	if (!code)
		code = check_alike(shards, count, err);
	if (code)
		return code;
	qsort(shards, count, sizeof(*shards), compare_shards);
	code = check_all_there(shards, count, err);
	for (size_t i = 0; i < count && !code; i++)
		code = check_rows(&shards[i], err);
	return code;
}
