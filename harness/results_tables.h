/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The tables that grow while a run is alive: samples.csv, counters.csv, and the series' units,
 * which no other table has. Each append is flushed, so that only half a row can be lost.
 */

#include "harness/err.h"
#include "harness/samples.h"

#include <stdint.h>
#include <stdio.h>

enum table { TABLE_SAMPLES, TABLE_COUNTERS, TABLE_SERIES, TABLE_COUNT };
extern const char *const table_names[TABLE_COUNT];

struct tables {
	int fd; /* the folder; borrowed, as is `path` */
	const char *path; /* its name for messages */
	FILE *files[TABLE_COUNT];
	size_t done[TABLE_COUNT]; /* rows */
};

/* New ones, with their headers. `ret->fd` and `path` are set. */
int tables_create(struct tables *tables, struct err *err);
/* Goes on with those there are, which hold all of `samples`. */
int tables_continue(struct tables *tables, const struct samples *samples, struct err *err);
/* Appends what is new since the last call. */
int tables_append(struct tables *tables, const struct samples *samples, struct err *err);
/* How long they are, after an append. */
void tables_measure(const struct tables *tables, uint64_t ret_bytes[TABLE_COUNT]);
/* The last append; nothing can be appended then. */
int tables_finish(struct tables *tables, const struct samples *samples, struct err *err);
void tables_close(struct tables *tables);

int tables_failed(const struct tables *tables, const char *name, struct err *err);
