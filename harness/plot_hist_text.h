/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Histograms for a terminal, in the form that bpftrace's hist() and lhist() made usual. */

#include "harness/plot_data.h"

struct hist_text {
	const char *const *series; /* their names */
	size_t series_count; /* 0: all that have a distribution */
	double step_ns; /* of the linear ones; 0: a round one that fits all cells */
};

/*
 * For each cell, series and direction: how many, min, mean, max, and the histograms by powers of
 * two and in equal steps, of every sample. The data's samples must have been read. A name that
 * is no series of the folder or has no distribution is an error, and so is a folder without any.
 */
int plot_hist_text(const struct plot_data *data, const struct hist_text *what, FILE *out,
		   struct err *err);
