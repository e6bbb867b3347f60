// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_lines.h"

#include "harness/cleanup.h"

#include <math.h>
#include <string.h>

/* Curves are drawn through this many quantiles, the ends among them; of many, coarser. */
#define QUANTILES 160
#define QUANTILES_OF_MANY 50
#define MANY_CURVES 24
#define HOW "Every sample is in it: of all batches together."

struct range {
	double low, high;
};

static struct range range_of(const struct line_panel *panel)
{
	struct range range = { INFINITY, 0 };

	for (size_t i = 0; i < panel->count; i++) {
		const struct plot_series *series = panel->lines[i].series;

		if (!series->count)
			continue;
		range.high = fmax(range.high, series->sorted[series->count - 1]);
		range.low = fmin(range.low, series->sorted[0]);
	}
	if (!(range.high > 0))
		return (struct range){ 1, 10 };
	/* Zeros have no place on a logarithmic axis: they stand at its left end. */
	range.low = fmax(range.low, range.high > 10 ? fmax(1, range.high / 1e7) : range.high / 1e4);
	return (struct range){ range.low / 1.15, range.high * 1.15 };
}

static void put_line(struct page *page, const struct line *line, const struct range *range,
		     size_t quantiles)
{
	const struct plot_series *series = line->series;
	size_t last = series->count - 1, previous = SIZE_MAX;

	page_curve(page, line->colour, line->dash, 0, line->width);
	if (!series->count)
		return;
	page_put(page, fmax(series->sorted[0], range->low), 0);
	for (size_t i = 0; i < quantiles; i++) {
		size_t rank = (size_t)round((double)last * i / (quantiles - 1));

		if (rank != previous)
			page_put(page, fmax(series->sorted[rank], range->low),
				 100.0 * (rank + 1) / series->count);
		previous = rank;
	}
}

static void put_panel(struct page *page, const struct line_panel *panel)
{
	static const struct page_tic percents[] = {
		{ 0, "0 %" },	{ 25, "25 %" }, { 50, "50 %" },
		{ 75, "75 %" }, { 90, "90 %" }, { 100, "" },
	};
	struct range range = range_of(panel);
	bool said = !strcmp(panel->unit, "ns"); /* by the tics */
	char title[120];

	snprintf(title, sizeof(title), "%.80s (%.30s)", panel->title, panel->unit);
	page_panel(page, said ? panel->title : title);
	page_command(page, "set yrange [0:101]");
	page_tics(page, 'y', percents, ARRAY_SIZE(percents), "");
	page_axis_log(page, 'x', range.low, range.high, panel->unit);
	for (size_t i = 0; i < panel->count; i++)
		put_line(page, &panel->lines[i], &range,
			 panel->count > MANY_CURVES ? QUANTILES_OF_MANY : QUANTILES);
}

static bool any_samples(const struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		for (size_t k = 0; k < lines->panels[i].count; k++)
			if (lines->panels[i].lines[k].series->count)
				return true;
	return false;
}

int chart_distribution(const struct plot_data *data, char **ret_script, struct err *err)
{
	_lines_ struct lines lines = { 0 };
	_page_ struct page page = { 0 };

	lines_init(&lines, data, true);
	if (!any_samples(&lines))
		return 0;
	chart_begin(&page, data, "distribution",
		    lines.cut ? "Share of packets at or below (the first of more)"
			      : "Share of packets at or below");
	lines_layout(&lines, &page, 30);
	for (size_t i = 0; i < lines.count; i++)
		put_panel(&page, &lines.panels[i]);
	return chart_finish(&page, data, "distribution", HOW, ret_script, err);
}
