// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_table.h"

#include "harness/cleanup.h"
#include "harness/text.h"

#include <stdarg.h>
#include <string.h>

void cell_put(struct cell_text *text, const char *format, ...)
{
	_free_ char *more = NULL;
	va_list args;
	int length;

	va_start(args, format);
	length = vasprintf(&more, format, args);
	va_end(args);
	if (length < 0)
		abort();
	text_clean(more, '?');
	length = (int)strlen(more);
	text->text = realloc(text->text, text->length + (size_t)length + 1);
	if (!text->text)
		abort();
	memcpy(text->text + text->length, more, (size_t)length + 1);
	text->length += (size_t)length;
}

const char *cell_get(const struct cell_text *text)
{
	return text->text ? text->text : "";
}

void cell_done(struct cell_text *text)
{
	free(text->text);
	*text = (struct cell_text){ 0 };
}

struct cell_text *table_next(struct table_text *table)
{
	if (table->count == table->room) {
		table->room = 2 * table->room + 64;
		table->cells = reallocarray(table->cells, table->room, sizeof(*table->cells));
		if (!table->cells)
			abort();
	}
	table->cells[table->count] = (struct cell_text){ 0 };
	return &table->cells[table->count++];
}

void table_init(struct table_text *table, const char *const titles[static TABLE_COLUMNS])
{
	*table = (struct table_text){ 0 };
	for (size_t i = 0; i < TABLE_COLUMNS; i++)
		cell_put(table_next(table), "%s", titles[i]);
}

size_t table_rows(const struct table_text *table)
{
	return table->count / TABLE_COLUMNS;
}

/* In characters, of UTF-8. */
static size_t width(const struct cell_text *text)
{
	size_t count = 0;

	for (const char *at = cell_get(text); *at; at++)
		count += ((unsigned char)*at & 0xc0) != 0x80;
	return count;
}

/* A column that is empty but for its title is left out. */
static void find_widths(const struct table_text *table, size_t widths[static TABLE_COLUMNS])
{
	for (size_t column = 0; column < TABLE_COLUMNS; column++) {
		widths[column] = 0;
		for (size_t i = column + TABLE_COLUMNS; i < table->count; i += TABLE_COLUMNS)
			if (!table->cells[i].spans && width(&table->cells[i]) > widths[column])
				widths[column] = width(&table->cells[i]);
		if (widths[column] && width(&table->cells[column]) > widths[column])
			widths[column] = width(&table->cells[column]);
	}
}

static void print_row(const struct cell_text *cells, const size_t *widths, FILE *out)
{
	size_t blanks = 0;

	for (size_t column = 0; column < TABLE_COLUMNS; column++) {
		if (!widths[column] && !cells[column].spans)
			continue;
		/* No blanks at the end of a line. */
		if (cells[column].length) {
			enum terminal_color color = cells[column].color;

			fprintf(out, "%*s%s%s%s", (int)blanks, "", terminal_on(out, color),
				cells[column].text, color ? terminal_off(out) : "");
			blanks = 0;
		}
		if (cells[column].spans)
			break;
		blanks += widths[column] - width(&cells[column]) + 2;
	}
	fputc('\n', out);
}

void table_print(const struct table_text *table, FILE *out)
{
	size_t widths[TABLE_COLUMNS];

	find_widths(table, widths);
	for (size_t i = 0; i + TABLE_COLUMNS <= table->count; i += TABLE_COLUMNS)
		print_row(&table->cells[i], widths, out);
}

void table_done(struct table_text *table)
{
	for (size_t i = 0; i < table->count; i++)
		cell_done(&table->cells[i]);
	free(table->cells);
	*table = (struct table_text){ 0 };
}
