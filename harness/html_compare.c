// SPDX-License-Identifier: GPL-2.0-only
#include "harness/html_compare.h"

#include "harness/compare_cells.h"
#include "harness/html.h"

#include <string.h>

static const char *class_of(const char *verdict)
{
	if (!strcmp(verdict, "regression"))
		return "fails";
	if (!strcmp(verdict, "inconclusive"))
		return "inconclusive";
	return "holds";
}

static void put_cell(FILE *out, struct cell_text *text)
{
	fputs("<td>", out);
	html_put_text(out, cell_get(text));
	fputs("</td>", out);
	cell_done(text);
	*text = (struct cell_text){ 0 };
}

/* A run of one cell has no column for it. */
static bool tells_cells(const json_t *comparison)
{
	const json_t *row;
	size_t i;

	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (json_object_size(json_object_get(row, "factors")))
			return true;
	return false;
}

static void put_row(FILE *out, const json_t *comparison, const json_t *row)
{
	const char *verdict = compare_string(row, "verdict");
	struct cell_text text = { 0 };

	fprintf(out, "<tr><td class=\"%s\">", class_of(verdict));
	html_put_text(out, verdict);
	fputs("</td>", out);
	if (tells_cells(comparison)) {
		compare_put_cell_name(&text, row);
		put_cell(out, &text);
	}
	compare_put_series_name(&text, row);
	put_cell(out, &text);
	if (json_object_get(row, "difference")) {
		compare_put_side(&text, row, "base");
		put_cell(out, &text);
		compare_put_side(&text, row, "new");
		put_cell(out, &text);
		compare_put_difference(&text, row);
		put_cell(out, &text);
		compare_put_budget(&text, comparison, row);
		put_cell(out, &text);
	} else {
		fputs("<td></td><td></td><td></td><td></td>", out);
	}
	cell_put(&text, "%s", compare_string(row, "detail"));
	put_cell(out, &text);
	fputs("</tr>\n", out);
}

static void put_sides(FILE *out, const json_t *comparison)
{
	struct cell_text base = { 0 }, new = { 0 };

	compare_put_source(&base, comparison, "base");
	compare_put_source(&new, comparison, "new");
	fputs("<p>", out);
	html_put_format(out,
			"%s against %s, taken in turn: %s, and differences with 95 %% "
			"intervals.",
			cell_get(&new), cell_get(&base),
			strcmp(compare_string(comparison, "method"), "seeds")
				? "means [lowest, highest] of the batches"
				: "the p50 of each seed, as mean [lowest, highest] over the seeds, "
				  "in instructions unless said");
	fputs("</p>\n", out);
	cell_done(&base);
	cell_done(&new);
}

void html_put_comparison(FILE *out, const json_t *comparison)
{
	const json_t *row;
	size_t i;

	fputs("<h3>What moved</h3>\n", out);
	put_sides(out, comparison);
	fprintf(out, "<div class=\"wide\"><table>\n<tr><th>verdict</th>%s<th>series</th>",
		tells_cells(comparison) ? "<th>cell</th>" : "");
	fputs("<th>base</th><th>new</th><th>difference</th><th>may be owed to</th><th></th></tr>\n",
	      out);
	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (*compare_string(row, "verdict"))
			put_row(out, comparison, row);
	fputs("</table></div>\n", out);
}
