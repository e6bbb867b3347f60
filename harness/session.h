/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * One experiment from a loaded plan to a whole result folder: run, summary, claims, files, charts.
 * What `run` and `reproduce` share.
 */

#include "harness/outcome.h"
#include "harness/plan.h"

#include <jansson.h>
#include <stdbool.h>

struct vm_options;

struct session_options {
	const char *experiment; /* as the command line has it; NULL: it cannot be resumed */
	const json_t *resume; /* `out`'s start, see results_resume.h; NULL: it is a new run */
	const char *out; /* the result folder; NULL: results/<experiment>/<UTC time> */
	bool quiet, json, no_charts;
	bool untold; /* no report on stdout */
	const struct vm_options *vm; /* in guests; NULL: on the running kernel */
	const char *build; /* another labrun to be held against this one, natively; NULL: none */
	char **argv; /* for the record */
};

/* Enters the sandbox, and prints the report (or the summary as JSON) to stdout. */
enum outcome session_run(struct plan *plan, const struct session_options *options);
/* What a summary amounts to: a cell failed, it is not valid, a claim fails, or none of these. */
enum outcome session_verdict(const json_t *summary);
