// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_factor.h"

#include <math.h>
#include <string.h>

#define HOW "Points: mean of the batch means. Whiskers: 95 % interval (Student's t)."

static unsigned curve_colour(const struct factor_sweep *sweep, size_t group,
			     enum direction direction)
{
	return sweep->group_count > 1 ? plot_colour_of(group, sweep->group_count)
				      : chart_direction_colour(direction);
}

static void put_curve(struct page *page, const struct factor_sweep *sweep, size_t name,
		      size_t group, enum direction direction, double divisor)
{
	bool reply = direction == DIRECTION_REPLY;

	page_curve(page, curve_colour(sweep, group, direction), reply ? 2 : 1, reply ? 6 : 7, 1.8);
	for (size_t i = 0; i < sweep->data->cell_count; i++) {
		size_t cell = sweep->order[i];
		const struct plot_series *series =
			plot_find(&sweep->data->cells[cell], name, direction);
		double low, high;

		if (sweep->group_of[cell] != group || !series || isnan(series->mean))
			continue;
		low = isnan(series->low) ? series->mean : series->low;
		high = isnan(series->high) ? series->mean : series->high;
		page_put(page, sweep->x[cell], series->mean / divisor,
			 page_end(page, 'y', low / divisor), page_end(page, 'y', high / divisor));
	}
}

static struct plot_scale panel_range(const struct factor_sweep *sweep, size_t name, double *ret_low,
				     double *ret_high)
{
	*ret_low = INFINITY;
	*ret_high = 0;
	for (size_t cell = 0; cell < sweep->data->cell_count; cell++)
		for (int d = 0; d < DIRECTION_COUNT; d++) {
			const struct plot_series *series =
				plot_find(&sweep->data->cells[cell], name, d);

			if (!series || isnan(series->mean))
				continue;
			*ret_high = fmax(*ret_high, fmax(series->mean, series->high));
			*ret_low = fmin(*ret_low, series->mean);
		}
	return plot_scale_for(*ret_high, sweep->data->names[name].unit);
}

static void put_panel(struct page *page, const struct factor_sweep *sweep, size_t name)
{
	const struct plot_name *about = &sweep->data->names[name];
	double low, high;
	struct plot_scale scale = panel_range(sweep, name, &low, &high);
	bool logarithmic = low > 0 && high / low > (factor_is_log(sweep) ? FACTOR_LOG_LOG_RATIO
									 : FACTOR_LOG_RATIO);
	bool said = logarithmic && !strcmp(about->unit, "ns"); /* by the tics */
	char title[120];

	snprintf(title, sizeof(title), "%.80s (%s)", about->text,
		 logarithmic ? about->unit : scale.unit);
	page_panel(page, said ? about->text : title);
	factor_axis(page, sweep);
	if (logarithmic) {
		scale.divisor = 1;
		page_axis_log(page, 'y', low / 1.4, high * 1.4, about->unit);
	} else {
		page_axis_linear(page, 'y', 0, high / scale.divisor * 1.1);
	}
	for (size_t group = 0; group < sweep->group_count; group++)
		for (int d = 0; d < DIRECTION_COUNT; d++)
			if (plot_has(sweep->data, name, d))
				put_curve(page, sweep, name, group, d, scale.divisor);
}

static void put_legend(struct page *page, const struct factor_sweep *sweep)
{
	bool both = sweep->group_count > 1;

	for (size_t i = 0; both && i < sweep->group_count && i < 24; i++)
		page_legend(page, sweep->groups[i], plot_colour_of(i, sweep->group_count), 0);
	chart_direction_legend(page, sweep->data, both);
}

static int draw(const struct factor_sweep *sweep, char **ret_script, struct err *err)
{
	const struct plot_data *data = sweep->data;
	size_t panels = data->name_count < PAGE_MAX_PANELS ? data->name_count : PAGE_MAX_PANELS;
	_page_ struct page page = { 0 };
	char shows[160];

	snprintf(shows, sizeof(shows), "Means against %.120s", sweep->factor);
	chart_begin(&page, data, "sweep", shows);
	put_legend(&page, sweep);
	page_grid(&page, &(struct page_grid){ .count = panels,
					      .columns = panels == 4 || panels < 3 ? 2 : 3,
					      .panel_height = panels < 3 ? 280 : 200,
					      .left = 52,
					      .right = 14,
					      .bottom = 44 });
	for (int role = PLOT_SEGMENT; role <= PLOT_OTHER; role++)
		for (size_t i = 0; i < data->name_count && page.panel_count < panels; i++)
			if ((int)data->names[i].role == role)
				put_panel(&page, sweep, i);
	return chart_finish(&page, data, "sweep", HOW, ret_script, err);
}

int chart_sweep(const struct plot_data *data, char **ret_script, struct err *err)
{
	struct factor_sweep sweep;
	int code;

	if (data->cell_count < 2 || !data->name_count || !factor_sweep_init(&sweep, data))
		return 0;
	code = draw(&sweep, ret_script, err);
	factor_sweep_done(&sweep);
	return code;
}
