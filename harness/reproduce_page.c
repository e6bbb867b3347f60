// SPDX-License-Identifier: GPL-2.0-only
#include "harness/reproduce_page.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/html.h"
#include "harness/html_environment.h"
#include "harness/json_read.h"
#include "harness/reference.h"
#include "harness/report_text.h"
#include "harness/reproduce.h"
#include "harness/results.h"

#include <errno.h>
#include <string.h>

static const char *const verdicts[] = { "holds", "fails", "inconclusive" };

/* An experiment of the reproduction. */
struct part {
	const char *name;
	bool there; /* it gave results */
	struct result_folder folder;
	struct reference reference;
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
	int code;

	part->there = !access(dir, F_OK);
	if (!part->there)
		return 0;
	code = result_folder_read(&part->folder, dir, err);
	if (code)
		return code;
	return reference_read(
		&part->reference,
		json_string_value(json_object_get(part->folder.experiment, "reference")), err);
}

static const struct part *first_part(const struct document *document)
{
	for (size_t i = 0; i < document->count; i++)
		if (document->parts[i].there)
			return &document->parts[i];
	return NULL;
}

static const json_t *claims_of(const struct part *part)
{
	return json_object_get(part->folder.summary, "claims");
}

static bool is_valid(const struct part *part)
{
	return json_is_true(json_object_get(part->folder.summary, "valid"));
}

static size_t count_claims(const struct part *part, const char *verdict)
{
	const json_t *claim;
	size_t count = 0, i;

	json_array_foreach ((json_t *)claims_of(part), i, claim)
		count += !strcmp(json_read_text(claim, "verdict"), verdict);
	return count;
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
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		size_t count = count_claims(part, verdicts[i]);

		fprintf(out, "<td class=\"number %s\">", count ? verdicts[i] : "faint");
		fprintf(out, part->there ? "%zu</td>" : "-</td>", count);
	}
	fputs("</tr>\n", out);
}

static int put_overview(const struct document *document, struct err *err)
{
	_free_ char *modes = join(document->folder, "modes.svg", "");
	FILE *out = document->out;
	bool drawn;

	fputs("<h1>The paper, and what labrun measured</h1>\n<div class=\"wide\"><table>\n"
	      "<tr><th>experiment</th><th></th><th class=\"number\">holds</th>"
	      "<th class=\"number\">fails</th><th class=\"number\">inconclusive</th></tr>\n",
	      out);
	for (size_t i = 0; i < document->count; i++)
		put_overview_row(out, &document->parts[i], i);
	fputs("</table></div>\n", out);
	return html_put_picture(out, modes, "chart: the modes side by side", &drawn, err);
}

static void put_claim(FILE *out, const json_t *claim)
{
	const char *verdict = json_read_text(claim, "verdict");

	fputs("<tr class=\"claim\"><td class=\"", out);
	html_put_text(out, verdict);
	fputs("\">", out);
	html_put_text(out, verdict);
	fputs("</td><td>", out);
	html_put_text(out, json_read_text(claim, "text"));
	fputs("</td><td>", out);
	html_put_text(out, json_read_text(claim, "detail"));
	fputs("</td></tr>\n", out);
}

static void put_claims(FILE *out, const json_t *claims)
{
	const json_t *claim;
	size_t i;

	if (!json_array_size(claims))
		return;
	fputs("<div class=\"wide\"><table>\n<tr><th>verdict</th><th>the paper</th>"
	      "<th>measured</th></tr>\n",
	      out);
	json_array_foreach ((json_t *)claims, i, claim)
		put_claim(out, claim);
	fputs("</table></div>\n", out);
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

/* What must not be overlooked. */
static void put_warnings(FILE *out, const struct part *part)
{
	const json_t *cell;
	size_t i;

	if (!is_valid(part))
		fputs("<p class=\"warning\">This measurement is not valid.</p>\n", out);
	json_array_foreach (json_object_get(part->folder.summary, "cells"), i, cell) {
		const char *error = json_read_text(cell, "error");

		if (!*error)
			continue;
		fputs("<p class=\"warning\">", out);
		html_put_format(out, "Cell %zu failed: %s", i + 1, error);
		fputs("</p>\n", out);
	}
}

static int put_charts(const struct document *document, const struct part *part, struct err *err)
{
	/* The others show how sound these are; they are a link away. */
	static const char *const charts[] = { "segments", "path", "sweep" };
	size_t drawn = 0;

	for (size_t i = 0; i < ARRAY_SIZE(charts); i++) {
		_free_ char *path = NULL, *alt = NULL;
		bool there;
		int code;

		if (asprintf(&path, "%s/plots/%s.svg", part->folder.dir, charts[i]) < 0 ||
		    asprintf(&alt, "chart: %s of %s", charts[i], part->name) < 0)
			abort();
		code = html_put_picture(document->out, path, alt, &there, err);
		if (code)
			return code;
		drawn += there;
	}
	if (!drawn)
		fputs("<p class=\"faint\">No charts were drawn; <code>labrun plot</code> draws "
		      "them.</p>\n",
		      document->out);
	return 0;
}

static bool is_corrected(const json_t *cell)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (json_is_number(json_object_get(series, "corrected_mean")))
			return true;
	return false;
}

/* Why a claim may speak of less than the tables and charts show. */
static void put_probe_cost(FILE *out, const struct part *part)
{
	const json_t *cells = json_object_get(part->folder.summary, "cells");
	_free_ char *cost = report_text_probe_cost(part->folder.summary, 0);

	fputs("<p>", out);
	if (cost)
		html_put_format(out, "The probe: %s. %s", cost,
				is_corrected(json_array_get(cells, 0))
					? "Tables and charts show what was measured; claims are "
					  "tested on what is left without it."
					: "It is not taken off.");
	else
		fputs("What the probe costs was not measured.", out);
	fputs("</p>\n", out);
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
	put_warnings(out, part);
}

static int put_part(const struct document *document, size_t index, struct err *err)
{
	const struct part *part = &document->parts[index];
	const json_t *cells = json_object_get(part->folder.summary, "cells");
	FILE *out = document->out;
	int code;

	put_heading(out, part, index);
	if (!part->there)
		return 0;
	put_claims(out, claims_of(part));
	code = put_charts(document, part, err);
	if (code)
		return code;
	/* A sweep has no table in the paper: its claims are what is compared. */
	if (json_array_size(cells) == 1)
		put_cell(out, &part->reference, json_array_get(cells, 0));
	put_probe_cost(out, part);
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

/* Under another name until it is whole. */
static int replace_file(const char *folder, const char *text, size_t length, struct err *err)
{
	_free_ char *path = join(folder, REPRODUCE_PAGE, "");
	_free_ char *partial = join(folder, REPRODUCE_PAGE, ".partial");
	int code = file_write(partial, text, length, err);

	if (!code && rename(partial, path)) {
		code = err_errno(err, -errno, "cannot make '%s'", path);
		unlink(partial);
	}
	return code;
}

static int make_page(struct document *document, struct err *err)
{
	_free_ char *text = NULL;
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
	return code ? code : replace_file(document->folder, text, length, err);
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
		reference_done(&document.parts[i].reference);
		result_folder_done(&document.parts[i].folder);
	}
	free(document.parts);
	return code ? err_wrap(err, code, "the page") : 0;
}
