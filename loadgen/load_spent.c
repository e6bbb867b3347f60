// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/load_spent.h"

#include "loadgen/pace.h"

#include <time.h>

/* It goes back to what the process was forked with, which counts as its own. */
static uint64_t peak_of(const struct rusage *usage)
{
	return (uint64_t)usage->ru_maxrss * 1024;
}

static struct load_spent taken_so_far(void)
{
	struct rusage usage = { 0 };

	getrusage(RUSAGE_SELF, &usage);
	return (struct load_spent){ pace_cpu_ns(), peak_of(&usage) };
}

void load_spent_begin(struct load_spent *spent)
{
	*spent = taken_so_far();
}

void load_spent_end(struct load_spent *spent)
{
	struct load_spent now = taken_so_far();

	spent->cpu_ns = now.cpu_ns - spent->cpu_ns;
	spent->peak_bytes = now.peak_bytes - spent->peak_bytes;
}

void load_spent_end_of(struct load_spent *spent, pid_t pid)
{
	struct timespec now = { 0 };
	clockid_t clock;
	uint64_t now_ns;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &now))
		return;
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	spent->cpu_ns = now_ns - spent->cpu_ns;
}

void load_spent_peak(struct load_spent *spent, const struct rusage *ended)
{
	spent->peak_bytes = peak_of(ended) - spent->peak_bytes;
}
