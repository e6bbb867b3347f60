// SPDX-License-Identifier: GPL-2.0-only
#include "harness/reproduce_page.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/html.h"
#include "harness/html_environment.h"
#include "harness/html_result.h"
#include "harness/json_read.h"
#include "harness/reference.h"
#include "harness/report_text.h"
#include "harness/reproduce.h"
#include "harness/reproduce_sweep.h"
#include "harness/results.h"

#include <string.h>

/* An experiment of the reproduction. */
struct part {
	const char *name;
	bool there; /* it gave results */
	struct result_folder folder;
	struct reference reference;
	struct published published;
};

struct document {
	const char *folder;
	struct part *parts;
	size_t count;
	FILE *out;
};

static char *join(const char *folder, const char *name, const char *rest)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", folder, name, rest) < 0)
		abort();
	return path;
}

static int part_read(struct part *part, const char *folder, struct err *err)
{
	_free_ char *dir = join(folder, part->name, "");
	const char *name;
	int code;

	part->there = !access(dir, F_OK);
	if (!part->there)
		return 0;
	code = result_folder_read(&part->folder, dir, err);
	if (code)
		return code;
	name = json_string_value(json_object_get(part->folder.experiment, "reference"));
	code = reference_read(&part->reference, name, err);
	return code ? code : published_read(&part->published, name, err);
}

static const struct part *first_part(const struct document *document)
{
	for (size_t i = 0; i < document->count; i++)
		if (document->parts[i].there)
			return &document->parts[i];
	return NULL;
}

/* Of the first experiment: the others ran on the same machine, one after the other. */
static void put_environment(FILE *out, const struct part *part)
{
	fputs("<h2>Measured on</h2>\n", out);
	html_put_environment(out, part->folder.summary, part->folder.environment);
}

static void put_overview_row(FILE *out, const struct part *part, size_t index)
{
	fprintf(out, "<tr><td class=\"name\"><a href=\"#e%zu\">", index);
	html_put_text(out, part->name);
	fputs("</a></td><td>", out);
	html_put_text(out, part->there ? json_read_text(part->folder.experiment, "title")
				       : "gave no results");
	fputs("</td>", out);
	html_put_verdict_counts(out, part->folder.summary);
	fputs("</tr>\n", out);
}

static int put_overview(const struct document *document, struct err *err)
{
	FILE *out = document->out;
	bool drawn;

	fputs("<h1>The paper, and what labrun measured</h1>\n<div class=\"wide\"><table>\n"
	      "<tr><th>experiment</th><th></th>",
	      out);
	html_put_verdict_heads(out);
	fputs("</tr>\n", out);
	for (size_t i = 0; i < document->count; i++)
		put_overview_row(out, &document->parts[i], i);
	fputs("</table></div>\n", out);
	return html_put_picture(out, document->folder, "modes.svg", "chart: the modes side by side",
				&drawn, err);
}

static void put_row(FILE *out, const struct reference *reference, const json_t *series)
{
	const struct reproduce_row row = reproduce_row(reference, series);
	const char *const figures[] = { row.paper, row.measured, row.ratio };

	fputs("<tr><td class=\"name\">", out);
	html_put_text(out, json_read_text(series, "name"));
	fputs("</td><td>", out);
	html_put_text(out, json_read_text(series, "direction"));
	fputs("</td>", out);
	for (size_t i = 0; i < ARRAY_SIZE(figures); i++) {
		fputs("<td class=\"number\">", out);
		html_put_text(out, figures[i]);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void put_cell(FILE *out, const struct reference *reference, const json_t *cell)
{
	const json_t *series;
	size_t i;

	fputs("<div class=\"wide\"><table>\n<tr><th>segment</th><th></th>"
	      "<th class=\"number\">paper [batches' range]</th>"
	      "<th class=\"number\">measured [95 %]</th><th class=\"number\">ratio</th></tr>\n",
	      out);
	json_array_foreach (json_object_get(cell, "series"), i, series)
		put_row(out, reference, series);
	fputs("</table></div>\n", out);
}

static void put_links(FILE *out, const char *name)
{
	static const char *const files[] = { "",
					     "summary.json",
					     "samples.csv",
					     "batches.csv",
					     "environment.json",
					     "experiment.json",
					     "topology.json",
					     "plots/" };

	fputs("<p class=\"faint\">Files:", out);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_free_ char *path = join(name, files[i], "");

		fputc(' ', out);
		html_put_link(out, path, *files[i] ? files[i] : path);
	}
	fputs("</p>\n", out);
}

static void put_heading(FILE *out, const struct part *part, size_t index)
{
	fprintf(out, "<h2 id=\"e%zu\">", index);
	html_put_text(out, part->name);
	fputs("</h2>\n<p>", out);
	if (!part->there) {
		fputs("It gave no results.</p>\n", out);
		return;
	}
	html_put_text(out, json_read_text(part->folder.experiment, "title"));
	fputs("</p>\n<p class=\"faint\">", out);
	html_put_text(out, json_read_text(part->folder.experiment, "source"));
	fputs("</p>\n", out);
	html_put_warnings(out, part->folder.summary);
}

static void put_sweep_row(FILE *out, const struct part *part, const struct sweep_row *row)
{
	const json_t *cells = json_object_get(part->folder.summary, "cells");
	_free_ char *cell = report_text_factors(json_array_get(cells, row->cell));
	const char *const names[] = { cell, row->series, row->stat };

	fputs("<tr>", out);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		fputs("<td>", out);
		html_put_text(out, names[i]);
		fputs("</td>", out);
	}
	for (size_t i = 0; i <= reproduce_sweep_sources(&part->published); i++) {
		bool last = i == reproduce_sweep_sources(&part->published);

		fputs("<td class=\"number\">", out);
		html_put_text(out, last ? row->measured : row->figures[i]);
		fputs("</td>", out);
	}
	fputs("</tr>\n", out);
}

