// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"
#include "harness/compare_welch.h"
#include "harness/json_read.h"

#include <math.h>
#include <string.h>

#define ALPHA 0.05
#define ROUNDING 1e-12

const json_t *compare_batches(const struct compare *compare, const json_t *series)
{
	if (!compare->exact)
		return json_object_get(series, "batches");
	return json_object_get(json_object_get(series, "percentiles_by_batch"), "p50");
}

/* Slopes that cancel leave 1e-20, and a percentage of it would be beyond all sense. */
static double mean_of(const double *values, size_t count)
{
	double mean = stats_mean(values, count), size = 0;

	for (size_t i = 0; i < count; i++)
		size = fmax(size, fabs(values[i]));
	return fabs(mean) < ROUNDING * size ? 0 : mean;
}

static json_t *side_json(const double *values, size_t count)
{
	double least = INFINITY, most = -INFINITY, mean = mean_of(values, count);

	for (size_t i = 0; i < count; i++) {
		least = fmin(least, values[i]);
		most = fmax(most, values[i]);
	}
	return json_pack("{s:o, s:o, s:o, s:I}", "mean", compare_number(mean), "min",
			 compare_number(least), "max", compare_number(most), "n",
			 (json_int_t)count);
}

void compare_set_figures(json_t *row, const struct compare_sides *sides, double least)
{
	struct welch welch =
		welch_compare(sides->base, sides->base_count, sides->new, sides->new_count);
	bool known = isfinite(welch.interval.low) && isfinite(welch.interval.high);
	_json_ json_t *figures = json_pack(
		"{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "base",
		side_json(sides->base, sides->base_count), "new",
		side_json(sides->new, sides->new_count), "difference",
		compare_number(welch.difference), "ci95",
		known ? json_pack("[f, f]", welch.interval.low, welch.interval.high) : json_null(),
		"percent",
		compare_number(100 * welch.difference /
			       fabs(mean_of(sides->base, sides->base_count))),
		"p_value", compare_number(welch.p), "minimum_effect", compare_number(least));

	json_object_update(row, figures);
}

size_t compare_take_numbers(const json_t *list, double *values)
{
	const json_t *value;
	size_t i, count = 0;

	json_array_foreach (list, i, value)
		if (json_is_number(value))
			values[count++] = json_number_value(value);
	return count;
}

static void compare_series(struct compare *compare, const struct compare_pair *pair,
			   const json_t *base, const json_t *new)
{
	const json_t *base_list = compare_batches(compare, base);
	const json_t *new_list = compare_batches(compare, new);
	_free_ double *base_values = calloc(json_array_size(base_list) + 1, sizeof(double));
	_free_ double *new_values = calloc(json_array_size(new_list) + 1, sizeof(double));
	struct compare_sides sides = { .base = base_values, .new = new_values };
	double least;
	json_t *row;

	if (!base_values || !new_values)
		abort();
	sides.base_count = compare_take_numbers(base_list, base_values);
	sides.new_count = compare_take_numbers(new_list, new_values);
	least = minimum_effect_of(&compare->effect, compare->exact, compare_string(base, "unit"),
				  stats_mean(base_values, sides.base_count), 1);
	row = compare_add_row(compare, json_object_get(pair->base, "factors"), base);
	compare_set_figures(row, &sides, least);
	compare_set_budget(compare, row, pair, base, new);
}

static void report_one_sided(struct compare *compare, const json_t *series, const json_t *cell,
			     const char *side)
{
	json_t *row = compare_add_row(compare, json_object_get(cell, "factors"), series);

	compare_set_verdict(row, "inconclusive", "only %s has this series", side);
}

static void report_methods(struct compare *compare, const json_t *cell, const json_t *base,
			   const json_t *new)
{
	json_t *row = compare_add_row(compare, json_object_get(cell, "factors"), base);

	compare_set_verdict(row, "inconclusive", "measured by %s and by %s: not the same",
			    compare_string(base, "method"), compare_string(new, "method"));
}

static void compare_pair_cells(struct compare *compare, const struct compare_pair *pair)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(pair->base, "series"), i, series) {
		const json_t *other = compare_find_series(pair->new, series);

		if (other && compare_methods_differ(series, other))
			report_methods(compare, pair->base, series, other);
		else if (other)
			compare_series(compare, pair, series, other);
		else
			report_one_sided(compare, series, pair->base, "BASE");
	}
	json_array_foreach (json_object_get(pair->new, "series"), i, series)
		if (!compare_find_series(pair->base, series))
			report_one_sided(compare, series, pair->new, "NEW");
}

