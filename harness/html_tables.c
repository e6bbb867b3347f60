// SPDX-License-Identifier: GPL-2.0-only
#include "harness/html_tables.h"

#include "harness/cleanup.h"
#include "harness/format.h"
#include "harness/html.h"
#include "harness/json_read.h"
#include "harness/report_text.h"

#include <math.h>
#include <string.h>

#define DROP "drop."

static void put_number(FILE *out, const char *text)
{
	fputs("<td class=\"number\">", out);
	html_put_text(out, text);
	fputs("</td>", out);
}

static void put_row(FILE *out, const json_t *series)
{
	static const char *const columns[] = { "p50", "p90", "p99", "max", "corrected_mean" };
	const char *unit = json_read_text(series, "unit");
	/* A long one is told once a row. */
	const char *short_unit = strlen(unit) <= 5 ? unit : "";
	char text[FORMAT_MAX];

	fputs("<tr><td class=\"name\">", out);
	html_put_text(out, json_read_text(series, "name"));
	fputs("</td><td>", out);
	html_put_text(out, json_read_text(series, "direction"));
	fputs("</td>", out);
	put_number(out,
		   format_interval(json_read_number(series, "mean"),
				   json_read_interval(series, "ci95"), unit, text, sizeof(text)));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		double value = json_read_number(series, columns[i]);

		put_number(out, isnan(value)
					? "-"
					: format_quantity(value, short_unit, text, sizeof(text)));
	}
	put_number(out, format_quantity(json_read_number(series, "n"), "", text, sizeof(text)));
	fputs("</tr>\n", out);
}

static void put_unmeasured(FILE *out, const json_t *cell)
{
	json_t *unmeasured = json_object_get(cell, "unmeasured"), *why;
	const char *name;

	json_object_foreach (unmeasured, name, why) {
		fputs("<p>Not measured", out);
		html_put_format(out, "%s: %s: %s.",
				report_text_is_partial(cell, name) ? " in each batch" : "", name,
				json_read_text(unmeasured, name));
		fputs("</p>\n", out);
	}
}

void html_put_series(FILE *out, const json_t *cell)
{
	const json_t *series;
	size_t i;

	fputs("<div class=\"wide\"><table>\n<tr><th>series</th><th></th>"
	      "<th class=\"number\">mean [95 %]</th><th class=\"number\">p50</th>"
	      "<th class=\"number\">p90</th><th class=\"number\">p99</th>"
	      "<th class=\"number\">max</th><th class=\"number\">less probe</th>"
	      "<th class=\"number\">n</th></tr>\n",
	      out);
	json_array_foreach (json_object_get(cell, "series"), i, series)
		put_row(out, series);
	fputs("</table></div>\n", out);
	put_unmeasured(out, cell);
}

static bool is_traffic(const char *name)
{
	return !strcmp(name, "sent") || !strcmp(name, "received") || !strcmp(name, "background");
}

static void put_count(FILE *out, const char **between, const char *name, double count)
{
	html_put_format(out, "%s%s %.10g", *between, name, count);
	*between = ", ";
}

static void put_faults(FILE *out, const json_t *loss)
{
	const char *name, *between = "";
	json_t *value;

	fputs("<td>", out);
	json_object_foreach ((json_t *)loss, name, value)
		if (!is_traffic(name) && json_number_value(value) != 0)
			put_count(out, &between, name, json_number_value(value));
	if (!*between)
		fputs("<span class=\"faint\">nothing</span>", out);
	fputs("</td>", out);
}

/* An object for each cell: drops by name, summed over batches, in the order they came. */
static json_t *sum_drops(const struct samples *counters, size_t cells)
{
	json_t *sums = json_array();

	for (size_t i = 0; i < cells; i++)
		json_array_append_new(sums, json_object());
	for (size_t i = 0; i < samples_counter_count(counters); i++) {
		const struct counter *counter = samples_get_counter(counters, i);
		json_t *of_cell = json_array_get(sums, counter->cell), *before;
		const char *name = counter->name + strlen(DROP);

		if (strncmp(counter->name, DROP, strlen(DROP)) || counter->value == 0)
			continue;
		before = json_object_get(of_cell, name);
		json_object_set_new_nocheck(of_cell, name,
					    json_real(json_number_value(before) + counter->value));
	}
	return sums;
}

static void put_drops(FILE *out, json_t *sums)
{
	const char *name, *between = "";
	json_t *sum;

	fputs("<td>", out);
	json_object_foreach (sums, name, sum)
		put_count(out, &between, name, json_number_value(sum));
	fputs("</td>", out);
}

void html_put_losses(FILE *out, const json_t *summary, const struct samples *counters,
		     char *const *labels)
{
	static const char *const traffic[] = { "sent", "received", "background" };
	const json_t *cells = json_object_get(summary, "cells"), *cell;
	_json_ json_t *drops = sum_drops(counters, json_array_size(cells));
	char text[FORMAT_MAX];
	size_t i;

	fputs("<div class=\"wide\"><table>\n<tr><th>cell</th><th class=\"number\">sent</th>"
	      "<th class=\"number\">received</th><th class=\"number\">others on the wire</th>"
	      "<th>lost, or not accounted for</th><th>dropped at</th></tr>\n",
	      out);
	json_array_foreach (cells, i, cell) {
		const json_t *loss = json_object_get(cell, "loss");

		fputs("<tr><td>", out);
		html_put_text(out, *labels[i] ? labels[i] : "all");
		fputs("</td>", out);
		for (size_t j = 0; j < ARRAY_SIZE(traffic); j++) {
			snprintf(text, sizeof(text), "%.15g", json_read_number(loss, traffic[j]));
			put_number(out, isfinite(json_read_number(loss, traffic[j])) ? text : "-");
		}
		put_faults(out, loss);
		put_drops(out, json_array_get(drops, i));
		fputs("</tr>\n", out);
	}
	fputs("</table></div>\n", out);
}

static bool is_left_out(const char *key, const json_t *value, const char *const *but)
{
	for (; *but; but++)
		if (!strcmp(*but, key))
			return true;
	return json_is_null(value) || (json_is_array(value) && !json_array_size(value)) ||
	       (json_is_object(value) && !json_object_size(value)) ||
	       (json_is_string(value) && !*json_string_value(value));
}

void html_put_members(FILE *out, const json_t *object, const char *const *but)
{
	const char *key;
	json_t *value;

	fputs("<table>\n", out);
	json_object_foreach ((json_t *)object, key, value) {
		_free_ char *text = NULL;

		if (is_left_out(key, value, but))
			continue;
		text = json_is_string(value)
			       ? strdup(json_string_value(value))
			       : json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
		fputs("<tr><th>", out);
		html_put_text(out, key);
		fputs("</th><td>", out);
		html_put_text(out, text ? text : "?");
		fputs("</td></tr>\n", out);
	}
	fputs("</table>\n", out);
}

void html_put_json(FILE *out, const char *heading, const json_t *json)
{
	_free_ char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(17));

	fputs("<details class=\"whole\"><summary>", out);
	html_put_text(out, heading);
	fputs("</summary><pre>", out);
	html_put_text(out, text ? text : "");
	fputs("</pre></details>\n", out);
}
