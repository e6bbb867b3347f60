// SPDX-License-Identifier: GPL-2.0-only
#include "harness/report_page.h"

#include "harness/cleanup.h"
#include "harness/compare.h"
#include "harness/file.h"
#include "harness/html.h"
#include "harness/html_compare.h"
#include "harness/html_environment.h"
#include "harness/html_journey.h"
#include "harness/html_result.h"
#include "harness/html_tables.h"
#include "harness/json_read.h"
#include "harness/plot_data.h"
#include "harness/report_text.h"
#include "harness/results_manifest.h"
#include "harness/summary.h"

#include <math.h>
#include <string.h>

/* Beyond so many, a cell's tables are there to be unfolded. */
#define OPEN_CELLS 4

struct part {
	const char *dir;
	struct plot_data data;
	struct samples *counters;
};

static int part_read(struct part *part, const char *dir, struct err *err)
{
	int code;

	part->dir = dir;
	part->counters = samples_new();
	code = plot_data_read(&part->data, dir, false, err);
	return code ? code : result_folder_counters(part->counters, &part->data.folder, err);
}

static void part_done(struct part *part)
{
	plot_data_done(&part->data);
	samples_free(part->counters);
}

static const json_t *summary_of(const struct part *part)
{
	return part->data.folder.summary;
}

static void put_overview_row(FILE *out, const struct part *part, size_t index)
{
	fprintf(out, "<tr><td class=\"name\"><a href=\"#r%zu\">", index);
	html_put_text(out, json_read_text(summary_of(part), "experiment"));
	fputs("</a></td><td>", out);
	html_put_text(out, part->data.title);
	fputs("</td><td>", out);
	html_put_text(out, part->data.caption);
	fprintf(out, "</td><td%s</td>",
		summary_valid(summary_of(part)) ? ">yes" : " class=\"fails\">no");
	html_put_verdict_counts(out, summary_of(part));
	fputs("</tr>\n", out);
}

static void put_overview(FILE *out, const struct part *parts, size_t count)
{
	fputs("<h1>Measurements by labrun</h1>\n<div "
	      "class=\"wide\"><table>\n<tr><th>experiment</th>"
	      "<th></th><th>measured</th><th>valid</th>",
	      out);
	html_put_verdict_heads(out);
	fputs("</tr>\n", out);
	for (size_t i = 0; i < count; i++)
		put_overview_row(out, &parts[i], i);
	fputs("</table></div>\n", out);
}

static void put_heading(FILE *out, const struct part *part, size_t index)
{
	fprintf(out, "<h2 id=\"r%zu\">", index);
	html_put_text(out, part->data.title);
	fputs("</h2>\n<p>", out);
	html_put_format(out, "%s: %s", json_read_text(summary_of(part), "experiment"),
			part->data.caption);
	fputs("</p>\n<p class=\"faint\">", out);
	html_put_text(out, json_read_text(part->data.folder.experiment, "source"));
	fputs("</p>\n", out);
	html_put_warnings(out, summary_of(part));
}

static void put_what_was_run(FILE *out, const struct part *part)
{
	static const char *const elsewhere[] = { "name",   "title",   "source",
						 "claims", "$schema", NULL };
	const json_t *topologies = part->data.topologies;

	fputs("<h3>What was run</h3>\n", out);
	html_put_members(out, part->data.folder.experiment, elsewhere);
	html_put_json(out, "the whole experiment", part->data.folder.experiment);
	html_put_json(out, "the whole topology",
		      json_array_size(topologies) == 1 ? json_array_get(topologies, 0)
						       : topologies);
}

static const json_t *cell_of(const struct part *part, size_t index)
{
	return json_array_get(json_object_get(summary_of(part), "cells"), index);
}

static bool has_journey(const struct part *part)
{
	for (size_t i = 0; i < part->data.cell_count; i++)
		if (html_has_journey(cell_of(part, i), part->data.topologies))
			return true;
	return false;
}