static bool is_open(const json_t *row)
{
	return json_is_null(json_object_get(row, "verdict")) &&
	       json_is_true(json_object_get(row, "judged"));
}

/* A difference that Holm's correction leaves standing. */
static void judge_moved(const struct compare *compare, json_t *row)
{
	double worse = json_read_number(row, "difference") *
		       compare_worse_sign(compare_string(row, "unit"));

	if (compare->exact || compare->taken != TAKEN_APART)
		compare_set_verdict(row, worse > 0 ? "regression" : "improvement", "%s", "");
	else
		compare_set_verdict(row, "inconclusive",
				    "beyond the spread of the batches (see above)");
}

static const char moved_a_little[] = "moved, but by less than the minimum effect";

/* No difference is shown, and no sameness: by how much it may be off, for who wants more batches.
 */
static void judge_open(json_t *row, double low, double high)
{
	double reach = fmax(fabs(low), fabs(high));
	double base = fabs(json_read_number(json_object_get(row, "base"), "mean"));

	if (base > 0 && isfinite(reach / base))
		compare_set_verdict(row, "inconclusive", "may be as much as %.3g%%",
				    100 * reach / base);
	else
		compare_set_verdict(row, "inconclusive",
				    "the interval reaches beyond the minimum effect");
}

/* Sides of one run each, in which only the runs' spread counts. */
static const char *too_few(const struct compare *compare)
{
	if (compare->exact)
		return "a spread takes two seeds on each side";
	return compare->taken == TAKEN_REPEATED ? "a spread takes two runs"
						: "a spread takes two batches on each side";
}

static void judge(const struct compare *compare, json_t *row, bool rejected, size_t count)
{
	const json_t *interval = json_object_get(row, "ci95");
	double low = json_number_value(json_array_get(interval, 0));
	double high = json_number_value(json_array_get(interval, 1));
	double least = json_read_number(row, "minimum_effect");
	bool apart = low > 0 || high < 0;
	bool large = fabs(json_read_number(row, "difference")) >= least;

	if (!json_is_array(interval))
		compare_set_verdict(row, "inconclusive", "%s", too_few(compare));
	else if (rejected && apart && large)
		judge_moved(compare, row);
	else if (low >= -least && high <= least)
		compare_set_verdict(row, "same", "%s", rejected && apart ? moved_a_little : "");
	else if (apart && large)
		compare_set_verdict(row, "inconclusive",
				    "a difference by itself, not as one of %zu tested (Holm)",
				    count);
	else
		judge_open(row, low, high);
}

/* A change of one instruction is one, however small a part of its segment. */
static void note_little_moves(const struct compare *compare)
{
	_free_ char *text = NULL;
	unsigned count = 0;
	json_t *row;
	size_t i;

	json_array_foreach (compare->rows, i, row)
		count += !strcmp(compare_string(row, "detail"), moved_a_little);
	if (!count)
		return;
	if (asprintf(&text, "%u of the same moved, but by less than %.10g %%: --least=0 judges %s",
		     count,
		     compare->exact ? compare->effect.exact_percent : compare->effect.percent,
		     count == 1 ? "it too" : "them too") < 0)
		abort();
	json_array_append_new(json_object_get(compare->report, "notes"), json_string(text));
}

static void judge_rows(const struct compare *compare)
{
	size_t room = json_array_size(compare->rows) + 1, count = 0, at = 0, i;
	_free_ double *p_values = calloc(room, sizeof(*p_values));
	_free_ bool *rejected = calloc(room, sizeof(*rejected));
	json_t *row;

	if (!p_values || !rejected)
		abort();
	json_array_foreach (compare->rows, i, row)
		if (is_open(row))
			p_values[count++] = json_read_number(row, "p_value");
	stats_holm(p_values, count, ALPHA, rejected);
	json_array_foreach (compare->rows, i, row)
		if (is_open(row))
			judge(compare, row, rejected[at++], count);
	note_little_moves(compare);
}

void compare_spread(struct compare *compare)
{
	for (size_t i = 0; i < compare->pair_count; i++)
		if (compare_pair_whole(&compare->pairs[i]))
			compare_pair_cells(compare, &compare->pairs[i]);
	if (compare->exact)
		compare_slopes(compare);
	compare_report_cells(compare);
	judge_rows(compare);
}
