// SPDX-License-Identifier: GPL-2.0-only
#include "harness/text_wrap.h"

#include <stdbool.h>
#include <string.h>

#define TEXT_WIDTH 80

/* `column`: how far the line has been written. */
static void wrap(const char *text, size_t length, FILE *out, int indent, int column)
{
	const char *end = text + length;
	bool begins = true;

	while (text < end) {
		int word = (int)strcspn(text, " \n");

		if (!begins && column + 1 + word > TEXT_WIDTH) {
			fputc('\n', out);
			column = 0;
			begins = true;
		}
		if (begins && column < indent)
			column += fprintf(out, "%*s", indent - column, "");
		else if (!begins)
			column += fprintf(out, " ");
		column += fprintf(out, "%.*s", word, text);
		begins = false;
		text += word;
		text += strspn(text, " \n");
	}
	fputc('\n', out);
}

void text_wrap(const char *text, FILE *out, int indent, int column)
{
	wrap(text, strlen(text), out, indent, column);
}

void text_wrap_paragraphs(const char *text, FILE *out)
{
	const char *end;

	for (; (end = strstr(text, "\n\n")); text = end + 2) {
		wrap(text, (size_t)(end - text), out, 0, 0);
		fputc('\n', out);
	}
	wrap(text, strlen(text), out, 0, 0);
}
