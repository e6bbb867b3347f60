/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A run made again from its folder: the plan as far as writing a folder needs it, samples, counters
 * and calibration from the tables, and the summary that they come to. Taken as it stands, since
 * nothing else tells: which cells failed and why, and the series' units, from summary.json. The
 * cells and their factors come from experiment.json, the mode from environment.json.
 */

#include "harness/results.h"
#include "harness/run.h"

struct rebuilt {
	struct result_folder folder;
	struct plan *plan; /* `experiment` of its cells is NULL */
	struct run_outcome outcome;
	json_t *summary;
};

/* `ret->folder` has been read; it is done with by rebuilt_done() in any case. */
int rebuild_run(struct rebuilt *ret, struct err *err);
void rebuilt_done(struct rebuilt *rebuilt);
#define _rebuilt_ __attribute__((cleanup(rebuilt_done)))