static void put_sources(FILE *out, const struct published *published)
{
	for (size_t i = 0; i < reproduce_sweep_sources(published); i++) {
		fputs("<p class=\"faint\">", out);
		html_put_format(out, "%s%s: %s", published_name(published, i),
				published_is_expected(published, i) ? " (expected)" : "",
				published_text(published, i));
		fputs("</p>\n", out);
	}
	fputs("<div class=\"wide\"><table>\n<tr><th>cell</th><th>series</th><th></th>", out);
	for (size_t i = 0; i < reproduce_sweep_sources(published); i++) {
		fputs("<th class=\"number\">", out);
		html_put_text(out, published_name(published, i));
		fputs("</th>", out);
	}
	fputs("<th class=\"number\">measured [95 %]</th></tr>\n", out);
}

/* Side by side and no more: an expectation is nothing to pass. */
static void put_sweep(FILE *out, const struct part *part)
{
	_free_ struct sweep_row *rows = NULL;
	size_t count = reproduce_sweep_rows(&part->published, part->folder.summary, &rows);

	if (!count)
		return;
	put_sources(out, &part->published);
	for (size_t i = 0; i < count; i++)
		put_sweep_row(out, part, &rows[i]);
	fputs("</table></div>\n", out);
}

static int put_part(const struct document *document, size_t index, struct err *err)
{
	const struct part *part = &document->parts[index];
	const json_t *cells = json_object_get(part->folder.summary, "cells");
	static const char *const charts[] = { "segments",    "path",  "sweep",
					      "percentiles", "rates", NULL };
	FILE *out = document->out;
	int code;

	put_heading(out, part, index);
	if (!part->there)
		return 0;
	html_put_claims(out, part->folder.summary);
	/* The others show how sound these are; they are a link away. */
	code = html_put_charts(out, part->folder.dir, part->name, charts, err);
	if (code)
		return code;
	put_sweep(out, part);
	/* The paper's tables are of one cell each. */
	if (json_array_size(cells) == 1)
		put_cell(out, &part->reference, json_array_get(cells, 0));
	html_put_probe_cost(out, part->folder.summary);
	put_links(out, part->name);
	return 0;
}

static int put_page(const struct document *document, struct err *err)
{
	const struct part *first = first_part(document);
	int code;

	html_begin(document->out, "labrun reproduce");
	code = put_overview(document, err);
	if (first)
		put_environment(document->out, first);
	for (size_t i = 0; i < document->count && !code; i++)
		code = put_part(document, i, err);
	html_end(document->out);
	return code;
}

static int make_page(struct document *document, struct err *err)
{
	_free_ char *text = NULL, *path = join(document->folder, REPRODUCE_PAGE, "");
	size_t length;
	int code = 0;

	for (size_t i = 0; i < document->count && !code; i++)
		code = part_read(&document->parts[i], document->folder, err);
	if (code)
		return code;
	document->out = open_memstream(&text, &length);
	if (!document->out)
		abort();
	code = put_page(document, err);
	fclose(document->out);
	return code ? code : file_replace(path, text, length, err);
}

int reproduce_page_write(const char *folder, const char *const *names, size_t count,
			 struct err *err)
{
	struct document document = { .folder = folder, .count = count };
	int code;

	document.parts = calloc(count + 1, sizeof(*document.parts));
	if (!document.parts)
		abort();
	for (size_t i = 0; i < count; i++)
		document.parts[i].name = names[i];
	code = make_page(&document, err);
	for (size_t i = 0; i < count; i++) {
		published_done(&document.parts[i].published);
		reference_done(&document.parts[i].reference);
		result_folder_done(&document.parts[i].folder);
	}
	free(document.parts);
	return code ? err_wrap(err, code, "the page") : 0;
}
