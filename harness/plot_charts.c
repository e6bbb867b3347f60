// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_charts.h"

#include "harness/cleanup.h"
#include "harness/report_text.h"

#include <string.h>

size_t chart_segment_names(const struct plot_data *data, size_t *ret_names, size_t max)
{
	size_t count = 0;

	for (size_t i = 0; i < data->name_count && count < max; i++) {
		const struct plot_name *name = &data->names[i];

		if (name->role != PLOT_SEGMENT ||
		    (count && strcmp(name->unit, data->names[ret_names[0]].unit)))
			continue;
		ret_names[count++] = i;
	}
	return count;
}

void chart_begin(struct page *page, const struct plot_data *data, const char *name,
		 const char *shows)
{
	_free_ char *fault = report_text_fault(data->folder.summary), *warning = NULL;

	if (fault && asprintf(&warning, "This measurement is not valid: %s.", fault) < 0)
		abort();
	page_begin(page, name, data->title, shows, warning);
}

int chart_finish(struct page *page, const struct plot_data *data, const char *template,
		 const char *how, char **ret_script, struct err *err)
{
	_free_ char *caption = NULL;

	if (asprintf(&caption, "%s. %s", data->caption, how) < 0)
		abort();
	return page_finish(page, template, caption, ret_script, err);
}

unsigned chart_direction_colour(enum direction direction)
{
	static const unsigned colours[] = {
		[DIRECTION_REQUEST] = 0x0072b2,
		[DIRECTION_REPLY] = 0xe69f00,
		[DIRECTION_BOTH] = 0x009e73,
	};

	return colours[direction];
}

unsigned chart_pale(unsigned colour, unsigned percent)
{
	unsigned pale = 0;

	for (int shift = 16; shift >= 0; shift -= 8)
		pale |= (255 - (255 - (colour >> shift & 0xff)) * percent / 100) << shift;
	return pale;
}

unsigned chart_ink_on(unsigned colour)
{
	double luma = 0.299 * (colour >> 16 & 0xff) + 0.587 * (colour >> 8 & 0xff) +
		      0.114 * (colour & 0xff);

	return luma > 140 ? 0x222222 : 0xffffff;
}

static bool any_reply(const struct plot_data *data)
{
	for (size_t i = 0; i < data->name_count; i++)
		if (plot_has(data, i, DIRECTION_REPLY))
			return true;
	return false;
}

void chart_direction_legend(struct page *page, const struct plot_data *data, bool grey)
{
	if (!any_reply(data))
		return;
	page_legend(page, "request", grey ? PLOT_INK : chart_direction_colour(DIRECTION_REQUEST),
		    1);
	page_legend(page, "reply", grey ? PLOT_INK : chart_direction_colour(DIRECTION_REPLY), 2);
}

double chart_label_width(const struct plot_data *data, size_t cells, double size)
{
	double widest = 0;

	for (size_t i = 0; i < cells; i++) {
		_free_ char *label = plot_shorten(data->cells[i].label, CHART_LABEL_COLUMNS);
		double width = plot_text_width(label, size);

		widest = width > widest ? width : widest;
	}
	return widest;
}
