/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Runs of one experiment one after the other (run --repeat): a folder of result folders run-1,
 * run-2, ..., each whole by itself.
 */

#include <stddef.h>

#define RESULTS_RUNS_MAX 1000

/* DIR/run-N, N from 1; the caller frees. */
char *results_run_path(const char *dir, size_t run);
/* How many there are in a row; 0: it is no folder of runs. */
size_t results_count_runs(const char *dir);
