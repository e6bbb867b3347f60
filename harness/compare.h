/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What moved between two result folders of one experiment and mode, or between the two sides of
 * one run (DESIGN, section 7). From their files alone; neither root nor a kernel is needed.
 *
 * exact, same bundle	to the byte: a sample that differs by one instruction has moved
 * exact, other bundle	p50 of each seed, and its slope over numeric factors, by the spread over
 *			seeds
 * native, vm		means of the batches where both sides were interleaved in one run
 *			("against"); means of the runs where they were repeated (`run --repeat`);
 *			else the batches' means again, but at most "inconclusive", since two folders
 *			taken at different times differ by more than their batches show
 *
 * regression, improvement: Holm's correction over all rows leaves the difference standing, and it
 * is at least the minimum effect. same: the whole 95 % interval lies within the minimum effect.
 * inconclusive: neither is shown.
 *
 * The bundle is every kernel's fingerprint in environment.json together with experiment.json and
 * topology*.json: the guest reads these too.
 */

#include "harness/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * {"experiment", "mode", "method": "bytes" | "seeds" | "batches" | "runs", "taken": "apart" |
 * "interleaved" | "repeated", "against": null or the factor, "minimum_effect", "base" and "new":
 * {"dir", "side", "valid", "runs", "steal_percent"}, "bundle": null or {"equal", "differences":
 * [{"member", "base", "new"}]}, "byte_equal": null or a bool, "sample_count": null or how many were
 * compared, "environment_differences" and "summary_differences": as above, "notes": [text],
 * "rows": [{"factors", "series", "direction", "unit", "over", "judged", "verdict", "detail",
 * "budget", ...}], "counts": {verdict: rows}, "verdict"}. `over` is the factor of a slope.
 * Different modes, experiments or units are a usage error. A new reference in *ret.
 *
 * "budget": half-widths of 95 % intervals in the row's unit, null where not known: what the
 * batches leave open, the probe's own cost, and runs one after the other; "steal_percent" of the
 * CPUs' time went to other machines, at the worse of the two sides; "probe_shift": by how
 * much the two sides' costs of probing differ, which is part of the difference.
 *
 * `new` NULL: `base` is a run with two sides. `least_percent`: in place of the experiment's
 * minimum effect in percent; NAN: that.
 */
int compare_folders(json_t **ret, const char *base, const char *new, double least_percent,
		    struct err *err);
/* Any row's verdict is "regression". */
bool compare_regressed(const json_t *comparison);
/* Both measurements are. */
bool compare_valid(const json_t *comparison);

/* For a terminal or a log: what was compared and how, a table of a verdict a line, a count. */
void compare_text(const json_t *comparison, FILE *out);
/* The same as a table for a pull request: what moved first, what did not folded up. */
void compare_markdown(const json_t *comparison, FILE *out);

/*
 * What the runs in a folder (`run --repeat`) differ by: {"experiment", "mode", "dir", "runs",
 * "rows": [{"factors", "series", "direction", "unit", "means": one a run, "mean", "ci95" over the
 * runs, "stddev" between runs, "batch_error": what the runs' own batches have it be, "ratio" of
 * the two}]}. A usage error if there are not two runs. A new reference.
 */
int compare_spread_of_runs(json_t **ret, const char *dir, struct err *err);
void compare_spread_text(const json_t *spread, FILE *out);
