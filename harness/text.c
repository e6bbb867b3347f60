// SPDX-License-Identifier: GPL-2.0-only
#include "harness/text.h"

#include "harness/cleanup.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

/* U+0080..9F, U+061C, U+200E/F, U+2028..E, U+2066..9. */
size_t text_hidden_bytes(const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)
		return 2;
	if (at[0] == 0xd8 && at[1] == 0x9c)
		return 2;
	if (at[0] == 0xe2 && at[1] == 0x80 &&
	    ((at[2] >= 0xa8 && at[2] <= 0xae) || at[2] == 0x8e || at[2] == 0x8f))
		return 3;
	if (at[0] == 0xe2 && at[1] == 0x81 && at[2] >= 0xa6 && at[2] <= 0xa9)
		return 3;
	return 0;
}

void text_clean(char *text, char instead)
{
	char *to = text;
	size_t hidden;

	for (char *at = text; *at; at += hidden ? hidden : 1) {
		hidden = text_hidden_bytes(at);
		if (!hidden)
			*to++ = iscntrl((unsigned char)*at) ? instead : *at;
	}
	*to = '\0';
}

void text_put(FILE *out, const char *format, ...)
{
	size_t length = strlen(format);
	_free_ char *text = NULL;
	va_list args;
	bool ends;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	ends = length && format[length - 1] == '\n';
	if (ends)
		text[strlen(text) - 1] = '\0';
	text_clean(text, ' ');
	fputs(text, out);
	if (ends)
		fputc('\n', out);
}
