// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_factor.h"

#include <math.h>
#include <string.h>

/* Side by side; of more none would be wide enough. */
#define MAX_GROUPS 6
#define MAX_SOURCES 4
#define BAND_PERCENT 45
#define TAIL_PERCENT 18
#define HOW                                                                                        \
	"Line: mean of the batch means. Whiskers: 95 % interval (Student's t). Bands: of all "     \
	"packets."

/* A row of panels: one series, a group of cells in each, over the same axes. */
struct row {
	const struct factor_sweep *sweep;
	size_t name;
	enum direction direction;
	double low, high;
	bool sources[MAX_SOURCES]; /* that published figures of it */
};

static const struct plot_series *find(const struct row *row, size_t cell)
{
	const struct plot_series *series =
		plot_find(&row->sweep->data->cells[cell], row->name, row->direction);

	return series && !isnan(series->mean) && !plot_one_a_batch(series) ? series : NULL;
}

static size_t source_count(const struct plot_data *data)
{
	size_t count = published_count(&data->published);

	return count < MAX_SOURCES ? count : MAX_SOURCES;
}

static unsigned source_colour(size_t source)
{
	static const unsigned colours[] = { 0x7a3fb0, PLOT_RED, PLOT_FAINT };

	return colours[source % ARRAY_SIZE(colours)];
}

static struct interval figure_of(const struct row *row, size_t source, size_t cell,
				 const char *stat)
{
	const struct plot_data *data = row->sweep->data;

	/* Published nanoseconds beside instructions would only mislead. */
	if (strcmp(data->names[row->name].unit, "ns"))
		return (struct interval){ NAN, NAN };
	return published_find(&data->published, source, data->cells[cell].factors,
			      data->names[row->name].text, row->direction, stat);
}

/* Whether there was any figure. */
static bool widen_by_figures(struct row *row, size_t source)
{
	bool any = false;

	for (size_t cell = 0; cell < row->sweep->data->cell_count; cell++)
		for (size_t stat = 0; stat < PUBLISHED_STATS; stat++) {
			struct interval figure =
				figure_of(row, source, cell, published_stats[stat]);

			if (isnan(figure.low))
				continue;
			row->low = fmin(row->low, figure.low);
			row->high = fmax(row->high, figure.high);
			any = true;
		}
	return any;
}

/* Replies and what else there is of the name are in the other charts. */
static bool row_init(struct row *row, const struct factor_sweep *sweep, size_t name)
{
	bool requests = plot_has(sweep->data, name, DIRECTION_REQUEST);

	*row = (struct row){ .sweep = sweep,
			     .name = name,
			     .direction = requests ? DIRECTION_REQUEST : DIRECTION_BOTH,
			     .low = INFINITY };
	for (size_t cell = 0; cell < sweep->data->cell_count; cell++) {
		const struct plot_series *series = find(row, cell);

		if (!series)
			continue;
		row->low = fmin(row->low, fmin(series->mean, series->p50));
		row->high = fmax(row->high, fmax(fmax(series->mean, series->high), series->p99));
	}
	if (!(row->high > 0))
		return false;
	for (size_t i = 0; i < source_count(sweep->data); i++)
		row->sources[i] = widen_by_figures(row, i);
	return true;
}

static void put_band(struct page *page, const struct row *row, size_t group, double divisor,
		     bool tail)
{
	const struct factor_sweep *sweep = row->sweep;
	unsigned colour = plot_colour_of(group, sweep->group_count);

	/* Not transparent: areas would mix where they meet. */
	page_curve(page, chart_pale(colour, tail ? TAIL_PERCENT : BAND_PERCENT), 1, PLOT_BAND, 1);
	for (size_t i = 0; i < sweep->data->cell_count; i++) {
		const struct plot_series *series = find(row, sweep->order[i]);

		if (series && sweep->group_of[sweep->order[i]] == group)
			page_put(page, sweep->x[sweep->order[i]], NAN,
				 (tail ? series->p90 : series->p50) / divisor,
				 (tail ? series->p99 : series->p90) / divisor);
	}
}

static void put_means(struct page *page, const struct row *row, size_t group, double divisor)
{
	const struct factor_sweep *sweep = row->sweep;

	page_curve(page, PLOT_INK, 1, 7, 1.4);
	for (size_t i = 0; i < sweep->data->cell_count; i++) {
		const struct plot_series *series = find(row, sweep->order[i]);
		bool known = series && !isnan(series->low) && !isnan(series->high);
		double low, high;

		if (!series || sweep->group_of[sweep->order[i]] != group)
			continue;
		low = (known ? series->low : series->mean) / divisor;
		high = (known ? series->high : series->mean) / divisor;
		page_put(page, sweep->x[sweep->order[i]], series->mean / divisor,
			 page_end(page, 'y', low), page_end(page, 'y', high));
	}
}

