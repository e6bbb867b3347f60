/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A result folder as charts see it: cells of series, each with its batches, and names in the order
 * of the path. Everything comes from the folder and, for the source's own figures, from
 * results/reference. Borrowed pointers live as long as the plot_data.
 */

#include "harness/published.h"
#include "harness/reference.h"
#include "harness/results.h"

#include <stdbool.h>

enum plot_role {
	PLOT_SEGMENT, /* a part of the path */
	PLOT_SPAN, /* several of them under one name */
	PLOT_OTHER, /* rtt, lateness, ... */
};

struct plot_name {
	const char *text, *unit;
	enum plot_role role;
};

struct plot_series {
	size_t name; /* index into names */
	enum direction direction;
	double mean, low, high; /* NAN where there is none */
	double p50, p90, p99; /* of all samples */
	const json_t *batches;
	size_t n;
	double *sorted; /* samples; NULL before plot_data_samples() */
	size_t count;
};

struct plot_cell {
	char *label; /* "services=100 mode=nftables" */
	const json_t *factors;
	bool failed;
	struct plot_series *series; /* not "sent" where all of it was delivered */
	size_t series_count;
};

struct plot_data {
	struct result_folder folder;
	struct plot_name *names;
	struct plot_cell *cells;
	struct reference reference;
	struct published published;
	json_t *topologies; /* an array: a sweep may have several */
	size_t name_count, cell_count;
	char *title, *caption; /* the experiment's; where and how it was measured */
	double *values; /* that `sorted` points into */
};

/* `unfinished`: a .partial is fine. */
int plot_data_read(struct plot_data *ret, const char *dir, bool unfinished, struct err *err);
/* Reads the raw samples, sorted by cell and series. */
int plot_data_samples(struct plot_data *data, struct err *err);
void plot_data_done(struct plot_data *data);
#define _plot_data_ __attribute__((cleanup(plot_data_done)))

/* NULL if the cell has none. */
const struct plot_series *plot_find(const struct plot_cell *cell, size_t name,
				    enum direction direction);
/* NAN if the source gives none. */
double plot_reference_mean(const struct plot_data *data, const char *series,
			   enum direction direction);
/* A series without a distribution: rates and the like. */
bool plot_one_a_batch(const struct plot_series *series);
/* Whether any cell has a value of that. */
bool plot_has(const struct plot_data *data, size_t name, enum direction direction);
