// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_charts.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 60
#define REFERENCE_COLOUR 0xb4b4b4
#define HOW "Bars: mean of the batch means. Whiskers: 95 % interval (Student's t)."

/* What one segment has beside each other: a bar a direction, and one for the source's figure. */
struct bars {
	const struct plot_data *data;
	size_t names[CHART_MAX_NAMES], name_count;
	enum direction directions[DIRECTION_COUNT];
	size_t direction_count;
	bool reference[DIRECTION_COUNT]; /* by index into directions */
	size_t per_segment;
	struct plot_scale scale;
	double largest;
};

static double top_of(const struct plot_series *series)
{
	return series && !isnan(series->high) ? series->high : series ? series->mean : NAN;
}

static void find_directions(struct bars *bars)
{
	for (int d = 0; d < DIRECTION_COUNT; d++) {
		bool seen = false, reference = false;

		for (size_t i = 0; i < bars->name_count; i++) {
			const char *text = bars->data->names[bars->names[i]].text;

			seen |= plot_has(bars->data, bars->names[i], d);
			reference |= !isnan(plot_reference_mean(bars->data, text, d));
		}
		if (!seen)
			continue;
		bars->reference[bars->direction_count] = reference;
		bars->directions[bars->direction_count++] = d;
		bars->per_segment += 1 + reference;
	}
}

static double largest_of(const struct bars *bars, size_t name)
{
	const struct plot_data *data = bars->data;
	double largest = 0;

	for (size_t d = 0; d < bars->direction_count; d++) {
		for (size_t cell = 0; cell < data->cell_count; cell++)
			largest = fmax(largest, top_of(plot_find(&data->cells[cell], name,
								 bars->directions[d])));
		largest = fmax(largest, plot_reference_mean(data, data->names[name].text,
							    bars->directions[d]));
	}
	return largest;
}

static bool bars_init(struct bars *bars, const struct plot_data *data)
{
	*bars = (struct bars){ .data = data };
	bars->name_count = chart_segment_names(data, bars->names, CHART_MAX_NAMES);
	find_directions(bars);
	for (size_t i = 0; i < bars->name_count; i++)
		bars->largest = fmax(bars->largest, largest_of(bars, bars->names[i]));
	if (!bars->name_count || !bars->direction_count)
		return false;
	bars->scale = plot_scale_for(bars->largest, data->names[bars->names[0]].unit);
	return true;
}

static void put_legend(struct page *page, const struct bars *bars)
{
	for (size_t d = 0; d < bars->direction_count; d++) {
		page_legend(page, direction_names[bars->directions[d]],
			    chart_direction_colour(bars->directions[d]), 0);
		if (bars->reference[d]) {
			const char *source = json_string_value(
				json_object_get(bars->data->folder.experiment, "reference"));
			_free_ char *text = NULL;

			if (asprintf(&text, "%s, as the paper has it (%s)",
				     direction_names[bars->directions[d]], source) < 0)
				abort();
			page_legend(page, text, REFERENCE_COLOUR, 0);
		}
	}
}

/* Rows of both charts: a rectangle each, and for those with an interval x, y, low, high. */
struct bar {
	double at, half, value, low, high;
	unsigned colour;
};

struct bar_list {
	struct bar *items;
	size_t count;
};

static void add_bar(struct bar_list *list, const struct bar *bar)
{
	if (isnan(bar->value))
		return;
	list->items = reallocarray(list->items, list->count + 1, sizeof(*list->items));
	if (!list->items)
		abort();
	list->items[list->count++] = *bar;
}

static struct bar series_bar(const struct bars *bars, const struct plot_series *series, double at,
			     double half)
{
	double by = bars->scale.divisor;

	if (!series)
		return (struct bar){ .value = NAN };
	return (struct bar){ .at = at,
			     .half = half,
			     .value = series->mean / by,
			     .low = series->low / by,
			     .high = series->high / by,
			     .colour = chart_direction_colour(series->direction) };
}

static void put_bars(struct page *page, const struct bar_list *list, bool upright)
{
	page_curve(page, 0, 1, 0, 1);
	for (size_t i = 0; i < list->count; i++) {
		const struct bar *bar = &list->items[i];
		double from = bar->at - bar->half, to = bar->at + bar->half;

		if (upright)
			page_put(page, bar->at, bar->value, from, to, 0, bar->value, bar->colour);
		else
			page_put(page, bar->value, bar->at, 0, bar->value, from, to, bar->colour);
	}
	page_curve(page, 0, 1, 0, 1);
	for (size_t i = 0; i < list->count; i++) {
		const struct bar *bar = &list->items[i];

		if (isnan(bar->low) || isnan(bar->high))
			continue;
		if (upright)
			page_put(page, bar->at, bar->value, bar->low, bar->high);
		else
			page_put(page, bar->value, bar->at, bar->low, bar->high);
	}
}

static void put_values(struct page *page, const struct bar_list *list, bool upright)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct bar *bar = &list->items[i];
		double end = isnan(bar->high) ? bar->value : bar->high;
		char number[32], place[160];

		plot_number(bar->value, number, sizeof(number));
		snprintf(place, sizeof(place),
			 upright ? "at first %.8g, first %.8g offset 0,0.55 center font FONT.',9' "
				   "tc rgb '#444444'"
				 : "at first %2$.8g, first %1$.8g offset 0.5,0 left font FONT.',8' "
				   "tc rgb '#444444'",
			 bar->at, end);
		page_text(page, "set label", number, place);
	}
}

