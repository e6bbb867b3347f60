/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Charts of result folders by gnuplot, from the folders alone. Each chart is a template under
 * plots/ put behind a preamble of data blocks and settings: the resulting .gp is self-contained
 * and can be run again by hand. Drawn as SVG and PNG.
 */

#include "harness/err.h"

#include <stddef.h>

/* All charts of one folder into `dir`/plots (plots/ is made if it is not there). */
int plot_folder(const char *dir, struct err *err);
/* The same for the run itself, which draws before results_commit(): takes a .partial too. */
int plot_unfinished(const char *dir, struct err *err);
/* The paper's "comparison between modes" over several folders, into `out`. */
int plot_comparison(const char *const *dirs, size_t count, const char *out, struct err *err);
