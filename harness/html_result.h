/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Parts of a page about a result folder, from its summary.json: what a page of a reproduction and a
 * report have in common.
 */

#include "harness/err.h"

#include <jansson.h>
#include <stdio.h>

/* What must not be overlooked: an invalid measurement, cells that failed. */
void html_put_warnings(FILE *out, const json_t *summary);
/* Three headings of an overview's columns, and their cells: how many claims hold, fail, are
 * inconclusive. NULL: there was nothing to judge. */
void html_put_verdict_heads(FILE *out);
void html_put_verdict_counts(FILE *out, const json_t *summary);
/* A table of the claims, what was measured and the verdicts; nothing if there are none. */
void html_put_claims(FILE *out, const json_t *summary);
/* Those of `charts` (NULL-terminated) that were drawn into `dir`/plots. `name` says of what, so
 * that the page is the same wherever the folder lies. */
int html_put_charts(FILE *out, const char *dir, const char *name, const char *const *charts,
		    struct err *err);
void html_put_probe_cost(FILE *out, const json_t *summary);
