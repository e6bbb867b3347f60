// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"
#include "harness/samples.h"

#include <string.h>

/* How much of the CPUs' time the hypervisor gave to others while a cell was measured: steps of
 * 10 ms, so of all its batches together. Older folders, and guests', do not tell. */
static void add_steal(json_t *cells, const struct samples *samples)
{
	for (size_t i = 0; i < samples_counter_count(samples); i++) {
		const struct counter *counter = samples_get_counter(samples, i);
		json_t *cell = json_array_get(cells, counter->cell);
		bool steal = !strcmp(counter->name, "steal_us");
		json_t *sums = json_object_get(cell, "steal");

		if (!cell || (!steal && strcmp(counter->name, "cpu_us")))
			continue;
		if (!sums) {
			sums = json_pack("{s:f, s:f}", "steal_us", 0.0, "cpu_us", 0.0);
			json_object_set_new(cell, "steal", sums);
		}
		json_object_set_new(
			sums, counter->name,
			json_real(json_number_value(json_object_get(sums, counter->name)) +
				  (double)counter->value));
	}
}

/* "steal": {"steal_us", "cpu_us"} into each cell that has such counters. */
static int read_steal(struct result_folder *folder, struct err *err)
{
	struct samples *samples = samples_new();
	int code = result_folder_counters(samples, folder, err);

	if (!code)
		add_steal(json_object_get(folder->summary, "cells"), samples);
	samples_free(samples);
	return code;
}

/* Of both sides of one run each keeps its own cells, which then differ by nothing. */
static void keep_side(json_t *summary, const char *factor, const json_t *side)
{
	json_t *cells = json_object_get(summary, "cells"), *kept = json_array(), *cell;
	size_t i;

	json_array_foreach (cells, i, cell) {
		json_t *factors = json_object_get(cell, "factors");

		if (!json_equal(json_object_get(factors, factor), side))
			continue;
		json_object_del(factors, factor);
		json_array_append(kept, cell);
	}
	json_object_set_new(summary, "cells", kept);
}

static json_t *side_of_cell(const struct result_folder *folder, const char *factor, size_t cell)
{
	const json_t *cells = json_object_get(folder->summary, "cells");

	return json_object_get(json_object_get(json_array_get(cells, cell), "factors"), factor);
}

/* The first cell is of the base: a factor's values keep their order. */
static json_t *other_side(const struct result_folder *folder, const char *factor,
			  const json_t *base)
{
	size_t count = json_array_size(json_object_get(folder->summary, "cells"));

	for (size_t i = 0; i < count; i++) {
		json_t *side = side_of_cell(folder, factor, i);

		if (side && !json_equal(side, base))
			return side;
	}
	return NULL;
}

/* The other side is of the same files; only its cells will be others. */
static void share_folder(const struct result_folder *from, struct result_folder *ret)
{
	*ret = (struct result_folder){ .dir = strdup(from->dir),
				       .summary = json_deep_copy(from->summary),
				       .experiment = json_incref(from->experiment),
				       .topology = json_incref(from->topology),
				       .environment = json_incref(from->environment) };
	if (!ret->dir || !ret->summary)
		abort();
}

static int open_sides(struct compare *compare, const char *dir, struct err *err)
{
	const char *against;
	int code = result_folder_read(&compare->base, dir, err);

	if (!code)
		code = read_steal(&compare->base, err);
	if (code)
		return code;
	share_folder(&compare->base, &compare->new);
	against = json_string_value(json_object_get(compare->base.experiment, "against"));
	if (!against)
		return err_usage(err,
				 "'%.200s' has no two sides (labrun run --against): compare takes "
				 "BASE and NEW",
				 dir);
	compare->against = against;
	compare->base_side = json_incref(side_of_cell(&compare->base, against, 0));
	compare->new_side = json_incref(other_side(&compare->base, against, compare->base_side));
	if (!compare->base_side || !compare->new_side)
		return err_usage(err, "%.200s/summary.json: no cells of two values of \"%.80s\"",
				 dir, against);
	keep_side(compare->base.summary, against, compare->base_side);
	keep_side(compare->new.summary, against, compare->new_side);
	compare->taken = TAKEN_INTERLEAVED;
	compare->base_runs = compare->new_runs = 1;
	return 0;
}

static int open_folders(struct compare *compare, const char *base, const char *new, struct err *err)
{
	int code = compare_read_runs(&compare->base, &compare->base_runs, base, err);

	if (!code)
		code = compare_read_runs(&compare->new, &compare->new_runs, new, err);
	if (code || (compare->base_runs == 1 && compare->new_runs == 1))
		return code;
	compare->taken = TAKEN_REPEATED;
	if (compare->base_runs == 1)
		compare_take_as_run(compare->base.summary);
	if (compare->new_runs == 1)
		compare_take_as_run(compare->new.summary);
	return 0;
}

int compare_open(struct compare *compare, const char *base, const char *new, struct err *err)
{
	return new ? open_folders(compare, base, new, err) : open_sides(compare, base, err);
}

void compare_close(struct compare *compare)
{
	json_decref(compare->report);
	json_decref(compare->base_side);
	json_decref(compare->new_side);
	free(compare->pairs);
	result_folder_done(&compare->base);
	result_folder_done(&compare->new);
}
