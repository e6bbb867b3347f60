// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_charts.h"

#include <math.h>
#include <string.h>

/* A ratio of the factor's values from which their logarithms are the better axis. */
#define LOG_RATIO 20
#define HOW "Points: mean of the batch means. Whiskers: 95 % interval (Student's t)."

/* Cells that differ in nothing but the factor are one curve. */
struct sweep {
	const struct plot_data *data;
	const char *factor; /* full path */
	char **groups;
	size_t *group_of, *order; /* of each cell; cells by the factor's value */
	double *x;
	size_t group_count;
	double low, high; /* of the factor */
};

static size_t count_distinct(const struct plot_data *data, const char *factor)
{
	size_t distinct = 0;

	for (size_t i = 0; i < data->cell_count; i++) {
		const json_t *value = json_object_get(data->cells[i].factors, factor);
		bool again = false;

		if (!json_is_number(value))
			return 0;
		for (size_t k = 0; k < i && !again; k++)
			again = json_number_value(value) ==
				json_number_value(json_object_get(data->cells[k].factors, factor));
		distinct += !again;
	}
	return distinct;
}

/* The numeric factor with the most values. */
static const char *find_factor(const struct plot_data *data)
{
	const char *best = NULL, *path;
	size_t most = 1;
	json_t *value;

	json_object_foreach ((json_t *)data->cells[0].factors, path, value) {
		size_t distinct = count_distinct(data, path);

		if (distinct > most) {
			most = distinct;
			best = path;
		}
	}
	return best;
}

/* "mode=nftables": the other factors. */
static char *group_label(const json_t *factors, const char *factor)
{
	char *label = NULL;
	size_t size;
	FILE *out = open_memstream(&label, &size);
	const char *path;
	json_t *value;

	if (!out)
		abort();
	json_object_foreach ((json_t *)factors, path, value) {
		const char *dot = strrchr(path, '.');
		_free_ char *text = NULL;

		if (!strcmp(path, factor))
			continue;
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
		fprintf(out, "%s%s=%s", ftell(out) > 0 ? "  " : "", dot ? dot + 1 : path,
			json_is_string(value) ? json_string_value(value) : text);
	}
	fclose(out);
	return label;
}

static size_t find_group(struct sweep *sweep, size_t cell)
{
	char *label = group_label(sweep->data->cells[cell].factors, sweep->factor);

	for (size_t i = 0; i < sweep->group_count; i++)
		if (!strcmp(sweep->groups[i], label)) {
			free(label);
			return i;
		}
	sweep->groups[sweep->group_count] = label;
	return sweep->group_count++;
}

static void put_in_order(struct sweep *sweep, size_t cell)
{
	size_t at = cell;

	for (; at > 0 && sweep->x[sweep->order[at - 1]] > sweep->x[cell]; at--)
		sweep->order[at] = sweep->order[at - 1];
	sweep->order[at] = cell;
}

static bool sweep_init(struct sweep *sweep, const struct plot_data *data)
{
	*sweep = (struct sweep){ .data = data, .factor = find_factor(data) };
	if (!sweep->factor)
		return false;
	sweep->groups = calloc(data->cell_count, sizeof(*sweep->groups));
	sweep->group_of = calloc(data->cell_count, sizeof(*sweep->group_of));
	sweep->order = calloc(data->cell_count, sizeof(*sweep->order));
	sweep->x = calloc(data->cell_count, sizeof(*sweep->x));
	if (!sweep->groups || !sweep->group_of || !sweep->order || !sweep->x)
		abort();
	sweep->low = INFINITY;
	sweep->high = -INFINITY;
	for (size_t i = 0; i < data->cell_count; i++) {
		const json_t *value = json_object_get(data->cells[i].factors, sweep->factor);

		sweep->x[i] = json_number_value(value);
		sweep->low = fmin(sweep->low, sweep->x[i]);
		sweep->high = fmax(sweep->high, sweep->x[i]);
		sweep->group_of[i] = find_group(sweep, i);
		put_in_order(sweep, i);
	}
	return true;
}

static void sweep_done(struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->group_count; i++)
		free(sweep->groups[i]);
	free(sweep->groups);
	free(sweep->group_of);
	free(sweep->order);
	free(sweep->x);
}

static unsigned curve_colour(const struct sweep *sweep, size_t group, enum direction direction)
{
	return sweep->group_count > 1 ? plot_colour_of(group, sweep->group_count)
				      : chart_direction_colour(direction);
}

static void put_curve(struct page *page, const struct sweep *sweep, size_t name, size_t group,
		      enum direction direction, double divisor)
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
		page_put(page, sweep->x[cell], series->mean / divisor, low / divisor,
			 high / divisor);
	}
}

static struct plot_scale panel_range(const struct sweep *sweep, size_t name, double *ret_low,
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

static void put_x_axis(struct page *page, const struct sweep *sweep)
{
	const char *dot = strrchr(sweep->factor, '.');
	double room = (sweep->high - sweep->low) * 0.05;

	if (sweep->low > 0 && sweep->high / sweep->low >= LOG_RATIO)
		page_axis_log(page, 'x', sweep->low / 1.3, sweep->high * 1.3, "");
	else
		page_axis_linear(page, 'x', sweep->low - room, sweep->high + room);
	page_text(page, "set xlabel", dot ? dot + 1 : sweep->factor, "offset 0,0.4");
}

static void put_panel(struct page *page, const struct sweep *sweep, size_t name)
{
	const struct plot_name *about = &sweep->data->names[name];
	double low, high;
	struct plot_scale scale = panel_range(sweep, name, &low, &high);
	bool logarithmic = low > 0 && high / low > LOG_RATIO;
	bool said = logarithmic && !strcmp(about->unit, "ns"); /* by the tics */
	char title[120];

	snprintf(title, sizeof(title), "%.80s (%s)", about->text,
		 logarithmic ? about->unit : scale.unit);
	page_panel(page, said ? about->text : title);
	put_x_axis(page, sweep);
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

static void put_legend(struct page *page, const struct sweep *sweep)
{
	bool both = sweep->group_count > 1;

	for (size_t i = 0; both && i < sweep->group_count && i < 24; i++)
		page_legend(page, sweep->groups[i], plot_colour_of(i, sweep->group_count), 0);
	chart_direction_legend(page, sweep->data, both);
}

static int draw(const struct sweep *sweep, char **ret_script, struct err *err)
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
	struct sweep sweep;
	int code;

	if (data->cell_count < 2 || !data->name_count || !sweep_init(&sweep, data))
		return 0;
	code = draw(&sweep, ret_script, err);
	sweep_done(&sweep);
	return code;
}
