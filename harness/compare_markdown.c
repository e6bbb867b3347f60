// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_cells.h"
#include "harness/text.h"

#include <string.h>

/* Of a verdict: longer comments are refused by the forges. */
#define ROWS_SHOWN 60

/* Nothing of a result is markup: GitHub renders HTML, links and emphasis in tables. Names (@) and
 * numbers (#) it looks for in what has been rendered, where no entity is left: only a blank of no
 * width keeps somebody from being told (github.com/github/cmark-gfm/issues/181). */
static void put_escaped(const char *text, FILE *out)
{
	for (; *text; text++) {
		size_t hidden = text_hidden_bytes(text);

		if (hidden)
			text += hidden - 1;
		else if ((unsigned char)*text < ' ' || *text == 0x7f)
			fputc(' ', out);
		else if (strchr("@#", *text))
			fprintf(out, "%c&#8203;", *text);
		else if (strchr("&<>|`*_[\\~$:", *text))
			fprintf(out, "&#%d;", *text);
		else
			fputc(*text, out);
	}
}

static void put_cell(struct cell_text *text, FILE *out)
{
	fputs(" ", out);
	put_escaped(cell_get(text), out);
	fputs(" |", out);
	cell_done(text);
	*text = (struct cell_text){ 0 };
}

static void put_verdict(const char *verdict, FILE *out)
{
	bool moved = !strcmp(verdict, "regression") || !strcmp(verdict, "improvement");

	fprintf(out, moved ? "| **%s** |" : "| %s |", verdict);
}

/* A row of the method "bytes" has counts where others have means. */
static void put_figures(const json_t *comparison, const json_t *row, FILE *out)
{
	struct cell_text text = { 0 };

	if (json_object_get(row, "samples")) {
		cell_put(&text, "%.0f samples", json_read_number(row, "samples"));
		put_cell(&text, out);
		cell_put(&text, "%.0f moved",
			 json_read_number(row, "more") + json_read_number(row, "fewer"));
		put_cell(&text, out);
		cell_put(&text, "%+.10g %s", json_read_number(row, "net"), compare_shown_unit(row));
		put_cell(&text, out);
		put_cell(&text, out);
		return;
	}
	if (!json_object_get(row, "difference")) {
		fputs(" | | | |", out);
		return;
	}
	compare_put_side(&text, row, "base");
	put_cell(&text, out);
	compare_put_side(&text, row, "new");
	put_cell(&text, out);
	compare_put_difference(&text, row);
	put_cell(&text, out);
	compare_put_budget(&text, comparison, row);
	put_cell(&text, out);
}

static void put_row(const json_t *comparison, const json_t *row, FILE *out)
{
	struct cell_text text = { 0 };

	put_verdict(compare_string(row, "verdict"), out);
	compare_put_cell_name(&text, row);
	put_cell(&text, out);
	compare_put_series_name(&text, row);
	put_cell(&text, out);
	put_figures(comparison, row, out);
	cell_put(&text, "%s", compare_string(row, "detail"));
	put_cell(&text, out);
	fputc('\n', out);
}

static void put_rows(const json_t *comparison, const char *verdict, FILE *out)
{
	const json_t *row;
	size_t i, shown = 0;

	fputs("\n| verdict | cell | series | base | new | difference | may be owed to | |\n"
	      "|---|---|---|---|---|---|---|---|\n",
	      out);
	json_array_foreach (json_object_get(comparison, "rows"), i, row)
		if (!strcmp(compare_string(row, "verdict"), verdict) && shown++ < ROWS_SHOWN)
			put_row(comparison, row, out);
	if (shown > ROWS_SHOWN)
		fprintf(out, "\nand %zu more\n", shown - ROWS_SHOWN);
}

static json_int_t count_of(const json_t *comparison, const char *verdict)
{
	return json_integer_value(json_object_get(json_object_get(comparison, "counts"), verdict));
}

/* What did not move is folded up. */
static void put_group(const json_t *comparison, const char *verdict, bool open, FILE *out)
{
	json_int_t count = count_of(comparison, verdict);

	if (!count)
		return;
	if (!open)
		fprintf(out, "\n<details><summary>%" JSON_INTEGER_FORMAT " %s</summary>\n", count,
			verdict);
	put_rows(comparison, verdict, out);
	if (!open)
		fputs("\n</details>\n", out);
}

static void put_side(const json_t *comparison, const char *side, FILE *out)
{
	struct cell_text text = { 0 };

	compare_put_source(&text, comparison, side);
	fprintf(out, "\n- %s: ", side);
	put_escaped(cell_get(&text), out);
	cell_done(&text);
}

static void put_notes(const json_t *comparison, FILE *out)
{
	const json_t *note;
	size_t i;

	json_array_foreach (json_object_get(comparison, "notes"), i, note) {
		fputs("\n", out);
		put_escaped(json_string_value(note), out);
		fputs("\n", out);
	}
	if (!strcmp(compare_string(comparison, "taken"), "apart") &&
	    strcmp(compare_string(comparison, "mode"), "exact"))
		fputs("\nTwo folders taken at different times: at most inconclusive.\n", out);
}

void compare_markdown(const json_t *comparison, FILE *out)
{
	fputs("### ", out);
	put_escaped(compare_string(comparison, "experiment"), out);
	fprintf(out, " (%s): %s\n", compare_string(comparison, "mode"),
		compare_string(comparison, "verdict"));
	put_side(comparison, "base", out);
	put_side(comparison, "new", out);
	fputs("\n- ", out);
	compare_print_counts(comparison, out);
	if (json_is_true(json_object_get(comparison, "byte_equal")))
		fprintf(out, "\nByte-equal: %.0f samples.\n",
			json_read_number(comparison, "sample_count"));
	put_group(comparison, "regression", true, out);
	put_group(comparison, "improvement", true, out);
	put_group(comparison, "inconclusive", false, out);
	put_group(comparison, "same", false, out);
	put_notes(comparison, out);
}
