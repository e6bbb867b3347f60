// SPDX-License-Identifier: GPL-2.0-only
#include "harness/progress.h"

#include "harness/terminal.h"

#include <stdio.h>

#define PLAIN_EVERY_S 10

void progress_init(struct progress *progress, const struct plan *plan, bool quiet)
{
	*progress = (struct progress){
		.plan = plan,
		.quiet = quiet,
		.terminal = terminal_rewrites(stderr),
	};
}

static void describe(const struct progress *progress, const struct run_progress *now)
{
	const struct cell *cell = &progress->plan->cells[now->job->cell];

	bool at_most = cell->experiment->until;

	fprintf(stderr, "%s: %zu%s%zu batches%s%s%s, %s%.0f s left", progress->plan->name,
		now->jobs_done, at_most ? " of at most " : "/", now->job_count,
		*cell->label ? ", " : "", cell->label, *cell->label ? " done" : "",
		at_most ? "at most " : "", now->left_s);
}

void progress_tell(struct progress *progress, const struct run_progress *now)
{
	if (progress->quiet)
		return;
	if (progress->terminal) {
		fprintf(stderr, "\r\033[K");
		describe(progress, now);
		return;
	}
	if (now->elapsed_s - progress->said_s < PLAIN_EVERY_S)
		return;
	progress->said_s = now->elapsed_s;
	describe(progress, now);
	fputc('\n', stderr);
}

void progress_done(struct progress *progress)
{
	if (!progress->quiet && progress->terminal)
		fprintf(stderr, "\r\033[K");
}
