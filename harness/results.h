/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A result folder (DESIGN, section 6): written as DIR.partial and renamed when whole. While a run
 * is alive it holds a lock on DIR.partial; a later start removes the .partial of a dead run in the
 * same parent if no job of it was finished, and never touches a locked one.
 */

#include "harness/err.h"
#include "harness/plan.h"
#include "harness/samples.h"

struct results;
struct probe_block;

/* `dir` NULL: results/<experiment>/<UTC time> under the current directory. An existing DIR or
 * DIR.partial is refused. */
int results_open(struct results **ret, const struct plan *plan, const char *dir, struct err *err);
/* results/<experiment>/<UTC time>, of which there is nothing yet; the caller frees. */
char *results_default_dir(const struct plan *plan);
/* The name that a user gave, without slashes at its end; NULL if it is none for results. The caller
 * frees. */
char *results_given_dir(const char *dir, struct err *err);
/* The final path, for telling the user. */
const char *results_dir(const struct results *results);
/* Appends what is new in `samples` since the last call to samples.csv and counters.csv, and
 * flushes. That `job` (unless NULL) is done, or why it failed (`error`), is noted: with one that is
 * done the partial folder is worth keeping, and can be resumed. */
int results_append(struct results *results, const struct samples *samples, const struct job *job,
		   const char *error, struct err *err);

struct results_final {
	const struct samples *samples;
	const json_t *summary, *environment;
	const struct probe_block *blocks;
	size_t block_count;
};
/* Writes every other file but the charts (into DIR.partial still). */
int results_write(struct results *results, const struct plan *plan,
		  const struct results_final *final, struct err *err);
/* Where the files are now: DIR.partial, or DIR after results_commit(). */
const char *results_path(const struct results *results);
/* Makes it whole: SHA256SUMS is written, and DIR.partial becomes DIR. */
int results_commit(struct results *results, struct err *err);
/* Uncommitted: removes the folder unless a job was finished. */
void results_free(struct results *results);

static inline void cleanup_results(struct results **results)
{
	results_free(*results);
}
#define _results_ __attribute__((cleanup(cleanup_results)))

/* Reading one back: refuses a .partial, another format version, or what is no result folder. What
 * is in it may come from a stranger: shapes and bounds are checked here, so that readers of
 * `summary` need not, and faults are told as `DIR/samples.csv:17: ...`. */
struct result_folder {
	char *dir;
	json_t *summary, *experiment, *topology, *environment;
};
int result_folder_read(struct result_folder *ret, const char *dir, struct err *err);
/* For the run itself, which draws before it commits: takes a .partial too. */
int result_folder_read_any(struct result_folder *ret, const char *dir, struct err *err);
void result_folder_done(struct result_folder *folder);
#define _result_folder_ __attribute__((cleanup(result_folder_done)))

/* The raw samples and counters of a folder. */
int result_samples_read(struct samples *samples, const char *dir, struct err *err);
/* The same where the folder has been read already. */
int result_folder_samples(struct samples *samples, const struct result_folder *folder,
			  struct err *err);
/* Only its counters; none of a folder that was kept without them. */
int result_folder_counters(struct samples *samples, const struct result_folder *folder,
			   struct err *err);
/* calibration.csv; the caller frees. */
int result_calibration_read(struct probe_block **ret, size_t *ret_count, const char *dir,
			    struct err *err);
