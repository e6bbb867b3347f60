/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a load's report becomes: samples and counters of one job. A load that keeps the times of
 * each packet gives a sample a packet; a bulk one gives a batch its rates, the percentiles of its
 * lateness and what a packet cost in CPU time, one value each.
 */

#include "harness/plan.h"
#include "harness/samples.h"
#include "loadgen/load.h"

/* Whether requests of this experiment's load have replies. */
bool run_record_has_reply(const struct experiment *experiment);
/* ... in which probes find the stamp. */
bool run_record_has_stamped_reply(const struct experiment *experiment);

void run_record(struct load_report *report, const struct experiment *experiment,
		const struct job *job, struct samples *samples);
