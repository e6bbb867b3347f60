/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What moved between two result folders of one experiment and mode (DESIGN, section 7). From their
 * files alone; neither root nor a kernel is needed.
 *
 * exact, same bundle	to the byte: a sample that differs by one instruction has moved
 * exact, other bundle	p50 of each seed, and its slope over numeric factors, by the spread over
 *seeds native, vm		means of the batches; at most "inconclusive", since two folders
 *taken at different times differ by more than their batches show
 *
 * The bundle is every kernel's fingerprint in environment.json together with experiment.json and
 * topology*.json: the guest reads these too.
 */

#include "harness/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * {"experiment", "mode", "method": "bytes" | "seeds" | "batches", "least_percent", "base" and
 * "new": {"dir", "valid"}, "bundle": null or {"equal", "differences": [{"member", "base", "new"}]},
 * "byte_equal": null or a bool, "sample_count": null or how many were compared,
 * "summary_differences": as above, of what is no series, "notes": [text],
 * "rows": [{"factors", "series", "direction", "unit", "over", "judged", "verdict", "detail", ...}],
 * "counts": {verdict: rows}, "verdict"}. `over` is the factor of a slope. Different modes,
 * experiments or units are a usage error. A new reference in *ret.
 *
 * `least_percent`: what moved by less of BASE's mean is the same; NAN: 0.5 for exact, else 2. A
 * spread of zero shows a single instruction, which is then left to who asks for it.
 */
int compare_folders(json_t **ret, const char *base, const char *new, double least_percent,
		    struct err *err);
/* Any row's verdict is "regression". */
bool compare_regressed(const json_t *comparison);
/* Both measurements are. */
bool compare_valid(const json_t *comparison);

/* For a terminal or a log: what was compared and how, a table of a verdict a line, a count. */
void compare_text(const json_t *comparison, FILE *out);
