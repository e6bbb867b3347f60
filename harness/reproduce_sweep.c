// SPDX-License-Identifier: GPL-2.0-only
#include "harness/reproduce_sweep.h"

#include "harness/cleanup.h"
#include "harness/json_read.h"

#include <math.h>
#include <string.h>

struct rows {
	const struct published *published;
	const json_t *cell;
	struct sweep_row *items;
	size_t count;
};

size_t reproduce_sweep_sources(const struct published *published)
{
	size_t count = published_count(published);

	return count < REPRODUCE_SOURCES ? count : REPRODUCE_SOURCES;
}

static const json_t *find_series(const json_t *cell, const struct sweep_row *row)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (!strcmp(json_read_text(series, "name"), row->series) &&
		    !strcmp(json_read_text(series, "direction"), direction_names[row->direction]))
			return series;
	return NULL;
}

/* Over batches, as the claims take it; NANs where the summary keeps no percentile of each batch. */
static double batch_mean(const json_t *series, const char *stat, struct interval *ret)
{
	const json_t *percentiles = json_object_get(series, "percentiles_by_batch"), *value;
	const json_t *batches = strcmp(stat, "mean") ? json_object_get(percentiles, stat)
						     : json_object_get(series, "batches");
	_free_ double *values = calloc(json_array_size(batches) + 1, sizeof(*values));
	size_t count = 0, i;

	if (!values)
		abort();
	json_array_foreach (batches, i, value)
		if (json_is_number(value))
			values[count++] = json_number_value(value);
	*ret = stats_mean_interval(values, count);
	return stats_mean(values, count);
}

static void put_measured(const json_t *cell, struct sweep_row *row)
{
	const json_t *series = find_series(cell, row);
	struct interval interval;
	double value = batch_mean(series, row->stat, &interval);

	if (isnan(value))
		value = json_read_number(series, row->stat);
	snprintf(row->measured, sizeof(row->measured), "-");
	if (!isnan(value))
		format_interval(value, interval, json_read_text(series, "unit"), row->measured,
				sizeof(row->measured));
}

/* What is expected has no middle that anybody named. */
static void put_figure(const struct published *published, size_t source, struct interval figure,
		       char text[static FORMAT_MAX])
{
	char low[FORMAT_MAX], high[FORMAT_MAX];

	if (isnan(figure.low))
		snprintf(text, FORMAT_MAX, "-");
	else if (published_is_expected(published, source))
		snprintf(text, FORMAT_MAX, "%.40s to %.40s",
			 format_quantity(figure.low, "ns", low, sizeof(low)),
			 format_quantity(figure.high, "ns", high, sizeof(high)));
	else
		format_interval((figure.low + figure.high) / 2, figure, "ns", text, FORMAT_MAX);
}

static void add_row(struct rows *rows, struct sweep_row *row)
{
	const json_t *factors = json_object_get(rows->cell, "factors");
	bool any = false;

	for (size_t i = 0; i < reproduce_sweep_sources(rows->published); i++) {
		struct interval figure = published_find(rows->published, i, factors, row->series,
							row->direction, row->stat);

		any |= !isnan(figure.low);
		put_figure(rows->published, i, figure, row->figures[i]);
	}
	if (!any)
		return;
	put_measured(rows->cell, row);
	rows->items = reallocarray(rows->items, rows->count + 1, sizeof(*rows->items));
	if (!rows->items)
		abort();
	rows->items[rows->count++] = *row;
}

static bool is_there(const struct rows *rows, const struct sweep_row *row)
{
	for (size_t i = 0; i < rows->count; i++)
		if (rows->items[i].cell == row->cell &&
		    rows->items[i].direction == row->direction &&
		    !strcmp(rows->items[i].series, row->series))
			return true;
	return false;
}

static enum direction direction_of(const json_t *published_row)
{
	for (size_t i = 0; i < DIRECTION_COUNT; i++)
		if (!strcmp(direction_names[i], json_read_text(published_row, "direction")))
			return (enum direction)i;
	return DIRECTION_BOTH;
}

/* Several sources of one series share its rows. */
static void add_series(struct rows *rows, size_t cell, const json_t *published_row)
{
	struct sweep_row row = { .cell = cell,
				 .series = json_read_text(published_row, "series"),
				 .direction = direction_of(published_row) };

	if (is_there(rows, &row))
		return;
	for (size_t i = 0; i < PUBLISHED_STATS; i++) {
		row.stat = published_stats[i];
		add_row(rows, &row);
	}
}

size_t reproduce_sweep_rows(const struct published *published, const json_t *summary,
			    struct sweep_row **ret)
{
	struct rows rows = { .published = published };
	size_t cell;

	json_array_foreach (json_object_get(summary, "cells"), cell, rows.cell)
		for (size_t source = 0; source < reproduce_sweep_sources(published); source++) {
			const json_t *factors = json_object_get(rows.cell, "factors"), *row;

			for (size_t i = 0; (row = published_row(published, source, i, factors));
			     i++)
				add_series(&rows, cell, row);
		}
	*ret = rows.items;
	return rows.count;
}
