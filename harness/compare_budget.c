// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a difference may owe to something else than what was changed. Each part is the half-width of
 * a 95 % interval; those of two sides add up as independent ones do, which is on the safe side for
 * sides that share a calibration.
 */
#include "harness/compare_internal.h"

#include "harness/json_read.h"

#include <math.h>

static double half_width(const json_t *pair)
{
	const json_t *low = json_array_get(pair, 0), *high = json_array_get(pair, 1);

	if (!json_is_number(low) || !json_is_number(high))
		return NAN;
	return (json_number_value(high) - json_number_value(low)) / 2;
}

/* Of several runs' mean: their batches' errors are independent, and of so many batches that the
 * normal distribution's quantile will do. */
static double half_width_of_runs(const json_t *errors)
{
	const json_t *error;
	double sum = 0;
	size_t i;

	json_array_foreach (errors, i, error)
		sum += json_is_number(error) ? pow(json_number_value(error), 2) : NAN;
	return 1.959964 * sqrt(sum) / (double)json_array_size(errors);
}

static double of_side(const json_t *series)
{
	const json_t *errors = json_object_get(series, "batch_errors");

	return errors ? half_width_of_runs(errors) : half_width(json_object_get(series, "ci95"));
}

static double of_batches(const json_t *base, const json_t *new)
{
	return hypot(of_side(base), of_side(new));
}

static double of_probe(const json_t *base, const json_t *new)
{
	const json_t *base_cost = json_object_get(base, "correction");
	const json_t *new_cost = json_object_get(new, "correction");

	return hypot(half_width(json_object_get(base_cost, "ci95")),
		     half_width(json_object_get(new_cost, "ci95")));
}

static double cost(const json_t *series)
{
	const json_t *mean = json_object_get(json_object_get(series, "correction"), "mean");

	return json_is_number(mean) ? json_number_value(mean) : NAN;
}

/* Of the cell itself where that is known, else of the whole run. */
static double steal_percent(const json_t *cell, const struct result_folder *folder)
{
	const json_t *steal = json_object_get(cell, "steal");
	double percent =
		100 * json_read_number(steal, "steal_us") / json_read_number(steal, "cpu_us");

	return isfinite(percent) ? percent : json_read_number(folder->environment, "steal_percent");
}

void compare_set_budget(const struct compare *compare, json_t *row, const struct compare_pair *pair,
			const json_t *base, const json_t *new)
{
	double runs = NAN, batches = of_batches(base, new);

	/* Exact rows are of medians, their batches of means. */
	if (compare->exact)
		batches = half_width(json_object_get(row, "ci95"));
	if (compare->taken == TAKEN_REPEATED)
		runs = half_width(json_object_get(row, "ci95"));
	json_object_set_new(
		row, "budget",
		json_pack("{s:o, s:o, s:o, s:o, s:o}", "batches", compare_number(batches), "probe",
			  compare_number(of_probe(base, new)), "probe_shift",
			  compare_number(cost(new) - cost(base)), "runs", compare_number(runs),
			  "steal_percent",
			  compare_number(fmax(steal_percent(pair->base, &compare->base),
					      steal_percent(pair->new, &compare->new)))));
}
