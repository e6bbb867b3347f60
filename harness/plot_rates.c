// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_charts.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 60
#define MAX_NAMES 8
/* Beyond this ratio the small ones would stand at the axis' end. */
#define LOG_RATIO 10
#define LABEL_FONT 10
#define FAINT_PERCENT 50
#define HOW                                                                                        \
	"Dots: mean of the batches, with the 95 % interval (Student's t) where there is one. "     \
	"Faint: each batch."

/* The rows of one unit. */
struct rates {
	const struct plot_data *data;
	const char *unit;
	size_t names[MAX_NAMES], name_count;
	size_t rows[MAX_ROWS], row_count; /* cells */
	double places[MAX_ROWS], depth; /* of rows, down from 0 */
	size_t groups[MAX_ROWS], group_count; /* of neighbours whose labels begin alike */
	double low, high; /* of all above 0 */
};

static const struct plot_series *find(const struct rates *rates, size_t row, size_t name)
{
	return plot_find(&rates->data->cells[rates->rows[row]], rates->names[name], DIRECTION_BOTH);
}

static void add_names(struct rates *rates)
{
	const struct plot_data *data = rates->data;

	for (size_t i = 0; i < data->name_count && rates->name_count < MAX_NAMES; i++)
		if (!strcmp(data->names[i].unit, rates->unit) && plot_has(data, i, DIRECTION_BOTH))
			rates->names[rates->name_count++] = i;
}

static bool has_any(const struct rates *rates, const struct plot_cell *cell)
{
	for (size_t i = 0; i < rates->name_count; i++)
		if (plot_find(cell, rates->names[i], DIRECTION_BOTH))
			return true;
	return false;
}

/* "xdp, " of "xdp, 60 B": what its neighbours have too. */
static size_t stem_length(const char *label)
{
	size_t length = strlen(label), last = length;

	for (size_t i = 0; i + 1 < length; i++)
		if ((label[i] == ',' || label[i] == ' ') && label[i + 1] == ' ')
			last = i;
	return last;
}

static bool same_group(const char *left, const char *right)
{
	size_t length = stem_length(left);

	return length == stem_length(right) && !strncmp(left, right, length);
}

static void add_rows(struct rates *rates)
{
	const struct plot_data *data = rates->data;

	for (size_t i = 0; i < data->cell_count && rates->row_count < MAX_ROWS; i++) {
		size_t row = rates->row_count;
		bool again;

		if (!data->cells[i].failed && !has_any(rates, &data->cells[i]))
			continue;
		again = row &&
			same_group(data->cells[rates->rows[row - 1]].label, data->cells[i].label);
		rates->group_count += !again;
		rates->groups[row] = rates->group_count - 1;
		rates->rows[rates->row_count++] = i;
	}
	/* Where nothing is alike there is nothing to keep apart. */
	if (rates->group_count == rates->row_count)
		rates->group_count = 1;
	for (size_t row = 0; row < rates->row_count; row++) {
		if (rates->group_count == 1)
			rates->groups[row] = 0;
		rates->places[row] = (double)row + 0.5 * (double)rates->groups[row];
		rates->depth = rates->places[row];
	}
}

static void widen(struct rates *rates, double value)
{
	if (!(value > 0))
		return;
	rates->low = fmin(rates->low, value);
	rates->high = fmax(rates->high, value);
}

static void add_range(struct rates *rates)
{
	rates->low = INFINITY;
	for (size_t row = 0; row < rates->row_count; row++)
		for (size_t name = 0; name < rates->name_count; name++) {
			const struct plot_series *series = find(rates, row, name);
			const json_t *mean;
			size_t i;

			if (!series || rates->data->cells[rates->rows[row]].failed)
				continue;
			json_array_foreach (series->batches, i, mean)
				widen(rates, json_is_number(mean) ? json_number_value(mean) : 0);
			widen(rates, series->mean);
		}
}

static bool rates_init(struct rates *rates, const struct plot_data *data, const char *unit)
{
	*rates = (struct rates){ .data = data, .unit = unit };
	add_names(rates);
	if (!rates->name_count)
		return false;
	add_rows(rates);
	add_range(rates);
	return rates->high > 0;
}

static unsigned colour_of(const struct rates *rates, size_t row, size_t name)
{
	if (rates->name_count > 1)
		return plot_colour_of(name, rates->name_count);
	return plot_colour_of(rates->groups[row], rates->group_count);
}

struct axis {
	bool logarithmic;
	double low, high, divisor;
	char unit[24];
};

static struct axis choose_axis(const struct rates *rates)
{
	struct plot_scale scale = plot_scale_for(rates->high, rates->unit);
	struct axis axis = { .logarithmic = rates->high / rates->low > LOG_RATIO };

	snprintf(axis.unit, sizeof(axis.unit), "%s", scale.unit);
	axis.divisor = axis.logarithmic ? 1 : scale.divisor;
	axis.low = axis.logarithmic ? rates->low / 1.3 : 0;
	axis.high = rates->high * (axis.logarithmic ? 1.3 : 1.08) / axis.divisor;
	return axis;
}

static double on_axis(const struct axis *axis, double value)
{
	return isnan(value) ? NAN : fmin(fmax(value / axis->divisor, axis->low), axis->high);
}

