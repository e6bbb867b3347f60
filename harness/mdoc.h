/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Manual pages in mdoc(7). Text is plain: what roff would take for its own (backslashes, hyphens,
 * quotes, a dot at a line's beginning) comes out as it is. `words` in backquotes are set in bold.
 */

#include <stdio.h>

/* The page's head, up to its NAME; `section` 1 or 5. */
void mdoc_begin(FILE *out, const char *name, int section, const char *date, const char *help);
void mdoc_section(FILE *out, const char *title);
void mdoc_subsection(FILE *out, const char *title);
/* Sentences, each on a line of its own. */
void mdoc_text(FILE *out, const char *text);
/* One that was written without a capital and a full stop, as help is. */
void mdoc_sentence(FILE *out, const char *text);
/* Paragraphs of them: an empty line in `text` begins the next. */
void mdoc_paragraphs(FILE *out, const char *text);
/* Lines that stay as they are. */
void mdoc_literal(FILE *out, const char *text);

/* A list of terms; lists nest. */
void mdoc_list_begin(FILE *out);
void mdoc_list_end(FILE *out);
/* A term and, in parentheses, a remark on it (NULL: none); its text follows. */
void mdoc_term(FILE *out, const char *term, const char *remark);

/*
 * The macros of a usage such as "[--out DIR] RESULT...": words in capitals are arguments, those
 * with dashes options, others stand for themselves. Goes on in the line that was begun.
 */
void mdoc_usage(FILE *out, const char *usage);
