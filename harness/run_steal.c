// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_steal.h"

#define TICK_US 10000

void run_steal_record(const struct machine_ticks *from, const struct job *job,
		      struct samples *samples)
{
	struct machine_ticks to = machine_read_ticks("");

	if (!from->known || !to.known || to.total < from->total || to.steal < from->steal)
		return;
	samples_count(samples, job->cell, job->batch, "steal_us",
		      (double)(to.steal - from->steal) * TICK_US);
	samples_count(samples, job->cell, job->batch, "cpu_us",
		      (double)(to.total - from->total) * TICK_US);
}
