/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/run.h"

/*
 * How far a run is, on stderr: one line rewritten on a terminal, a line now and then elsewhere.
 * Said between jobs only, never while a packet is on its way.
 */
struct progress {
	const struct plan *plan;
	bool quiet, terminal;
	double said_s; /* when the last plain line was printed */
};

void progress_init(struct progress *progress, const struct plan *plan, bool quiet);
void progress_tell(struct progress *progress, const struct run_progress *now);
/* Wipes the rewritten line. */
void progress_done(struct progress *progress);
