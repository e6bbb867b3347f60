// SPDX-License-Identifier: GPL-2.0-only
#include "harness/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool terminal_rewrites(FILE *stream)
{
	const char *term = getenv("TERM");
	int fd = fileno(stream);

	return fd >= 0 && isatty(fd) && term && *term && strcmp(term, "dumb") != 0;
}

static bool shows_color(FILE *stream)
{
	const char *none = getenv("NO_COLOR");

	return !(none && *none) && terminal_rewrites(stream);
}

/* ECMA-48, select graphic rendition: of the eight colors, which every theme makes legible. */
const char *terminal_on(FILE *stream, enum terminal_color color)
{
	static const char *const codes[] = {
		[TERMINAL_PLAIN] = "",
		[TERMINAL_GOOD] = "\033[32m",
		[TERMINAL_BAD] = "\033[1;31m",
		[TERMINAL_OPEN] = "\033[33m",
	};

	return shows_color(stream) ? codes[color] : "";
}

const char *terminal_off(FILE *stream)
{
	return shows_color(stream) ? "\033[m" : "";
}
