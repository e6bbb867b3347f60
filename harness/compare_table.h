/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A table of text aligned by its widest cells, and text that is put together piece by piece. What
 * comes from a file may be meant for a terminal: control characters become '?'.
 */

#include "harness/terminal.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct cell_text {
	char *text; /* NULL while it is empty */
	size_t length;
	bool spans; /* takes the rest of its row, whatever the widths */
	enum terminal_color color; /* on a terminal */
};

void cell_put(struct cell_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *cell_get(const struct cell_text *text);
void cell_done(struct cell_text *text);

#define TABLE_COLUMNS 8

struct table_text {
	struct cell_text *cells; /* row by row */
	size_t count, room;
};

/* The first row; a title may be "". */
void table_init(struct table_text *table, const char *const titles[static TABLE_COLUMNS]);
/* The next cell, after the last of a row the first of another; until the next call. */
struct cell_text *table_next(struct table_text *table);
size_t table_rows(const struct table_text *table);
void table_print(const struct table_text *table, FILE *out);
void table_done(struct table_text *table);
