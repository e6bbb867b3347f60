/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* What moved between the two sides of a run (see compare.h): a table of a verdict a line. */
void html_put_comparison(FILE *out, const json_t *comparison);
