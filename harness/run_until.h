/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Which cells of a run have batches enough, by the experiment's `until` (see until.h). They are
 * looked at together between two rounds of batches, of which each has a job of every cell that is
 * not yet done, so that those that go on stay interleaved. Two cells that are run against each
 * other end together. The same looks are taken again by a run that is resumed.
 */

#include "harness/plan.h"
#include "harness/samples.h"

struct run_until;

/* The plan is borrowed. Without an `until` no cell ends before its jobs do. */
struct run_until *run_until_new(const struct plan *plan);
void run_until_free(struct run_until *until);

/* Whether the job's cell has enough. Jobs come in the plan's order; the samples are those of all
 * jobs before. */
bool run_until_has_enough(struct run_until *until, const struct job *job,
			  const struct samples *samples);
/* How many jobs there are, without those that are known by now to be left out ... */
size_t run_until_job_count(const struct run_until *until);
/* ... and how many of the left out ones have come by. */
size_t run_until_passed(const struct run_until *until);
