// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_factor.h"
#include "harness/stats.h"
#include "harness/summary.h"

#include <math.h>
#include <string.h>

/* Side by side; of more none would be wide enough. */
#define MAX_GROUPS 6
#define MAX_LEGEND 12
#define AREA_PERCENT 35
#define LINEAR_BINS 20
#define HOW "Every sample is in it: of all batches together."

/* Rows of panels: a series each, with a group of cells in each panel, over the same axes. */
struct grid {
	const struct plot_data *data;
	struct factor_sweep sweep;
	bool linear; /* else bins double in width */
	bool swept; /* else each cell is a group of its own */
	size_t names[PAGE_MAX_PANELS], name_count;
	size_t group_count;
};

static enum direction direction_of(const struct grid *grid, size_t name)
{
	return plot_has(grid->data, name, DIRECTION_REQUEST) ? DIRECTION_REQUEST : DIRECTION_BOTH;
}

static const struct plot_series *find(const struct grid *grid, size_t cell, size_t name)
{
	const struct plot_series *series =
		plot_find(&grid->data->cells[cell], name, direction_of(grid, name));

	return series && series->count && !plot_one_a_batch(series) ? series : NULL;
}

static bool is_shown(const struct grid *grid, size_t name, enum direction direction)
{
	if (direction_of(grid, name) != direction)
		return false;
	for (size_t cell = 0; cell < grid->data->cell_count; cell++)
		if (find(grid, cell, name))
			return true;
	return false;
}

/* What the probes saw; the load's own view only where there is no other. */
static void add_names(struct grid *grid, enum direction direction)
{
	for (size_t i = 0; i < grid->data->name_count; i++)
		if ((grid->name_count + 1) * grid->group_count <= PAGE_MAX_PANELS &&
		    is_shown(grid, i, direction))
			grid->names[grid->name_count++] = i;
}

static void grid_init(struct grid *grid, const struct plot_data *data, bool linear)
{
	*grid = (struct grid){ .data = data, .linear = linear };
	grid->swept = factor_sweep_init(&grid->sweep, data);
	grid->group_count = grid->swept ? grid->sweep.group_count : data->cell_count;
	if (grid->group_count > MAX_GROUPS)
		return;
	add_names(grid, DIRECTION_REQUEST);
	if (!grid->name_count)
		add_names(grid, DIRECTION_BOTH);
}

static bool in_group(const struct grid *grid, size_t cell, size_t group)
{
	return (grid->swept ? grid->sweep.group_of[cell] : cell) == group;
}

/* How many smaller values the factor has. */
static size_t place_of(const struct grid *grid, size_t cell, size_t *ret_count)
{
	const struct factor_sweep *sweep = &grid->sweep;
	size_t place = 0;

	*ret_count = 0;
	for (size_t i = 0; i < grid->data->cell_count; i++) {
		double x = sweep->x[sweep->order[i]];

		if (i && x == sweep->x[sweep->order[i - 1]])
			continue;
		place += x < sweep->x[cell];
		(*ret_count)++;
	}
	return place;
}

static unsigned colour_of(const struct grid *grid, size_t cell)
{
	size_t count, place;

	if (!grid->swept)
		return plot_colour_of(cell, grid->group_count);
	place = place_of(grid, cell, &count);
	return plot_ramp(place, count);
}

static void put_legend(struct page *page, const struct grid *grid)
{
	const struct factor_sweep *sweep = &grid->sweep;
	size_t put = 0;

	for (size_t i = 0; grid->swept && i < grid->data->cell_count && put < MAX_LEGEND; i++) {
		size_t cell = sweep->order[i];
		const char *dot = strrchr(sweep->factor, '.');
		char text[120];

		if (i && sweep->x[cell] == sweep->x[sweep->order[i - 1]])
			continue;
		snprintf(text, sizeof(text), "%.80s=%.10g", dot ? dot + 1 : sweep->factor,
			 sweep->x[cell]);
		page_legend(page, text, colour_of(grid, cell), 0);
		put++;
	}
}

/* What the panels of one series have in common. */
struct axis {
	double step; /* of linear bins */
	double low, high, share; /* share: of the fullest bin, in percent */
	struct plot_scale scale; /* of a linear axis */
};

static void make_bins(const struct plot_series *series, const struct axis *axis,
		      struct histogram *ret)
{
	if (axis->step > 0)
		histogram_steps(series->sorted, series->count, axis->step, LINEAR_BINS, ret);
	else
		histogram_log2(series->sorted, series->count, ret);
	/* What is beyond the last is drawn as one more bin of the same width. */
	if (axis->step > 0)
		ret->edges[ret->count] = (LINEAR_BINS + 1) * axis->step;
}

static double step_of(const struct grid *grid, size_t name)
{
	double most = 0;

	for (size_t cell = 0; cell < grid->data->cell_count; cell++) {
		const struct plot_series *series = find(grid, cell, name);

		if (series)
			most = fmax(most, stats_percentile(series->sorted, series->count, 0.95));
	}
	return histogram_step_width(most, LINEAR_BINS);
}

static void widen(struct axis *axis, const struct plot_series *series)
{
	struct histogram histogram;

	make_bins(series, axis, &histogram);
	for (size_t i = 0; i < histogram.count; i++) {
		if (!histogram.counts[i])
			continue;
		axis->low = fmin(axis->low, histogram.edges[i]);
		axis->high = fmax(axis->high, histogram.edges[i + 1]);
		axis->share = fmax(axis->share, 100.0 * histogram.counts[i] / series->count);
	}
	histogram_free(&histogram);
}

