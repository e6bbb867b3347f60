/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The load's part of a job: the readiness check and warm-up, the measured pass. What it tells
 * becomes samples in run_record(). Waits on Ctrl-C too, and on a deadline, so that a stuck load
 * cannot hang a run.
 */

#include "harness/plan.h"
#include "harness/run.h"
#include "harness/samples.h"

struct lab;
struct run_loader;

struct run_loader *run_loader_new(uint64_t magic);
void run_loader_free(struct run_loader *loader);
/* Each measured pass from now on is shown to `live`; NULL: to nobody. */
void run_loader_watch(struct run_loader *loader, run_live_fn live, void *context);

/* Before and after a job's passes in this lab. */
int run_load_attach(struct run_loader *loader, const struct experiment *experiment,
		    const struct lab *lab, struct err *err);
void run_load_detach(struct run_loader *loader);

int run_load_warm_up(struct run_loader *loader, const struct experiment *experiment,
		     const struct lab *lab, struct err *err);
int run_load_measure(struct run_loader *loader, const struct experiment *experiment,
		     const struct lab *lab, const struct job *job, struct samples *samples,
		     struct err *err);

/* What the last measured pass took; zeros before one has ended. */
const struct load_taken *run_load_taken(const struct run_loader *loader);

/* A pass at a rate of its own, of which nothing is recorded. */
struct run_trial {
	uint64_t interval_ps, count, duration_ns; /* asked; count: at most, if the time is up */
	uint64_t sent, received; /* found */
	double seconds; /* of the sending */
};
int run_load_trial(struct run_loader *loader, const struct experiment *experiment,
		   const struct lab *lab, struct run_trial *trial, struct err *err);
