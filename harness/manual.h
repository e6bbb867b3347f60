/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The manual pages, made of what the program itself goes by: the verbs' tables of options, the
 * files' tables of fields, the kinds, the exit statuses.
 */

#include <stdbool.h>
#include <stdio.h>

/* labrun(1) */
void manual_write_program(FILE *out);
/* labrun-experiment(5), labrun-topology(5) */
void manual_write_experiment(FILE *out);
void manual_write_topology(FILE *out);

/* "labrun", "experiment", "topology"; false: there is no such page. */
bool manual_write(const char *page, FILE *out);
