/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Text for a terminal of 80 columns. */

#include <stdio.h>

/* The words of `text` in lines that begin with `indent` spaces, the first of them in a line of
 * which `column` characters are there already. */
void text_wrap(const char *text, FILE *out, int indent, int column);
/* Paragraph by paragraph: an empty line in `text` is one in what is written. */
void text_wrap_paragraphs(const char *text, FILE *out);