static struct axis axis_of(const struct grid *grid, size_t name)
{
	struct axis axis = { .step = grid->linear ? step_of(grid, name) : 0, .low = INFINITY };

	for (size_t cell = 0; cell < grid->data->cell_count; cell++) {
		const struct plot_series *series = find(grid, cell, name);

		if (series)
			widen(&axis, series);
	}
	/* The bin of values below 1 has no left end on a logarithmic axis. */
	if (!grid->linear)
		axis.low = fmax(axis.low, 0.5);
	axis.high = fmax(axis.high, 2 * axis.low);
	axis.scale = plot_scale_for(axis.high, grid->data->names[name].unit);
	if (!grid->linear)
		axis.scale.divisor = 1;
	return axis;
}

static void put_steps(struct page *page, const struct plot_series *series, const struct axis *axis)
{
	double by = axis->scale.divisor;
	struct histogram histogram;

	make_bins(series, axis, &histogram);
	page_put(page, axis->low / by, 0);
	for (size_t i = 0; i < histogram.count; i++)
		if (histogram.edges[i + 1] > axis->low)
			page_put(page, fmax(histogram.edges[i], axis->low) / by,
				 100.0 * histogram.counts[i] / series->count);
	if (histogram.count)
		page_put(page, histogram.edges[histogram.count] / by, 0);
	histogram_free(&histogram);
}

static size_t count_cells(const struct grid *grid, size_t name, size_t group)
{
	size_t count = 0;

	for (size_t cell = 0; cell < grid->data->cell_count; cell++)
		count += in_group(grid, cell, group) && find(grid, cell, name);
	return count;
}

static void put_curves(struct page *page, const struct grid *grid, size_t name, size_t group,
		       const struct axis *axis)
{
	bool alone = count_cells(grid, name, group) == 1;

	for (size_t cell = 0; cell < grid->data->cell_count; cell++) {
		const struct plot_series *series = find(grid, cell, name);
		unsigned colour = colour_of(grid, cell);

		if (!series || !in_group(grid, cell, group))
			continue;
		if (alone) {
			page_curve(page, chart_pale(colour, AREA_PERCENT), 1, PLOT_BAND, 1);
			put_steps(page, series, axis);
		}
		page_curve(page, colour, 1, 0, 1.6);
		put_steps(page, series, axis);
	}
}

/* The group's, where panels of several stand side by side; else the series'. */
static char *panel_title(const struct grid *grid, size_t name, size_t group, size_t columns)
{
	const char *label = grid->swept ? factor_group_title(&grid->sweep, group)
					: grid->data->cells[group].label;

	return plot_shorten(grid->group_count > 1 ? label : grid->data->names[name].text, columns);
}

static void put_x_axis(struct page *page, const struct axis *axis, const char *unit)
{
	double by = axis->scale.divisor;

	if (axis->step > 0)
		page_axis_linear(page, 'x', axis->low / by, axis->high / by);
	else
		page_axis_log(page, 'x', axis->low, axis->high, unit);
	if (axis->step > 0 || strcmp(unit, "ns")) /* else the tics say it */
		page_text(page, "set xlabel", axis->scale.unit, "offset 0,0.4");
}

static void put_panel(struct page *page, const struct grid *grid, size_t name, size_t group)
{
	const struct plot_name *about = &grid->data->names[name];
	size_t columns = (size_t)(page->panel_width / plot_text_width("x", 11));
	_free_ char *title = panel_title(grid, name, group, columns);
	struct axis axis = axis_of(grid, name);

	page_panel(page, title);
	put_x_axis(page, &axis, about->unit);
	page_axis_linear(page, 'y', 0, fmin(axis.share * 1.08, 100));
	page_command(page, "set format y '%%g %%%%'");
	if (grid->group_count > 1 && group == 0)
		page_text(page, "set ylabel", about->text, "offset -1,0");
	else
		page_command(page, "unset ylabel");
	put_curves(page, grid, name, group, &axis);
}

static int draw(const struct grid *grid, char **ret_script, struct err *err)
{
	bool single = grid->group_count == 1;
	_page_ struct page page = { 0 };

	chart_begin(&page, grid->data, grid->linear ? "histogram_linear" : "histogram",
		    grid->linear
			    ? "Share of packets by bins of one width; the last has what is beyond"
			    : "Share of packets by bins that double in width");
	put_legend(&page, grid);
	page_grid(&page, &(struct page_grid){ .count = grid->name_count * grid->group_count,
					      .columns = single ? 3 : grid->group_count,
					      .panel_height = 150,
					      .left = 46,
					      .right = 14,
					      .bottom = 40,
					      .indent = single ? 0 : 22 });
	for (size_t i = 0; i < grid->name_count; i++)
		for (size_t group = 0; group < grid->group_count; group++)
			put_panel(&page, grid, grid->names[i], group);
	return chart_finish(&page, grid->data, "histogram", HOW, ret_script, err);
}

static int draw_grid(const struct plot_data *data, bool linear, char **ret_script, struct err *err)
{
	struct grid grid;
	int code = 0;

	if (!data->name_count)
		return 0;
	grid_init(&grid, data, linear);
	if (grid.name_count)
		code = draw(&grid, ret_script, err);
	if (grid.swept)
		factor_sweep_done(&grid.sweep);
	return code;
}

int chart_histogram(const struct plot_data *data, char **ret_script, struct err *err)
{
	return draw_grid(data, false, ret_script, err);
}

int chart_histogram_linear(const struct plot_data *data, char **ret_script, struct err *err)
{
	return draw_grid(data, true, ret_script, err);
}