static void put_cell(FILE *out, const struct part *part, size_t index)
{
	const json_t *cell = cell_of(part, index);
	_free_ char *stopped = report_text_stopped(cell);
	bool single = part->data.cell_count == 1;

	if (!single) {
		fprintf(out, "<details%s><summary>",
			part->data.cell_count <= OPEN_CELLS ? " open" : "");
		html_put_text(out, *part->data.cells[index].label ? part->data.cells[index].label
								  : "the cell");
		fputs("</summary>\n", out);
	}
	html_put_journey(out, cell, part->data.topologies);
	html_put_series(out, cell);
	if (stopped) {
		fputs("<p>", out);
		html_put_text(out, stopped);
		fputs("</p>\n", out);
	}
	if (!single)
		fputs("</details>\n", out);
}

static void put_cells(FILE *out, const struct part *part)
{
	fputs("<h3>Measured</h3>\n", out);
	if (has_journey(part))
		fputs("<p class=\"faint\">The drawing is the packet's way in medians (p50), the "
		      "probe's own cost included; where it is short of the round trip, the rest is "
		      "outside the path's points.</p>\n",
		      out);
	for (size_t i = 0; i < part->data.cell_count; i++)
		put_cell(out, part, i);
}

static void put_losses(FILE *out, const struct part *part)
{
	_free_ char **labels = calloc(part->data.cell_count, sizeof(*labels));

	if (!labels)
		abort();
	for (size_t i = 0; i < part->data.cell_count; i++)
		labels[i] = part->data.cells[i].label;
	fputs("<h3>What was sent, and what became of it</h3>\n", out);
	html_put_losses(out, summary_of(part), part->counters, labels);
}

/* Where the run has two sides. */
static int put_sides(FILE *out, const struct part *part, struct err *err)
{
	_json_ json_t *comparison = NULL;
	int code;

	if (!json_object_get(part->data.folder.experiment, "against") ||
	    json_object_get(summary_of(part), "shard"))
		return 0;
	code = compare_folders(&comparison, part->dir, NULL, NAN, err);
	if (!code)
		html_put_comparison(out, comparison);
	return code;
}

static int put_part(FILE *out, const struct part *part, size_t index, struct err *err)
{
	static const char *const charts[] = { "segments",     "path",	   "sweep",
					      "percentiles",  "rates",	   "usage",
					      "distribution", "histogram", "histogram_linear",
					      "batches",      NULL };
	const struct result_folder *folder = &part->data.folder;
	int code;

	put_heading(out, part, index);
	html_put_claims(out, summary_of(part));
	code = put_sides(out, part, err);
	if (code)
		return code;
	put_cells(out, part);
	fputs("<h3>Charts</h3>\n", out);
	code = html_put_charts(out, part->dir, json_read_text(summary_of(part), "experiment"),
			       charts, err);
	if (code)
		return code;
	put_losses(out, part);
	html_put_probe_cost(out, summary_of(part));
	put_what_was_run(out, part);
	fputs("<h3>Measured on</h3>\n", out);
	html_put_environment(out, summary_of(part), folder->environment);
	html_put_json(out, "all that is known of it", folder->environment);
	return 0;
}

static int put_page(FILE *out, const struct part *parts, size_t count, struct err *err)
{
	int code = 0;

	html_begin(out, count == 1 ? parts[0].data.title : "labrun report");
	if (count > 1)
		put_overview(out, parts, count);
	for (size_t i = 0; i < count && !code; i++)
		code = put_part(out, &parts[i], i, err);
	html_end(out);
	return code;
}

static int make_page(const struct part *parts, size_t count, const char *path, struct err *err)
{
	_free_ char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);
	int code;

	if (!out)
		abort();
	code = put_page(out, parts, count, err);
	fclose(out);
	return code ? code : file_replace(path, text, length, err);
}

int report_page_write(const char *const *dirs, size_t count, const char *path, struct err *err)
{
	struct part *parts = calloc(count + 1, sizeof(*parts));
	size_t read = 0;
	int code = 0;

	if (!parts)
		abort();
	while (!code && read < count) {
		code = part_read(&parts[read], dirs[read], err);
		read++;
	}
	if (!code)
		code = make_page(parts, count, path, err);
	for (size_t i = 0; i < read; i++)
		part_done(&parts[i]);
	free(parts);
	return code;
}

int report_page_add(const char *dir, struct err *err)
{
	_free_ char *path = NULL;
	int code;

	if (asprintf(&path, "%s/" REPORT_PAGE, dir) < 0)
		abort();
	code = report_page_write(&dir, 1, path, err);
	return code ? code : manifest_renew(dir, REPORT_PAGE, err);
}