static void segment_bars(const struct bars *bars, size_t index, struct bar_list *list)
{
	size_t name = bars->names[index];
	double width = 0.8 / bars->per_segment, at = index - 0.4 + width / 2;

	for (size_t d = 0; d < bars->direction_count; d++) {
		enum direction direction = bars->directions[d];
		struct bar bar = series_bar(bars, plot_find(&bars->data->cells[0], name, direction),
					    at, width * 0.46);

		add_bar(list, &bar);
		at += width;
		if (!bars->reference[d])
			continue;
		bar = (struct bar){ at, width * 0.46, NAN, NAN, NAN, REFERENCE_COLOUR };
		bar.value =
			plot_reference_mean(bars->data, bars->data->names[name].text, direction) /
			bars->scale.divisor;
		add_bar(list, &bar);
		at += width;
	}
}

static void put_segment_tics(struct page *page, const struct bars *bars)
{
	struct page_tic tics[CHART_MAX_NAMES];
	double slot = page->panel_width / bars->name_count;
	bool wide = false;

	for (size_t i = 0; i < bars->name_count; i++) {
		tics[i] = (struct page_tic){ i, bars->data->names[bars->names[i]].text };
		wide |= plot_text_width(tics[i].text, 11) > slot - 4;
	}
	page_tics(page, 'x', tics, bars->name_count,
		  wide ? "scale 0 rotate by -35 left font FONT.',9'"
		       : "scale 0 norotate font FONT.',11'");
}

static int draw_single(const struct bars *bars, char **ret_script, struct err *err)
{
	const char *unit = bars->data->names[bars->names[0]].unit;
	_free_ struct bar *items = NULL;
	_page_ struct page page = { 0 };
	struct bar_list list = { 0 };
	char title[64];

	chart_begin(&page, bars->data, "segments", "What each segment of the path takes");
	put_legend(&page, bars);
	page_grid(&page,
		  &(struct page_grid){ 1, 1, 330, 56, 8, bars->name_count > 9 ? 70 : 34, 0 });
	page_panel(&page, "");
	page_axis_linear(&page, 'y', 0, bars->largest / bars->scale.divisor * 1.1);
	page_text(&page, "set ylabel", plot_axis_title(&bars->scale, unit, title, sizeof(title)),
		  "");
	page_command(&page, "set xrange [-0.5:%zu-0.5]", bars->name_count);
	put_segment_tics(&page, bars);
	for (size_t i = 0; i < bars->name_count; i++)
		segment_bars(bars, i, &list);
	items = list.items;
	put_bars(&page, &list, true);
	if (page.panel_width * 0.8 / (bars->name_count * bars->per_segment) > 24)
		put_values(&page, &list, true);
	return chart_finish(&page, bars->data, "segments", HOW, ret_script, err);
}

static void put_cell_tics(struct page *page, const struct plot_data *data, size_t rows, bool named)
{
	struct page_tic tics[MAX_ROWS];
	char *labels[MAX_ROWS];

	for (size_t i = 0; i < rows; i++) {
		labels[i] = plot_shorten(named ? data->cells[i].label : "", CHART_LABEL_COLUMNS);
		tics[i] = (struct page_tic){ i, labels[i] };
	}
	page_tics(page, 'y', tics, rows, "scale 0");
	for (size_t i = 0; i < rows; i++)
		free(labels[i]);
}

static void draw_segment_panel(struct page *page, const struct bars *bars, size_t index,
			       size_t rows)
{
	const struct plot_data *data = bars->data;
	double width = 0.8 / bars->direction_count;
	size_t name = bars->names[index];
	_free_ struct bar *items = NULL;
	struct bar_list list = { 0 };

	page_panel(page, data->names[name].text);
	page_axis_linear(page, 'x', 0, largest_of(bars, name) / bars->scale.divisor * 1.15);
	page_command(page, "set yrange [%zu-0.4:-0.6]", rows);
	put_cell_tics(page, data, rows, index % page->columns == 0);
	for (size_t cell = 0; cell < rows; cell++)
		for (size_t d = 0; d < bars->direction_count; d++) {
			struct bar bar = series_bar(
				bars, plot_find(&data->cells[cell], name, bars->directions[d]),
				cell - 0.4 + (d + 0.5) * width, width * 0.46);

			add_bar(&list, &bar);
		}
	items = list.items;
	put_bars(page, &list, false);
	if (rows <= 24)
		put_values(page, &list, false);
}

static int draw_cells(const struct bars *bars, char **ret_script, struct err *err)
{
	const struct plot_data *data = bars->data;
	size_t rows = data->cell_count < MAX_ROWS ? data->cell_count : MAX_ROWS;
	size_t panels = bars->name_count < PAGE_MAX_PANELS ? bars->name_count : PAGE_MAX_PANELS;
	_page_ struct page page = { 0 };
	char shows[128];

	snprintf(shows, sizeof(shows), "What each segment of the path takes (%s)%s",
		 bars->scale.unit, rows < data->cell_count ? ", the first 60 cells" : "");
	chart_begin(&page, data, "segments", shows);
	put_legend(&page, bars);
	page_grid(&page, &(struct page_grid){ .count = panels,
					      .columns = panels <= 4		? panels
							 : (panels + 1) / 2 > 4 ? 4
										: (panels + 1) / 2,
					      .panel_height = rows * (rows <= 24 ? 24 : 16) + 8,
					      .left = 6,
					      .right = 14,
					      .bottom = 30,
					      .indent = chart_label_width(data, rows, 10) });
	for (size_t i = 0; i < panels; i++)
		draw_segment_panel(&page, bars, i, rows);
	return chart_finish(&page, data, "segments_cells", HOW, ret_script, err);
}

int chart_segments(const struct plot_data *data, char **ret_script, struct err *err)
{
	struct bars bars;

	if (!bars_init(&bars, data))
		return 0;
	return data->cell_count == 1 ? draw_single(&bars, ret_script, err)
				     : draw_cells(&bars, ret_script, err);
}
