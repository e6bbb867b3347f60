// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_samples.h"

#include "harness/cleanup.h"

#include <string.h>

#define MOVES_SHOWN 10

/* What became of the samples of one series of one cell. */
struct tally {
	size_t both, more, fewer, only_base, only_new;
	double net; /* of all that both sides have, new - base */
	json_t *moves; /* the first few */
	json_t *batches; /* {"batch", "moved", "net"} of each in which any did */
};

/* Samples come batch by batch, so it is the last or a new one. */
static void tally_batch(struct tally *tally, uint32_t batch, double net)
{
	json_t *last = json_array_get(tally->batches, json_array_size(tally->batches) - 1);

	if (!last || json_integer_value(json_object_get(last, "batch")) != batch) {
		last = json_pack("{s:I, s:i, s:f}", "batch", (json_int_t)batch, "moved", 0, "net",
				 0.0);
		json_array_append_new(tally->batches, last);
	}
	net += json_number_value(json_object_get(last, "net"));
	json_object_set_new(last, "net", compare_number(net));
	json_object_set_new(last, "moved",
			    json_integer(json_integer_value(json_object_get(last, "moved")) + 1));
}

/* Either may be NULL; both are of one place. */
static void tally_move(struct tally *tally, const struct paired_sample *base,
		       const struct paired_sample *new)
{
	const struct paired_sample *at = base ? base : new;

	tally_batch(tally, at->batch, base && new ? new->value - base->value : 0);
	if (json_array_size(tally->moves) >= MOVES_SHOWN)
		return;
	json_array_append_new(tally->moves,
			      json_pack("{s:I, s:I, s:o, s:o}", "batch", (json_int_t)at->batch,
					"iteration", (json_int_t)at->iteration, "base",
					base ? compare_number(base->value) : json_null(), "new",
					new ? compare_number(new->value) : json_null()));
}

static void tally_both(struct tally *tally, const struct paired_sample *base,
		       const struct paired_sample *new)
{
	tally->both++;
	tally->net += new->value - base->value;
	tally->more += new->value > base->value;
	tally->fewer += new->value < base->value;
	if (new->value != base->value)
		tally_move(tally, base, new);
}

static void tally_one(struct tally *tally, const struct paired_sample *base,
		      const struct paired_sample *new)
{
	tally->only_base += !new;
	tally->only_new += !base;
	tally_move(tally, base, new);
}

static void set_count(json_t *row, const char *key, size_t value)
{
	json_object_set_new(row, key, json_integer((json_int_t)value));
}

static void judge(json_t *row, const struct tally *tally)
{
	double worse = tally->net * compare_worse_sign(compare_string(row, "unit"));

	if (!json_array_size(tally->batches))
		compare_set_verdict(row, "same", "%s", "");
	else if (worse > 0)
		compare_set_verdict(row, "regression", "%s", "");
	else if (worse < 0)
		compare_set_verdict(row, "improvement", "%s", "");
	else if (!tally->both)
		compare_set_verdict(row, "inconclusive", "only %s has this series",
				    tally->only_base ? "BASE" : "NEW");
	else
		compare_set_verdict(row, "inconclusive", "moved, but not on balance");
}

static void report_tally(struct compare *compare, const struct paired *paired,
			 const struct paired_sample *at, struct tally *tally)
{
	const struct compare_pair *pair = &compare->pairs[at->cell];
	const struct series *series = samples_get_series(paired->names, at->series);
	_json_ json_t *about = json_pack("{s:s, s:s, s:s}", "name", series->name, "direction",
					 direction_names[series->direction], "unit", series->unit);
	json_t *row = compare_add_row(compare, json_object_get(pair->base, "factors"), about);

	set_count(row, "samples", tally->both + tally->only_base + tally->only_new);
	set_count(row, "more", tally->more);
	set_count(row, "fewer", tally->fewer);
	set_count(row, "only_base", tally->only_base);
	set_count(row, "only_new", tally->only_new);
	json_object_set_new(row, "net", compare_number(tally->net));
	json_object_set(row, "moves", tally->moves);
	json_object_set(row, "batches_moved", tally->batches);
	judge(row, tally);
}

/* Where the two have got to in their samples. */
struct walk {
	const struct paired_sample *base, *new, *base_end, *new_end;
};

/* The one that comes first, or NULL at the end. */
static const struct paired_sample *walk_next(const struct walk *walk)
{
	if (walk->base == walk->base_end)
		return walk->new == walk->new_end ? NULL : walk->new;
	if (walk->new == walk->new_end)
		return walk->base;
	return paired_order(walk->base, walk->new) <= 0 ? walk->base : walk->new;
}

