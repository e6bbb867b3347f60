/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Going on with a run that was ended: its DIR.partial holds the raw tables as far as they came, a
 * line for each job that says how far that was (a later job's rows, or half a row, are cut off),
 * the series' units, and what it was started as. A cell that failed stays failed, as it would have
 * had the run gone on.
 */

#include "harness/results.h"
#include "harness/results_partial.h"
#include "harness/run.h"

/*
 * How DIR.partial was started, as PARTIAL_START has it: {"argv", "identity", "started", "resumed":
 * [UTC times], "calibration"}. `dir` is DIR or DIR.partial.
 */
int resume_read(json_t **ret, const char *dir, struct err *err);
/* Writes it, whole or not at all. */
int results_note(const struct results *results, const json_t *start, struct err *err);

json_t *resume_blocks_json(const struct run_outcome *outcome);

struct resumed {
	struct run_outcome outcome; /* samples, errors and calibration so far; the caller's */
	bool *done; /* by plan_job_index(); the caller's */
};

/* Takes the lock of DIR.partial, as results_open() does for a new one, and what it holds. `start`
 * is what resume_read() gave. */
int results_resume(struct results **ret, struct resumed *ret_resumed, const struct plan *plan,
		   const char *dir, const json_t *start, struct err *err);

/* The parts of it: */

/* Without ".partial" and slashes at the end; the caller frees. */
char *resume_dir(const char *dir);
/* Takes the marker and cuts and reads the tables. */
int resume_load(struct resumed *ret, struct partial *partial, const char *path,
		const struct plan *plan, const json_t *start, struct err *err);
int resume_write(int fd, const char *path, const json_t *start, struct err *err);