static void put_value(struct page *page, const struct plot_series *series, double place,
		      const char *unit)
{
	struct plot_scale scale = plot_scale_for(series->mean * 2, unit);
	char number[32], text[64], where[128];

	plot_number(series->mean / scale.divisor, number, sizeof(number));
	snprintf(text, sizeof(text), "%s %s", number, scale.unit);
	snprintf(where, sizeof(where),
		 "at graph 1, first %.8g offset 0.8,0 left font FONT.',9' tc rgb '#444444'", place);
	page_text(page, "set label", text, where);
}

static void put_dots(struct page *page, const struct rates *rates, const struct axis *axis,
		     size_t row, size_t name)
{
	const struct plot_series *series = find(rates, row, name);
	double at = rates->places[row] + 0.5 * ((name + 0.5) / (double)rates->name_count - 0.5);
	unsigned colour = colour_of(rates, row, name);
	const json_t *mean;
	size_t i;

	if (!series || isnan(series->mean))
		return;
	page_curve(page, chart_pale(colour, FAINT_PERCENT), 1, 7, 1.3);
	json_array_foreach (series->batches, i, mean)
		if (json_is_number(mean))
			page_put(page, on_axis(axis, json_number_value(mean)), at, NAN, NAN);
	page_curve(page, colour, 1, 7, 1.9);
	page_put(page, on_axis(axis, series->mean), at,
		 page_end(page, 'x', series->low / axis->divisor),
		 page_end(page, 'x', series->high / axis->divisor));
	put_value(page, series, at, rates->unit);
}

static void put_row(struct page *page, const struct rates *rates, const struct axis *axis,
		    size_t row)
{
	char where[128];

	if (!rates->data->cells[rates->rows[row]].failed) {
		for (size_t name = 0; name < rates->name_count; name++)
			put_dots(page, rates, axis, row, name);
		return;
	}
	snprintf(where, sizeof(where),
		 "at graph 1, first %.8g offset 0.8,0 left font FONT.',9' tc rgb '#b03000'",
		 rates->places[row]);
	page_text(page, "set label", "failed", where);
}

static char *row_label(const struct rates *rates, size_t row)
{
	const char *label = rates->data->cells[rates->rows[row]].label;

	return plot_shorten(*label ? label : rates->data->names[rates->names[0]].text,
			    CHART_LABEL_COLUMNS);
}

static void put_row_tics(struct page *page, const struct rates *rates)
{
	struct page_tic tics[MAX_ROWS];
	char *labels[MAX_ROWS];

	for (size_t i = 0; i < rates->row_count; i++) {
		labels[i] = row_label(rates, i);
		tics[i] = (struct page_tic){ rates->places[i], labels[i] };
	}
	page_tics(page, 'y', tics, rates->row_count, "scale 0");
	for (size_t i = 0; i < rates->row_count; i++)
		free(labels[i]);
}

static double labels_width(const struct rates *rates)
{
	double widest = 0;

	for (size_t i = 0; i < rates->row_count; i++) {
		_free_ char *label = row_label(rates, i);

		widest = fmax(widest, plot_text_width(label, LABEL_FONT));
	}
	return widest;
}

static void put_panel(struct page *page, const struct rates *rates)
{
	const char *name = rates->data->names[rates->names[0]].text;
	struct axis axis = choose_axis(rates);
	char title[120];

	if (rates->name_count > 1)
		name = "rates";
	snprintf(title, sizeof(title), "%.80s (%s)", name, axis.unit);
	page_panel(page, axis.logarithmic ? name : title); /* the tics say it */
	if (axis.logarithmic)
		page_axis_log(page, 'x', axis.low, axis.high, rates->unit);
	else
		page_axis_linear(page, 'x', axis.low, axis.high);
	page_command(page, "set yrange [%.8g:-0.6]", rates->depth + 0.6);
	put_row_tics(page, rates);
	for (size_t row = 0; row < rates->row_count; row++)
		put_row(page, rates, &axis, row);
}

static void put_legend(struct page *page, const struct rates *rates)
{
	for (size_t i = 0; rates->name_count > 1 && i < rates->name_count; i++)
		page_legend(page, rates->data->names[rates->names[i]].text,
			    plot_colour_of(i, rates->name_count), 0);
}

int chart_rates(const struct plot_data *data, char **ret_script, struct err *err)
{
	static const char *const units[] = { "pps", "bps" };
	struct rates panels[ARRAY_SIZE(units)];
	_page_ struct page page = { 0 };
	double depth = 0, width = 0;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (!rates_init(&panels[count], data, units[i]))
			continue;
		depth = fmax(depth, panels[count].depth);
		width = fmax(width, labels_width(&panels[count++]));
	}
	if (!count)
		return 0;
	chart_begin(&page, data, "rates",
		    data->cell_count > MAX_ROWS ? "What the load reaches (the first 60 cells)"
						: "What the load reaches");
	for (size_t i = 0; i < count; i++)
		put_legend(&page, &panels[i]);
	page_grid(&page, &(struct page_grid){ .count = count,
					      .columns = 1,
					      .panel_height = (depth + 1.2) * 22,
					      .left = width + 10,
					      .right = 80,
					      .bottom = 34 });
	for (size_t i = 0; i < count; i++)
		put_panel(&page, &panels[i]);
	return chart_finish(&page, data, "rates", HOW, ret_script, err);
}
