// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_lines.h"

#include "harness/cleanup.h"

#include <string.h>

#define MAX_LEGEND 24
/* gnuplot seeks each from the top of its block: of so many nobody sees one, and ten times as many
 * take minutes. */
#define MAX_LINES 2000

static void add_line(struct lines *lines, struct line_panel *panel, const struct line *line)
{
	if (panel->count == MAX_LINES) {
		lines->cut = true;
		return;
	}
	panel->lines = reallocarray(panel->lines, panel->count + 1, sizeof(*panel->lines));
	if (!panel->lines)
		abort();
	panel->lines[panel->count++] = *line;
}

/* Colours are for segments; what overlaps them or is something else is grey and broken. */
static struct line name_style(const struct plot_data *data, size_t name)
{
	struct line line = { .dash = 1, .width = 2 };
	size_t place = 0;

	for (size_t i = 0; i < name; i++)
		place += data->names[i].role == data->names[name].role;
	if (data->names[name].role == PLOT_SEGMENT) {
		line.colour = plot_colour(place);
		return line;
	}
	line.colour = data->names[name].role == PLOT_SPAN ? 0x7a7a7a : 0x2b2b2b;
	line.dash = 2 + place % 4;
	line.width = 1.5;
	return line;
}

static struct line_panel *find_panel(struct lines *lines, const char *title, const char *unit)
{
	for (size_t i = 0; i < lines->count; i++)
		if (!strcmp(lines->panels[i].title, title) && !strcmp(lines->panels[i].unit, unit))
			return &lines->panels[i];
	if (lines->count == PAGE_MAX_PANELS) {
		lines->cut = true;
		return NULL;
	}
	lines->panels[lines->count] = (struct line_panel){ .title = title, .unit = unit };
	return &lines->panels[lines->count++];
}

static const struct plot_series *find_series(const struct lines *lines, size_t cell, size_t name,
					     enum direction direction)
{
	const struct plot_series *series = plot_find(&lines->data->cells[cell], name, direction);

	if (series && lines->distributions && plot_one_a_batch(series))
		return NULL;
	return series;
}

static void by_direction(struct lines *lines, enum direction direction)
{
	static const char *const titles[] = { "request", "reply", "the load's own view" };
	const struct plot_data *data = lines->data;

	for (size_t i = 0; i < data->name_count; i++) {
		const struct plot_series *series = find_series(lines, 0, i, direction);
		struct line line = name_style(data, i);
		struct line_panel *panel;

		if (!series)
			continue;
		panel = find_panel(lines, titles[direction], data->names[i].unit);
		line.series = series;
		if (panel)
			add_line(lines, panel, &line);
	}
}

static void by_cell(struct lines *lines, size_t name)
{
	const struct plot_data *data = lines->data;

	for (int d = 0; d < DIRECTION_COUNT; d++)
		for (size_t cell = 0; cell < data->cell_count; cell++) {
			struct line line = { .series = find_series(lines, cell, name, d),
					     .colour = plot_colour_of(cell, data->cell_count),
					     .dash = d == DIRECTION_REPLY ? 2 : 1,
					     .width = 1.6 };
			struct line_panel *panel;

			if (!line.series)
				continue;
			panel = find_panel(lines, data->names[name].text, data->names[name].unit);
			if (panel)
				add_line(lines, panel, &line);
		}
}

void lines_init(struct lines *lines, const struct plot_data *data, bool distributions)
{
	*lines = (struct lines){ .data = data, .distributions = distributions };
	if (data->cell_count == 1) {
		for (int d = 0; d < DIRECTION_COUNT; d++)
			by_direction(lines, d);
		return;
	}
	for (int role = PLOT_SEGMENT; role <= PLOT_OTHER; role++)
		for (size_t i = 0; i < data->name_count; i++)
			if ((int)data->names[i].role == role)
				by_cell(lines, i);
}

void lines_done(struct lines *lines)
{
	for (size_t i = 0; i < lines->count; i++)
		free(lines->panels[i].lines);
	lines->count = 0;
}

static void legend_of_names(const struct plot_data *data, struct page *page)
{
	for (int role = PLOT_SEGMENT; role <= PLOT_OTHER; role++)
		for (size_t i = 0; i < data->name_count; i++) {
			struct line style = name_style(data, i);

			if ((int)data->names[i].role == role)
				page_legend(page, data->names[i].text, style.colour, style.dash);
		}
}

static void legend_of_cells(const struct plot_data *data, struct page *page)
{
	bool all = data->cell_count <= MAX_LEGEND;

	for (size_t i = 0; i < data->cell_count; i++)
		/* Of too many, the ends tell which way the colours go. */
		if (all || i == 0 || i == data->cell_count / 2 || i + 1 == data->cell_count)
			page_legend(page, data->cells[i].label, plot_colour_of(i, data->cell_count),
				    0);
	chart_direction_legend(page, data, true);
}

void lines_layout(const struct lines *lines, struct page *page, double bottom)
{
	bool single = lines->data->cell_count == 1;
	size_t columns = single || lines->count <= 2 || lines->count == 4 ? 2 : 3;

	if (single)
		legend_of_names(lines->data, page);
	else
		legend_of_cells(lines->data, page);
	if (single && lines->count == 3)
		columns = 3;
	page_grid(page, &(struct page_grid){ .count = lines->count,
					     .columns = columns,
					     .panel_height = single ? 280 : 190,
					     .left = 52,
					     .right = 14,
					     .bottom = bottom });
}
