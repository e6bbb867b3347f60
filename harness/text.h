/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Text that came from a file, as terminals and pages may be given it. Control characters are what a
 * terminal acts on (escape sequences: title, colours, answers as if typed) and what ends a line;
 * others hide text, or turn it around so that it reads as something else.
 */

#include <stddef.h>
#include <stdio.h>

/* How many bytes at the start of `text` are a character that hides or reorders others, ends a line
 * (U+2028, U+2029) or is a control of C1; 0: none. */
size_t text_hidden_bytes(const char *text);
/* In place: control characters become `instead`, what hides goes. */
void text_clean(char *text, char instead);
/* printf of a line or a part of one, all of which is cleaned but for a line's end that ends the
 * format. */
void text_put(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
