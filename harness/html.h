/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * One self-contained page of HTML: style and pictures within, no scripts, nothing fetched (and a
 * policy in its head that has browsers refuse both). Whatever text goes in, only text comes out.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stdio.h>

/* What the version of the labrun that wrote a page stands behind. */
#define HTML_GENERATOR "<meta name=\"generator\" content=\"labrun "

void html_begin(FILE *out, const char *title);
void html_end(FILE *out);

/* As content, or as an attribute's value between quotes. What hides or reorders text goes. */
void html_put_text(FILE *out, const char *text);
/* printf, all of whose output is text. */
void html_put_format(FILE *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A link to `path`, relative to the page, whatever bytes a file's name may hold. */
void html_put_link(FILE *out, const char *path, const char *text);
/* The SVG file `name` of a folder as a picture: as such nothing within can run or fetch. False:
 * there is none. `alt` says what it shows. */
int html_put_picture(FILE *out, const char *dir, const char *name, const char *alt, bool *ret_there,
		     struct err *err);
