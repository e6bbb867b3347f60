/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* What a result folder was measured on, in a few lines of a table, by its summary.json and
 * environment.json. */
void html_put_environment(FILE *out, const json_t *summary, const json_t *environment);