static void put_figures(struct page *page, const struct row *row, size_t group, double divisor,
			size_t source, const char *stat)
{
	const struct factor_sweep *sweep = row->sweep;

	page_curve(page, source_colour(source), 2, 6, 1);
	for (size_t i = 0; i < sweep->data->cell_count; i++) {
		size_t cell = sweep->order[i];
		struct interval figure = figure_of(row, source, cell, stat);

		if (sweep->group_of[cell] == group && !isnan(figure.low))
			page_put(page, sweep->x[cell], (figure.low + figure.high) / 2 / divisor,
				 figure.low / divisor, figure.high / divisor);
	}
}

static void put_published(struct page *page, const struct row *row, size_t group, double divisor)
{
	for (size_t source = 0; source < source_count(row->sweep->data); source++)
		for (size_t stat = 0; stat < PUBLISHED_STATS; stat++)
			put_figures(page, row, group, divisor, source, published_stats[stat]);
}

static void put_panel(struct page *page, const struct row *row, size_t group)
{
	const struct factor_sweep *sweep = row->sweep;
	const struct plot_name *about = &sweep->data->names[row->name];
	struct plot_scale scale = plot_scale_for(row->high, about->unit);
	bool logarithmic =
		factor_is_log(sweep) && row->low > 0 && row->high / row->low > FACTOR_LOG_LOG_RATIO;
	bool said = logarithmic && !strcmp(about->unit, "ns"); /* by the tics */
	size_t columns = (size_t)(page->panel_width / plot_text_width("x", 11));
	_free_ char *title = plot_shorten(factor_group_title(sweep, group), columns);
	char axis[120];

	page_panel(page, title);
	snprintf(axis, sizeof(axis), "%.80s (%s)", about->text,
		 logarithmic ? about->unit : scale.unit);
	if (group == 0)
		page_text(page, "set ylabel", said ? about->text : axis, "offset -1,0");
	else
		page_command(page, "unset ylabel");
	factor_axis(page, sweep);
	if (logarithmic) {
		scale.divisor = 1;
		page_axis_log(page, 'y', row->low / 1.3, row->high * 1.3, about->unit);
	} else {
		page_axis_linear(page, 'y', 0, row->high / scale.divisor * 1.1);
	}
	put_band(page, row, group, scale.divisor, true);
	put_band(page, row, group, scale.divisor, false);
	put_means(page, row, group, scale.divisor);
	put_published(page, row, group, scale.divisor);
}

/* In the path's order; what does not fit is in `sweep` still. */
static size_t find_rows(const struct factor_sweep *sweep, struct row *rows)
{
	size_t most = PAGE_MAX_PANELS / sweep->group_count, count = 0;

	for (int role = PLOT_SEGMENT; role <= PLOT_OTHER; role++)
		for (size_t i = 0; i < sweep->data->name_count && count < most; i++)
			if ((int)sweep->data->names[i].role == role)
				count += row_init(&rows[count], sweep, i);
	return count;
}

static void legend_of_sources(struct page *page, const struct row *rows, size_t count)
{
	const struct published *published = &rows[0].sweep->data->published;

	for (size_t source = 0; source < source_count(rows[0].sweep->data); source++)
		for (size_t i = 0; i < count; i++) {
			char text[80];

			if (!rows[i].sources[source])
				continue;
			snprintf(text, sizeof(text), "%.30s, %s", published_name(published, source),
				 published_is_expected(published, source)
					 ? "expected"
					 : "p01, p50, p90, p99 as published");
			page_legend(page, text, source_colour(source), 2);
			break;
		}
}

static int draw(const struct factor_sweep *sweep, char **ret_script, struct err *err)
{
	struct row rows[PAGE_MAX_PANELS];
	size_t count = find_rows(sweep, rows);
	_page_ struct page page = { 0 };
	char shows[160];

	if (!count)
		return 0;
	snprintf(shows, sizeof(shows), "Percentiles against %.120s", sweep->factor);
	chart_begin(&page, sweep->data, "percentiles", shows);
	page_legend(&page, "mean", PLOT_INK, 1);
	page_legend(&page, "p50 to p90", chart_pale(PLOT_INK, BAND_PERCENT), 0);
	page_legend(&page, "p90 to p99", chart_pale(PLOT_INK, TAIL_PERCENT), 0);
	legend_of_sources(&page, rows, count);
	page_grid(&page, &(struct page_grid){ .count = count * sweep->group_count,
					      .columns = sweep->group_count,
					      .panel_height = 190,
					      .indent = 20,
					      .left = 50,
					      .right = 14,
					      .bottom = 44 });
	for (size_t i = 0; i < count; i++)
		for (size_t group = 0; group < sweep->group_count; group++)
			put_panel(&page, &rows[i], group);
	return chart_finish(&page, sweep->data, "sweep", HOW, ret_script, err);
}

int chart_percentiles(const struct plot_data *data, char **ret_script, struct err *err)
{
	struct factor_sweep sweep;
	int code = 0;

	if (data->cell_count < 2 || !data->name_count || !factor_sweep_init(&sweep, data))
		return 0;
	if (sweep.group_count <= MAX_GROUPS)
		code = draw(&sweep, ret_script, err);
	factor_sweep_done(&sweep);
	return code;
}