static void walk_step(struct walk *walk, struct tally *tally)
{
	int order = walk->base == walk->base_end ? 1
		    : walk->new == walk->new_end ? -1
						 : paired_order(walk->base, walk->new);

	if (!order)
		tally_both(tally, walk->base++, walk->new ++);
	else if (order < 0)
		tally_one(tally, walk->base++, NULL);
	else
		tally_one(tally, NULL, walk->new ++);
}

/* All samples of the series that `at` is of; those of cells that are not compared are passed. */
static void walk_series(struct compare *compare, const struct paired *paired, struct walk *walk,
			const struct paired_sample *at)
{
	const struct paired_sample *next = at;
	struct tally tally = { .moves = json_array(), .batches = json_array() };

	while (next && next->cell == at->cell && next->series == at->series) {
		walk_step(walk, &tally);
		next = walk_next(walk);
	}
	if (compare_pair_whole(&compare->pairs[at->cell]))
		report_tally(compare, paired, at, &tally);
	json_decref(tally.moves);
	json_decref(tally.batches);
}

static size_t count_common(const struct paired *paired)
{
	return paired->base.count > paired->new.count ? paired->base.count : paired->new.count;
}

static int walk_all(struct compare *compare, struct err *err)
{
	_paired_ struct paired paired = { 0 };
	const struct paired_sample *at;
	int code = paired_read(&paired, compare, err);
	struct walk walk;

	if (code)
		return code;
	walk = (struct walk){ paired.base.samples, paired.new.samples,
			      paired.base.samples + paired.base.count,
			      paired.new.samples + paired.new.count };
	while ((at = walk_next(&walk)))
		walk_series(compare, &paired, &walk, at);
	set_count(compare->report, "sample_count", count_common(&paired));
	return 0;
}

/* What of the summary does not follow from the samples: loss, errors, the claims' verdicts. */
static json_t *without_series(const json_t *summary)
{
	json_t *copy = json_deep_copy(summary), *cell;
	size_t i;

	json_array_foreach (json_object_get(copy, "cells"), i, cell)
		json_object_del(cell, "series");
	return copy;
}

static bool lateness_moved(const struct compare *compare)
{
	const json_t *row;
	size_t i;

	json_array_foreach (compare->rows, i, row)
		if (json_array_size(json_object_get(row, "batches_moved")) &&
		    json_is_false(json_object_get(row, "judged")))
			return true;
	return false;
}

/* Nothing told so far says why the files are not equal. */
static bool is_unexplained(const struct compare *compare)
{
	const json_t *row;
	size_t i;

	json_array_foreach (compare->rows, i, row) {
		const char *verdict = compare_string(row, "verdict");

		if (*verdict && strcmp(verdict, "same"))
			return false;
	}
	return true;
}

static void report_summaries(struct compare *compare)
{
	_json_ json_t *base = without_series(compare->base.summary);
	_json_ json_t *new = without_series(compare->new.summary);
	json_t *list = json_object_get(compare->report, "summary_differences");
	json_t *row;

	compare_differences(list, "", base, new);
	if (lateness_moved(compare))
		json_array_append_new(
			json_object_get(compare->report, "notes"),
			json_string("lateness moved: it is of the guest's timer, not judged"));
	if (!is_unexplained(compare) || (lateness_moved(compare) && !json_array_size(list)))
		return;
	row = compare_add_row(compare, NULL, NULL);
	compare_set_verdict(row, "inconclusive", "%s",
			    json_array_size(list) ? "no sample moved, but summary.json did"
						  : "the files differ in bytes, but in no sample");
}

static int files_equal(struct compare *compare, bool *ret_equal, struct err *err)
{
	bool samples = false, summary = false;
	int code = compare_files_equal(compare, "samples.csv", &samples, err);

	if (!code)
		code = compare_files_equal(compare, "summary.json", &summary, err);
	*ret_equal = samples && summary;
	json_object_set_new(compare->report, "byte_equal", json_boolean(*ret_equal));
	return code;
}

int compare_bytes(struct compare *compare, struct err *err)
{
	bool equal = false;
	int code = files_equal(compare, &equal, err);

	json_object_set_new(compare->report, "method", json_string("bytes"));
	if (!code)
		code = walk_all(compare, err);
	if (code)
		return code;
	compare_report_cells(compare);
	if (!equal)
		report_summaries(compare);
	return 0;
}
