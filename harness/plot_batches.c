// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_lines.h"

#include "harness/cleanup.h"

#include <math.h>
#include <string.h>

/* Beyond this ratio small ones would lie flat on the axis. */
#define LOG_RATIO 12
#define HOW "Each point is the mean of one batch."

struct range {
	double low, high; /* of what is above 0 */
	size_t batches;
};

static struct range range_of(const struct line_panel *panel)
{
	struct range range = { INFINITY, 0, 1 };

	for (size_t i = 0; i < panel->count; i++) {
		const json_t *batches = panel->lines[i].series->batches, *mean;
		size_t index;

		json_array_foreach (batches, index, mean) {
			double value = json_is_number(mean) ? json_number_value(mean) : 0;

			range.high = fmax(range.high, value);
			if (value > 0)
				range.low = fmin(range.low, value);
		}
		if (json_array_size(batches) > range.batches)
			range.batches = json_array_size(batches);
	}
	if (range.low > range.high)
		range = (struct range){ 1, 1, range.batches };
	return range;
}

static void put_line(struct page *page, const struct line *line, double divisor, bool few)
{
	const json_t *mean;
	size_t index;

	page_curve(page, line->colour, line->dash, few ? 7 : 0, line->width);
	json_array_foreach (line->series->batches, index, mean)
		page_put(page, index + 1,
			 json_is_number(mean) ? json_number_value(mean) / divisor : NAN);
}

static void put_panel(struct page *page, const struct line_panel *panel)
{
	struct range range = range_of(panel);
	struct plot_scale scale = plot_scale_for(range.high, panel->unit);
	bool logarithmic = range.high / range.low > LOG_RATIO;
	bool said = logarithmic && !strcmp(panel->unit, "ns"); /* by the tics */
	char title[120];

	snprintf(title, sizeof(title), "%.80s (%s)", panel->title,
		 logarithmic ? panel->unit : scale.unit);
	page_panel(page, said ? panel->title : title);
	page_command(page, "set xrange [0.7:%zu.3]", range.batches);
	page_command(page, range.batches <= 12 ? "set xtics 1" : "set xtics autofreq");
	page_text(page, "set xlabel", "batch", "offset 0,0.4");
	if (logarithmic) {
		scale.divisor = 1;
		page_axis_log(page, 'y', range.low / 1.3, range.high * 1.3, panel->unit);
	} else {
		page_axis_linear(page, 'y', 0, range.high / scale.divisor * 1.12);
	}
	for (size_t i = 0; i < panel->count; i++)
		put_line(page, &panel->lines[i], scale.divisor, range.batches <= 30);
}

int chart_batches(const struct plot_data *data, char **ret_script, struct err *err)
{
	_lines_ struct lines lines = { 0 };
	_page_ struct page page = { 0 };

	lines_init(&lines, data, false);
	if (!lines.count)
		return 0;
	chart_begin(&page, data, "batches",
		    lines.cut ? "Means batch by batch (the first of more)"
			      : "Means batch by batch, in their order");
	lines_layout(&lines, &page, 44);
	for (size_t i = 0; i < lines.count; i++)
		put_panel(&page, &lines.panels[i]);
	return chart_finish(&page, data, "batches", HOW, ret_script, err);
}
