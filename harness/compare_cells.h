/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The words and figures of a comparison's rows, for a terminal and for Markdown alike. */

#include "harness/compare_internal.h"
#include "harness/compare_table.h"
#include "harness/json_read.h"

/* A value as a file has it; the caller frees. */
char *compare_value_text(const json_t *value);

/* "" where it need not be said: an exact table is in instructions. */
const char *compare_shown_unit(const json_t *row);
/* What one of the two sides is: its folder, and which of several runs or of which value. */
void compare_put_source(struct cell_text *text, const json_t *comparison, const char *side);
void compare_put_cell_name(struct cell_text *text, const json_t *row);
void compare_put_series_name(struct cell_text *text, const json_t *row);
/* `side`: "base" or "new". */
void compare_put_side(struct cell_text *text, const json_t *row, const char *side);
/* "0.31%", "12%", "450%" */
void compare_put_percent(struct cell_text *text, double percent);
void compare_put_difference(struct cell_text *text, const json_t *row);
/* What the difference may owe to something else, each in percent of the base. */
void compare_put_budget(struct cell_text *text, const json_t *comparison, const json_t *row);
/* "1 regression, 0 inconclusive, ..." in a line. */
void compare_print_counts(const json_t *comparison, FILE *out);
