// SPDX-License-Identifier: GPL-2.0-only
#include "harness/html_result.h"

#include "harness/cleanup.h"
#include "harness/html.h"
#include "harness/json_read.h"
#include "harness/report_text.h"

#include <string.h>

static const char *const verdicts[] = { "holds", "fails", "inconclusive" };

void html_put_warnings(FILE *out, const json_t *summary)
{
	_free_ char *fault = report_text_fault(summary);
	const json_t *cell;
	size_t i;

	if (fault) {
		fputs("<p class=\"warning\">", out);
		html_put_format(out, "This measurement is not valid: %s.", fault);
		fputs("</p>\n", out);
	}
	json_array_foreach (json_object_get(summary, "cells"), i, cell) {
		const char *error = json_read_text(cell, "error");

		if (!*error)
			continue;
		fputs("<p class=\"warning\">", out);
		html_put_format(out, "Cell %zu failed: %s", i + 1, error);
		fputs("</p>\n", out);
	}
}

static size_t count_claims(const json_t *summary, const char *verdict)
{
	const json_t *claim;
	size_t count = 0, i;

	json_array_foreach (json_object_get(summary, "claims"), i, claim)
		count += !strcmp(json_read_text(claim, "verdict"), verdict);
	return count;
}

void html_put_verdict_heads(FILE *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++)
		fprintf(out, "<th class=\"number\">%s</th>", verdicts[i]);
}

void html_put_verdict_counts(FILE *out, const json_t *summary)
{
	for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
		size_t count = count_claims(summary, verdicts[i]);

		fprintf(out, "<td class=\"number %s\">", count ? verdicts[i] : "faint");
		fprintf(out, summary ? "%zu</td>" : "-</td>", count);
	}
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

void html_put_claims(FILE *out, const json_t *summary)
{
	const json_t *claims = json_object_get(summary, "claims"), *claim;
	size_t i;

	if (!json_array_size(claims))
		return;
	fputs("<div class=\"wide\"><table>\n<tr><th>verdict</th><th>claim</th>"
	      "<th>measured</th></tr>\n",
	      out);
	json_array_foreach (claims, i, claim)
		put_claim(out, claim);
	fputs("</table></div>\n", out);
}

int html_put_charts(FILE *out, const char *dir, const char *name, const char *const *charts,
		    struct err *err)
{
	size_t drawn = 0;

	for (; *charts; charts++) {
		_free_ char *picture = NULL, *alt = NULL;
		bool there;
		int code;

		if (asprintf(&picture, "plots/%s.svg", *charts) < 0 ||
		    asprintf(&alt, "chart: %s of %s", *charts, name) < 0)
			abort();
		code = html_put_picture(out, dir, picture, alt, &there, err);
		if (code)
			return code;
		drawn += there;
	}
	if (!drawn)
		fputs("<p class=\"faint\">No charts were drawn; <code>labrun plot</code> draws "
		      "them.</p>\n",
		      out);
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
void html_put_probe_cost(FILE *out, const json_t *summary)
{
	const json_t *cells = json_object_get(summary, "cells");
	_free_ char *cost = report_text_probe_cost(summary, 0);

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
