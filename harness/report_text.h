/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * What a run found, for a terminal or a log: per cell a table of its series with intervals, the
 * loss accounting, what the probe costs, and the verdicts of the claims. From summary.json alone.
 */
void report_text(const json_t *summary, FILE *out);
/* Only the claims, a line each. */
void report_text_claims(const json_t *claims, FILE *out);
/* "one event costs ...", of a cell; NULL if it was not measured. The caller frees. */
char *report_text_probe_cost(const json_t *summary, size_t cell);
/* Whether what is among a cell's `unmeasured` was measured in some of its batches. */
bool report_text_is_partial(const json_t *cell, const char *name);
/* "stopped after 17 batches: ...", why a cell with an `until` has no more; NULL if it has none. The
 * caller frees.
 */
char *report_text_stopped(const json_t *cell);
/* Why it is not valid, "2 of 12 cells failed"; NULL if it is. The caller frees. */
char *report_text_fault(const json_t *summary);
/* "services=100 mode=nftables", of a cell; "" if it has no factors. The caller frees. */
char *report_text_factors(const json_t *cell);
