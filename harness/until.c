// SPDX-License-Identifier: GPL-2.0-only
#include "harness/until.h"

#include "harness/batches.h"
#include "harness/cleanup.h"
#include "harness/stats.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t until_next_look(const struct experiment_until *until, size_t looked)
{
	size_t next = looked ? looked + (looked + 3) / 4 : until->min_batches;

	return next < until->max_batches ? next : until->max_batches;
}

/* The one before that after `batches` batches; 0 if that is the first, or there is none there. */
static size_t look_before(const struct experiment_until *until, size_t batches)
{
	size_t before = 0, look = until_next_look(until, 0);

	while (look < batches) {
		before = look;
		look = until_next_look(until, look);
		if (look == before)
			return 0;
	}
	return look == batches ? before : 0;
}

/* "rtt", or with the direction: "tunnel reply". */
static bool is_named(const char *text, const struct series *series)
{
	size_t length = strlen(series->name);

	if (strncmp(text, series->name, length))
		return false;
	return !text[length] || (text[length] == ' ' &&
				 !strcmp(text + length + 1, direction_names[series->direction]));
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

/* How late the load was is no part of the path, and tails of batches have spreads of their own. */
static bool counts_unnamed(const struct series *series)
{
	static const char *const units[] = { "ns", "us", "ms", "s", "pps", "bps", "rps", "Hz" };

	if (!strncmp(series->name, "lateness", strlen("lateness")) ||
	    ends_with(series->name, "_p99") || ends_with(series->name, "_max"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (!strcmp(units[i], series->unit))
			return true;
	return false;
}

bool until_takes(const struct experiment_until *until, const struct series *series)
{
	const char *const *texts = until->series.items;

	for (size_t i = 0; i < until->series.count; i++)
		if (is_named(texts[i], series))
			return true;
	return !until->series.count && counts_unnamed(series);
}

/* Of values that are all 0 there is nothing more to learn. */
static double half_width_percent(const double *means, size_t count)
{
	struct interval interval = stats_mean_interval(means, count);
	double half = (interval.high - interval.low) / 2;
	double percent = half == 0 ? 0 : 100 * half / fabs(stats_mean(means, count));

	return isfinite(percent) ? percent : INFINITY;
}

static double measure(const struct grouped *grouped, size_t cell, const struct group *group,
		      size_t first)
{
	_free_ double *means = calloc(first + 1, sizeof(*means));
	struct batches batches;
	size_t count = 0;

	if (!means)
		abort();
	batches_init(&batches, group, grouped_batch_count(grouped, cell));
	for (size_t b = 0; b < first && b < batches.count; b++)
		if (batches_size(&batches, b))
			means[count++] = batches_mean(&batches, b);
	batches_done(&batches);
	return half_width_percent(means, count);
}

/* `narrow` as far as this look can tell. */
static struct until_stop look_once(const struct experiment_until *until,
				   const struct grouped *grouped, size_t cell, size_t batches)
{
	struct until_stop stop = { .batches = batches, .half_width_percent = INFINITY };

	for (size_t i = 0; i < grouped_count(grouped, cell); i++) {
		struct group group = grouped_get(grouped, cell, i);
		double percent;

		if (!until_takes(until, group.series))
			continue;
		percent = measure(grouped, cell, &group, batches);
		if (stop.widest && percent <= stop.half_width_percent)
			continue;
		stop.widest = group.series;
		stop.half_width_percent = percent;
	}
	stop.narrow = stop.half_width_percent <= until->half_width_percent;
	return stop;
}

struct until_stop until_look(const struct experiment_until *until, const struct grouped *grouped,
			     size_t cell, size_t batches)
{
	struct until_stop stop = look_once(until, grouped, cell, batches);
	size_t before = look_before(until, batches);

	stop.narrow = stop.narrow && before && look_once(until, grouped, cell, before).narrow;
	return stop;
}
