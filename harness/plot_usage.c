// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/json_read.h"
#include "harness/plot_charts.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 60
#define MAX_PARTS 24
#define LABEL_FONT 9
#define NODE_PREFIX "softirq_"
#define MEMORY_PREFIX "memory_"
#define HOW "Means of the batches, the probe's own cost included."

/* The bars of one panel: end to end, or below each other. */
struct panel {
	const struct plot_data *data;
	size_t parts[MAX_PARTS], part_count; /* names */
	unsigned colours[MAX_PARTS];
	bool a_packet, stacked;
	double longest;
	struct plot_scale scale;
	double pixels; /* of one scaled unit */
};

static size_t row_count(const struct plot_data *data)
{
	return data->cell_count < MAX_ROWS ? data->cell_count : MAX_ROWS;
}

static void add_part(struct panel *panel, size_t name)
{
	if (panel->part_count < MAX_PARTS)
		panel->parts[panel->part_count++] = name;
}

static void add_named(struct panel *panel, const char *text)
{
	for (size_t i = 0; i < panel->data->name_count; i++)
		if (!strcmp(panel->data->names[i].text, text))
			add_part(panel, i);
}

static size_t count_prefixed(const struct plot_data *data, const char *prefix)
{
	size_t count = 0;

	for (size_t i = 0; i < data->name_count; i++)
		count += !strncmp(data->names[i].text, prefix, strlen(prefix));
	return count;
}

static void add_prefixed(struct panel *panel, const char *prefix)
{
	for (size_t i = 0; i < panel->data->name_count; i++)
		if (!strncmp(panel->data->names[i].text, prefix, strlen(prefix)))
			add_part(panel, i);
}

/* Of each node, unless there are too many to tell apart. */
static void add_cpu_parts(struct panel *panel)
{
	static const char *const processes[] = { "cpu_load", "cpu_server", "charged_load",
						 "charged_server" };

	for (size_t i = 0; i < ARRAY_SIZE(processes); i++)
		add_named(panel, processes[i]);
	if (count_prefixed(panel->data, NODE_PREFIX) > MAX_PARTS - ARRAY_SIZE(processes))
		add_named(panel, "cpu_softirq");
	else
		add_prefixed(panel, NODE_PREFIX);
}

static double packets_a_batch(const struct plot_data *data, size_t cell,
			      const struct plot_series *series)
{
	const json_t *cells = json_object_get(data->folder.summary, "cells");
	const json_t *loss = json_object_get(json_array_get(cells, cell), "loss"), *mean;
	size_t batches = 0, i;

	json_array_foreach (series->batches, i, mean)
		batches += json_is_number(mean);
	return json_read_number(loss, "sent") / (double)batches;
}

/* 0 where there is none. */
static double value_of(const struct panel *panel, size_t cell, size_t part)
{
	const struct plot_series *series =
		plot_find(&panel->data->cells[cell], panel->parts[part], DIRECTION_BOTH);
	double value;

	if (!series)
		return 0;
	value = series->mean / (panel->a_packet ? packets_a_batch(panel->data, cell, series) : 1);
	return isfinite(value) && value > 0 ? value : 0;
}

static double length_of(const struct panel *panel, size_t cell)
{
	double sum = 0, most = 0;

	for (size_t i = 0; i < panel->part_count; i++) {
		double value = value_of(panel, cell, i);

		sum += value;
		most = fmax(most, value);
	}
	return panel->stacked ? sum : most;
}

/* What no cell has any of needs no colour. */
static void drop_empty_parts(struct panel *panel)
{
	size_t kept = 0;

	for (size_t i = 0; i < panel->part_count; i++) {
		double most = 0;

		for (size_t cell = 0; cell < row_count(panel->data); cell++)
			most = fmax(most, value_of(panel, cell, i));
		if (most > 0)
			panel->parts[kept++] = panel->parts[i];
	}
	panel->part_count = kept;
}

static bool panel_init(struct panel *panel, bool cpu, const struct plot_data *data,
		       size_t first_colour)
{
	*panel = (struct panel){ .data = data, .a_packet = cpu, .stacked = cpu };
	if (cpu)
		add_cpu_parts(panel);
	else
		add_prefixed(panel, MEMORY_PREFIX);
	drop_empty_parts(panel);
	for (size_t cell = 0; cell < row_count(data); cell++)
		panel->longest = fmax(panel->longest, length_of(panel, cell));
	if (!(panel->longest > 0))
		return false;
	for (size_t i = 0; i < panel->part_count; i++)
		panel->colours[i] = plot_colour(first_colour + i);
	panel->scale = plot_scale_for(panel->longest, data->names[panel->parts[0]].unit);
	return true;
}

static void put_number(struct page *page, const struct panel *panel, double value, double at,
		       double row, const char *style)
{
	char number[32], text[64], place[160];

	plot_number(value / panel->scale.divisor, number, sizeof(number));
	snprintf(text, sizeof(text), "%s %s", number,
		 strlen(panel->scale.unit) <= 4 ? panel->scale.unit : "");
	snprintf(place, sizeof(place), "at first %.8g, first %.8g %s", at, row, style);
	page_text(page, "set label", text, place);
}

