/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Carries out a plan: for each job builds the lab, warms up, measures, and appends to the samples.
 * Call inside the sandbox. A job that fails marks its cell and the run goes on; losses do not stop
 * it either, they are counted.
 */

#include "bpf/probe.h"
#include "harness/plan.h"
#include "harness/samples.h"

#define RUN_MAX_BLOCKS 512 /* of all kernels */

struct drop;

struct run_progress {
	size_t jobs_done, job_count; /* at most so many, if the experiment has an `until` */
	const struct job *job; /* the one just done */
	double elapsed_s, left_s; /* left_s is an estimate from the jobs so far */
	bool measured; /* the job did not fail, nor an earlier one of its cell */
};

/* A measured pass, about each second while it runs and once more when it has ended. */
struct run_live {
	const struct experiment *experiment;
	struct load_report *report; /* still moving unless `ended` */
	uint64_t received; /* counted by the server where there are no replies */
	const struct drop *drops; /* see bpf/drops.h; none before it has ended */
	size_t drop_count;
	double elapsed_s; /* since the sending began */
	bool ended, interrupted;
};
typedef void (*run_live_fn)(void *context, const struct run_live *live);

struct run_options {
	/* After each job; a negative errno ends the run. */
	int (*progress)(void *context, const struct run_progress *progress, struct err *err);
	run_live_fn live; /* NULL: nobody watches, and Ctrl-C leaves nothing to tell */
	void *context;
	/* Resumed: what is done already, by plan_job_index(); `ret` then holds what that gave. */
	const bool *done;
	uint64_t magic; /* of the stamps; 0: drawn at random, so that no other run has it */
	bool addresses; /* probes record addresses, for `trace` */
	bool steal; /* is counted, see run_steal.h */
	bool uncalibrated; /* no summary will be made of it */
	/* For `trace` and captures: called with the probes of a job before it is drained. */
	int (*inspect)(void *context, struct probe *const *probes, const struct probe_job *job,
		       struct err *err);
};

struct run_outcome {
	struct samples *samples;
	char **cell_errors; /* by cell; NULL: none */
	bool lacks_need; /* one of these is that this machine lacks something */
	struct probe_block blocks[RUN_MAX_BLOCKS]; /* calibration */
	size_t block_count;
};

int run_execute(const struct plan *plan, const struct run_options *options, struct run_outcome *ret,
		struct err *err);
void run_outcome_done(struct run_outcome *outcome, const struct plan *plan);
