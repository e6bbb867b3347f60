/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a stream's terminal can show. Files, pipes and what is written in memory are none, and one
 * with TERM unset or "dumb" can do nothing. Color is only ever said twice: the word says it too.
 */

#include <stdbool.h>
#include <stdio.h>

enum terminal_color {
	TERMINAL_PLAIN,
	TERMINAL_GOOD,
	TERMINAL_BAD,
	TERMINAL_OPEN, /* neither, or not known */
};

/* Whether a line can be written over. */
bool terminal_rewrites(FILE *stream);
/* What turns a color on and all of it off; "" where NO_COLOR is not empty (no-color.org) and where
 * there is no terminal that could show it. */
const char *terminal_on(FILE *stream, enum terminal_color color);
const char *terminal_off(FILE *stream);
