/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What `batches` and `distribution` have in common: which series share a panel. With one cell a
 * panel is a direction and its curves are the series; with several a panel is a series and its
 * curves are the cells, requests solid and replies dashed.
 */

#include "harness/plot_charts.h"

struct line {
	const struct plot_series *series;
	unsigned colour;
	int dash;
	double width;
};

struct line_panel {
	const char *title, *unit;
	struct line *lines;
	size_t count;
};

struct lines {
	const struct plot_data *data;
	struct line_panel panels[PAGE_MAX_PANELS];
	size_t count;
	bool distributions;
	bool cut; /* there were more */
};

/* Of all series, or of those that are distributions: a value a batch is none. */
void lines_init(struct lines *lines, const struct plot_data *data, bool distributions);
void lines_done(struct lines *lines);
#define _lines_ __attribute__((cleanup(lines_done)))
/* Legend and grid: what is before the first panel. `bottom`: room for what is under a panel. */
void lines_layout(const struct lines *lines, struct page *page, double bottom);