/* A part's share, where it fits in. */
static void put_share(struct page *page, const struct panel *panel, size_t part, double from,
		      double width, size_t row, double share)
{
	char text[16], place[160];

	snprintf(text, sizeof(text), "%.0f %%", share * 100);
	if (plot_text_width(text, LABEL_FONT) > width * panel->pixels - 6)
		return;
	snprintf(place, sizeof(place),
		 "at first %.8g, first %zu center font FONT.',%d' tc rgb '#%06x' front",
		 from + width / 2, row, LABEL_FONT, chart_ink_on(panel->colours[part]));
	page_text(page, "set label", text, place);
}

static size_t part_of(const struct panel *panel, const struct plot_series *series)
{
	size_t part = 0;

	while (part < panel->part_count && panel->parts[part] != series->name)
		part++;
	return part;
}

/* In the order of the cell's own series, which is that of its nodes. */
static void put_stacked(struct page *page, const struct panel *panel, size_t row)
{
	const struct plot_cell *cell = &panel->data->cells[row];
	double total = length_of(panel, row), from = 0;

	for (size_t i = 0; i < cell->series_count; i++) {
		size_t part = part_of(panel, &cell->series[i]);
		double value = part < panel->part_count ? value_of(panel, row, part) : 0;
		double width = value / panel->scale.divisor;

		if (value == 0)
			continue;
		page_put(page, from + width / 2, (double)row, from, from + width, row - 0.36,
			 row + 0.36, panel->colours[part]);
		put_share(page, panel, part, from, width, row, value / total);
		from += width;
	}
	if (total > 0)
		put_number(page, panel, total, from, (double)row,
			   "offset 0.7,0 left font FONT_BOLD.',9' tc rgb '#333333'");
}

static void put_side_by_side(struct page *page, const struct panel *panel, size_t row)
{
	double height = 0.8 / (double)panel->part_count;

	for (size_t i = 0; i < panel->part_count; i++) {
		double value = value_of(panel, row, i), width = value / panel->scale.divisor;
		double middle = (double)row - 0.4 + height * ((double)i + 0.5);

		if (value == 0)
			continue;
		page_put(page, width / 2, middle, 0, width, middle - height * 0.46,
			 middle + height * 0.46, panel->colours[i]);
		if (row_count(panel->data) <= 24)
			put_number(page, panel, value, width, middle,
				   "offset 0.5,0 left font FONT.',7' tc rgb '#444444'");
	}
}

static void put_row_tics(struct page *page, const struct plot_data *data)
{
	struct page_tic tics[MAX_ROWS];
	char *labels[MAX_ROWS];
	size_t rows = row_count(data);

	for (size_t i = 0; i < rows; i++) {
		labels[i] = plot_shorten(data->cells[i].label, CHART_LABEL_COLUMNS);
		tics[i] = (struct page_tic){ i, labels[i] };
	}
	page_tics(page, 'y', tics, rows, "scale 0");
	for (size_t i = 0; i < rows; i++)
		free(labels[i]);
}

static void put_panel(struct page *page, struct panel *panel)
{
	double high = panel->longest / panel->scale.divisor;
	size_t rows = row_count(panel->data);
	char title[80];

	snprintf(title, sizeof(title), "%s (%s)",
		 panel->a_packet ? "CPU a packet" : "memory at its peak", panel->scale.unit);
	page_panel(page, title);
	panel->pixels = page->panel_width / high;
	page_axis_linear(page, 'x', 0, high);
	page_command(page, "set yrange [%zu-0.45:-0.55]", rows);
	put_row_tics(page, panel->data);
	page_curve(page, 0, 1, 0, 1);
	for (size_t row = 0; row < rows; row++)
		(panel->stacked ? put_stacked : put_side_by_side)(page, panel, row);
}

static void put_legend(struct page *page, const struct panel *panel)
{
	for (size_t i = 0; i < panel->part_count; i++)
		page_legend(page, panel->data->names[panel->parts[i]].text, panel->colours[i], 0);
}

int chart_usage(const struct plot_data *data, char **ret_script, struct err *err)
{
	_page_ struct page page = { 0 };
	size_t rows = row_count(data), count = 0;
	struct panel panels[2];

	if (!count_prefixed(data, MEMORY_PREFIX))
		return 0;
	count += panel_init(&panels[count], true, data, 0);
	count += panel_init(&panels[count], false, data, count ? panels[0].part_count : 0);
	if (!count)
		return 0;
	chart_begin(&page, data, "usage",
		    rows < data->cell_count ? "What a run costs (the first 60 cells)"
					    : "What a run costs");
	for (size_t i = 0; i < count; i++)
		put_legend(&page, &panels[i]);
	page_grid(&page, &(struct page_grid){ .count = count,
					      .columns = 1,
					      .panel_height = rows * (rows <= 8 ? 48 : 30) + 10,
					      .left = chart_label_width(data, rows, 10) + 8,
					      .right = 70,
					      .bottom = 34 });
	for (size_t i = 0; i < count; i++)
		put_panel(&page, &panels[i]);
	return chart_finish(&page, data, "path", HOW, ret_script, err);
}
