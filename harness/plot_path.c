// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_charts.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 60
#define LABEL_FONT 9
#define HOW "Bar lengths: mean of the batch means, the probes' own cost included."

/* A cell and direction: its segments end to end. */
struct row {
	const struct plot_cell *cell;
	enum direction direction;
	double total;
};

struct strip {
	const struct plot_data *data;
	size_t names[CHART_MAX_NAMES], name_count;
	struct row rows[MAX_ROWS];
	size_t row_count;
	bool cut; /* there were more */
	double longest;
	struct plot_scale scale;
	double pixels; /* of one scaled unit */
};

static double mean_of(const struct strip *strip, const struct row *row, size_t name)
{
	const struct plot_series *series = plot_find(row->cell, strip->names[name], row->direction);

	return series && series->mean > 0 ? series->mean : 0;
}

static void add_row(struct strip *strip, const struct plot_cell *cell, enum direction direction)
{
	struct row row = { .cell = cell, .direction = direction };

	for (size_t i = 0; i < strip->name_count; i++)
		row.total += mean_of(strip, &row, i);
	if (row.total == 0)
		return;
	if (strip->row_count == MAX_ROWS) {
		strip->cut = true;
		return;
	}
	strip->longest = fmax(strip->longest, row.total);
	strip->rows[strip->row_count++] = row;
}

static bool strip_init(struct strip *strip, const struct plot_data *data)
{
	*strip = (struct strip){ .data = data };
	strip->name_count = chart_segment_names(data, strip->names, CHART_MAX_NAMES);
	for (size_t cell = 0; cell < data->cell_count; cell++)
		/* A series of both, such as a rate, is no part of a way. */
		for (int d = 0; d < DIRECTION_BOTH; d++)
			add_row(strip, &data->cells[cell], d);
	if (!strip->row_count)
		return false;
	strip->scale = plot_scale_for(strip->longest, data->names[strip->names[0]].unit);
	return true;
}

/* " us" behind a number; what is longer stands at the axis only. */
static const char *short_unit(const struct strip *strip, char text[static 8])
{
	snprintf(text, 8, " %.6s", strip->scale.unit);
	return strlen(strip->scale.unit) <= 4 ? text : "";
}

/* As much as fits into the part: name, time and share; less; or nothing. */
static char *part_label(const struct strip *strip, size_t name, double value, double share)
{
	const char *text = strip->data->names[strip->names[name]].text;
	char number[32], unit[8], forms[3][160];

	plot_number(value, number, sizeof(number));
	snprintf(forms[2], sizeof(forms[2]), "%.0f %%", share * 100);
	snprintf(forms[1], sizeof(forms[1]), "%s%s  %.9s", number, short_unit(strip, unit),
		 forms[2]);
	snprintf(forms[0], sizeof(forms[0]), "%.40s  %.90s", text, forms[1]);
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
		if (plot_text_width(forms[i], LABEL_FONT) <= value * strip->pixels - 6)
			return strdup(forms[i]);
	return NULL;
}

static void put_part(struct page *page, const struct strip *strip, size_t name, size_t row,
		     double from, double value, double share)
{
	_free_ char *label = part_label(strip, name, value, share);
	unsigned colour = plot_colour(name);
	char place[128];

	page_put(page, from + value / 2, row, from, from + value, row - 0.36, row + 0.36, colour);
	if (!label)
		return;
	snprintf(place, sizeof(place),
		 "at first %.8g, first %zu center font FONT.',%d' tc rgb '#%06x' front",
		 from + value / 2, row, LABEL_FONT, chart_ink_on(colour));
	page_text(page, "set label", label, place);
}

/* A reply meets the segments from the other end. */
static void put_row(struct page *page, const struct strip *strip, size_t index)
{
	const struct row *row = &strip->rows[index];
	char number[32], text[64], place[128], unit[8];
	double from = 0;

	for (size_t i = 0; i < strip->name_count; i++) {
		size_t name = row->direction == DIRECTION_REPLY ? strip->name_count - 1 - i : i;
		double mean = mean_of(strip, row, name);

		if (mean == 0)
			continue;
		put_part(page, strip, name, index, from, mean / strip->scale.divisor,
			 mean / row->total);
		from += mean / strip->scale.divisor;
	}
	plot_number(from, number, sizeof(number));
	snprintf(text, sizeof(text), "%s%s", number, short_unit(strip, unit));
	snprintf(place, sizeof(place),
		 "at first %.8g, first %zu offset 0.7,0 left font FONT_BOLD.',9' tc rgb '#333333'",
		 from, index);
	page_text(page, "set label", text, place);
}

static char *row_label(const struct strip *strip, size_t index)
{
	const struct row *row = &strip->rows[index];
	_free_ char *cell = plot_shorten(row->cell->label, CHART_LABEL_COLUMNS);
	char *label;

	if (asprintf(&label, "%s%s%s", strip->data->cell_count > 1 ? cell : "",
		     strip->data->cell_count > 1 ? ", " : "", direction_names[row->direction]) < 0)
		abort();
	return label;
}

static void put_row_tics(struct page *page, const struct strip *strip)
{
	struct page_tic tics[MAX_ROWS];
	char *labels[MAX_ROWS];

	for (size_t i = 0; i < strip->row_count; i++) {
		labels[i] = row_label(strip, i);
		tics[i] = (struct page_tic){ i, labels[i] };
	}
	page_tics(page, 'y', tics, strip->row_count, "scale 0");
	for (size_t i = 0; i < strip->row_count; i++)
		free(labels[i]);
}

static double tics_width(const struct strip *strip)
{
	double widest = 0;

	for (size_t i = 0; i < strip->row_count; i++) {
		_free_ char *label = row_label(strip, i);

		widest = fmax(widest, plot_text_width(label, 10));
	}
	return widest;
}

int chart_path(const struct plot_data *data, char **ret_script, struct err *err)
{
	_page_ struct page page = { 0 };
	struct strip strip;
	char title[64];
	double high;

	if (!strip_init(&strip, data))
		return 0;
	chart_begin(&page, data, "path",
		    strip.cut ? "What a packet's way takes (the first 60 rows)"
			      : "What a packet's way takes: its segments in the order in which it "
				"meets them");
	for (size_t i = 0; i < strip.name_count; i++)
		page_legend(&page, data->names[strip.names[i]].text, plot_colour(i), 0);
	page_grid(&page,
		  &(struct page_grid){
			  .count = 1,
			  .columns = 1,
			  .panel_height = strip.row_count * (strip.row_count <= 8 ? 48 : 26) + 10,
			  .left = tics_width(&strip) + 8,
			  .right = 70,
			  .bottom = 52 });
	page_panel(&page, "");
	high = strip.longest / strip.scale.divisor;
	strip.pixels = page.panel_width / high;
	page_axis_linear(&page, 'x', 0, high);
	page_text(&page, "set xlabel",
		  plot_axis_title(&strip.scale, data->names[strip.names[0]].unit, title,
				  sizeof(title)),
		  "");
	page_command(&page, "set yrange [%zu-0.45:-0.55]", strip.row_count);
	put_row_tics(&page, &strip);
	page_curve(&page, 0, 1, 0, 1);
	for (size_t i = 0; i < strip.row_count; i++)
		put_row(&page, &strip, i);
	return chart_finish(&page, data, "path", HOW, ret_script, err);
}
