/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The tests that a claim can make, each in its own claim_<kind>.c; only claims.c and whoever
 * validates experiment files include this. A test sees nothing but the cells of summary.json, so
 * that `verify` reaches the same verdicts from a folder, and works batch by batch: cells of one
 * batch were visited next to each other, and what disturbed one disturbed all (DESIGN, section 7).
 *
 * A test makes findings, one a cell or pair of cells. A claim holds if all of them hold and fails
 * if any fails. No correction for their number: that all must hold makes "holds" stricter already
 * (an intersection-union test), while each finding has its one chance in forty of failing by luck.
 */

#include "harness/field.h"
#include "harness/kinds.h"
#include "harness/samples.h"
#include "harness/stats.h"

enum verdict { VERDICT_HOLDS, VERDICT_INCONCLUSIVE, VERDICT_FAILS }; /* the worst decides */

struct findings;

struct claim_job {
	const json_t *cells; /* the summary's */
	struct findings *findings;
	struct arena *arena; /* lives as long as the job */
	struct diag *diag;
};

#define CLAIM_DECLARE(name)                                                                        \
	extern const struct kind claim_##name;                                                     \
	void claim_##name##_evaluate(const void *params, struct claim_job *job);
CLAIM_KINDS(CLAIM_DECLARE)

/* Notes a verdict about a cell (NULL: about none) and the figures behind it. */
void claim_find(struct claim_job *job, const json_t *cell, enum verdict verdict, const char *format,
		...) __attribute__((format(printf, 4, 5)));

struct findings *findings_new(void);
void findings_free(struct findings *findings);
enum verdict findings_verdict(const struct findings *findings);
/* A sentence of those findings that decide; the caller frees. */
char *findings_detail(const struct findings *findings);

/*
 * What a test speaks of, written as "veth1" or as an object with the names below. Keys of
 * `factors` are whole paths or their ends ("mtu" of "topology.links.0.mtu"); they must be clear.
 */
enum selection_stat { STAT_MEAN, STAT_P01, STAT_P50, STAT_P99 };

struct selection {
	const char *series;
	int direction, stat; /* enum direction, enum selection_stat */
	json_t *factors; /* borrowed; NULL: any cell */
};

/* `json` came through claim_check(), so it has no faults. */
struct selection selection_read(struct claim_job *job, json_t *json);
/* Whether the cell has the factors (NULL: any does). */
bool cell_matches(const json_t *cell, const json_t *factors);
/* Equal factors, but for those that `except` (an object's keys) and `over` name; both may be
 * NULL. */
bool cells_agree(const json_t *left, const json_t *right, const json_t *except, const char *over);
/* NULL if there is none of that name, or more than one. */
const json_t *cell_factor(const json_t *cell, const char *name);
/* That factor as a number, NAN if it is none; a label may be one too: {"label": "1000", ...}. */
double cell_number(const json_t *cell, const char *name);

/* A selection's figures in one cell. */
struct picked {
	char name[200]; /* "veth1", "veth1 reply p99", "veth1 (mode=nftables)" */
	const char *unit;
	const json_t *values; /* one a batch; null where it has none */
	double shift; /* takes the probe's own cost off each */
};

/* False, with a finding, if the cell has no such series. */
bool selection_pick(struct claim_job *job, const struct selection *selection, const json_t *cell,
		    struct picked *ret);
/* NAN for null. */
double picked_value(const struct picked *picked, size_t batch);

/* Two selections in the cells that belong together, by the batches that both have. */
struct pair {
	const json_t *cell; /* the left's */
	struct picked left, right;
	double *left_values, *right_values, left_mean, right_mean;
	size_t count; /* at least 2 */
};

typedef void (*pair_fn)(const struct pair *pair, const void *params, struct claim_job *job);
/*
 * Each cell that matches the left goes with the one that has the factors given on the right and
 * shares all others; a cell is not paired with itself when the selections are the same. What is
 * missing becomes a finding.
 */
void claim_each_pair(struct claim_job *job, json_t *left, json_t *right, pair_fn visit,
		     const void *params);
/* The same of one selection, on both sides. */
void claim_each_cell(struct claim_job *job, json_t *selection, pair_fn visit, const void *params);

/* What the field tables cannot check of a claim's test, at `path`: its selections and factors. */
void claim_check(const struct kind *kind, json_t *test, const struct jpath *path,
		 struct arena *arena, struct diag *diag);
