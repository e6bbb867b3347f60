// SPDX-License-Identifier: GPL-2.0-only
#include "summary_json.h"

#include "harness/batches.h"
#include "harness/cleanup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *alloc(size_t count, size_t item_bytes)
{
	void *items = calloc(count + 1, item_bytes);

	if (!items)
		abort();
	return items;
}

/* NaNs sort last, and a percentile among what is left would pass for one of all values. */
static double percentile(const double *sorted, size_t count, double p)
{
	return count && isnan(sorted[count - 1]) ? NAN : stats_percentile(sorted, count, p);
}

static json_t *batch_percentiles(const struct batches *batches, double p)
{
	json_t *array = json_array();

	for (size_t b = 0; b < batches->count; b++)
		json_array_append_new(array,
				      summary_number(percentile(batches_get(batches, b),
								batches_size(batches, b), p)));
	return array;
}

/* Each batch's mean into "batches"; those that are numbers into `means`. */
static size_t add_batch_means(json_t *row, const struct batches *batches, double *means)
{
	json_t *array = json_array();
	size_t count = 0;

	for (size_t b = 0; b < batches->count; b++) {
		double mean = batches_mean(batches, b);

		json_array_append_new(array, summary_number(mean));
		if (isfinite(mean))
			means[count++] = mean;
	}
	json_object_set_new(row, "batches", array);
	return count;
}

static void set_number(json_t *row, const char *name, double value)
{
	json_object_set_new(row, name, summary_number(value));
}

static void add_spread(json_t *row, const struct group *group)
{
	_free_ double *sorted = alloc(group->count, sizeof(*sorted));

	memcpy(sorted, group->values, group->count * sizeof(*sorted));
	stats_sort(sorted, group->count);
	set_number(row, "stddev", stats_stddev(group->values, group->count));
	set_number(row, "min", percentile(sorted, group->count, 0));
	set_number(row, "p50", percentile(sorted, group->count, 0.5));
	set_number(row, "p90", percentile(sorted, group->count, 0.9));
	set_number(row, "p99", percentile(sorted, group->count, 0.99));
	set_number(row, "max", percentile(sorted, group->count, 1));
}

/* A counter of this series, PREFIX.NAME.DIRECTION, a packet; NAN if nobody counted. */
static double count_per_packet(const struct grouped *grouped, size_t cell,
			       const struct group *group, const char *prefix)
{
	double sum = NAN;
	_free_ char *name = NULL;

	if (asprintf(&name, "%s.%s.%s", prefix, group->series->name,
		     direction_names[group->series->direction]) < 0)
		abort();
	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const struct counter *counter = grouped_get_counter(grouped, cell, i);

		if (!strcmp(counter->name, name))
			sum = (isnan(sum) ? 0 : sum) + counter->value;
	}
	return sum / (double)group->count;
}

/* The way of measuring that the probe of this cell has taken; NULL: it has but one. */
static const char *find_method(const struct grouped *grouped, size_t cell)
{
	static const char prefix[] = "method.";

	for (size_t i = 0; i < grouped_counter_count(grouped, cell); i++) {
		const char *name = grouped_get_counter(grouped, cell, i)->name;

		if (!strncmp(name, prefix, strlen(prefix)))
			return name + strlen(prefix);
	}
	return NULL;
}

/* What of the probe is within a series' values: so many times, so much. */
struct within {
	const char *name; /* of the number of times a packet, in the summary */
	double times;
	const struct cost *cost;
};

/*
 * Firings of a probe between the two points of the series; or calls whose both times it took
 * itself, each with the cost of an empty span in it. Neither is anything but time.
 */
static struct within find_within(const struct grouped *grouped, size_t cell,
				 const struct group *group, const struct calibration *calibration)
{
	double calls = count_per_packet(grouped, cell, group, "calls");
	double hooks = count_per_packet(grouped, cell, group, "hooks");
	bool is_time = !strcmp(group->series->unit, "ns");

	if (!isnan(calls))
		return (struct within){ "calls_per_packet", is_time ? calls : NAN,
					&calibration->span };
	return (struct within){ "hooks_per_packet", is_time ? hooks : NAN, &calibration->event };
}

static double half_width(struct interval interval)
{
	return (interval.high - interval.low) / 2;
}

/* Measurement and calibration are independent runs: their half widths add as root sum of squares
 * (JCGM 100:2008, 5.1.2). */
static void add_correction(json_t *row, double mean, struct interval interval,
			   const struct within *within)
{
	const struct cost *cost = within->cost;
	double off = within->times * cost->mean_ns;
	double off_half = within->times * half_width(cost->interval_ns);
	double half = hypot(half_width(interval), off_half), corrected = mean - off;
	json_t *correction = json_null();

	set_number(row, "corrected_mean", corrected);
	json_object_set_new(
		row, "corrected_ci95",
		summary_interval((struct interval){ corrected - half, corrected + half }));
	if (isfinite(off))
		correction = json_pack(
			"{s:o, s:o, s:o}", "mean", summary_number(off), "ci95",
			summary_interval((struct interval){ off - off_half, off + off_half }),
			within->name, summary_number(within->times));
	json_object_set_new(row, "correction", correction);
}

static void add_estimates(json_t *row, const struct batches *batches, const struct group *group,
			  const struct within *within)
{
	_free_ double *means = alloc(batches->count, sizeof(*means));
	size_t count = add_batch_means(row, batches, means);
	double mean = stats_mean(means, count);
	struct interval interval = stats_mean_interval(means, count);

	set_number(row, "mean", mean);
	json_object_set_new(row, "ci95", summary_interval(interval));
	add_spread(row, group);
	add_correction(row, mean, interval, within);
	json_object_set_new(row, "percentiles_by_batch",
			    json_pack("{s:o, s:o, s:o}", "p01", batch_percentiles(batches, 0.01),
				      "p50", batch_percentiles(batches, 0.5), "p99",
				      batch_percentiles(batches, 0.99)));
}

json_t *summary_series(const struct grouped *grouped, size_t cell, size_t index,
		       const struct calibration *calibration)
{
	struct group group = grouped_get(grouped, cell, index);
	json_t *row = json_pack("{s:o, s:s, s:s, s:I}", "name", summary_text(group.series->name),
				"direction", direction_names[group.series->direction], "unit",
				group.series->unit, "n", (json_int_t)group.count);
	struct within within = find_within(grouped, cell, &group, calibration);
	double calls = count_per_packet(grouped, cell, &group, "calls");
	struct batches batches;

	if (!isnan(calls)) {
		json_object_set_new(row, "method", summary_text(find_method(grouped, cell)));
		set_number(row, "calls_per_packet", calls);
	}
	batches_init(&batches, &group, grouped_batch_count(grouped, cell));
	add_estimates(row, &batches, &group, &within);
	batches_done(&batches);
	return row;
}
