// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/pace.h"

#include <errno.h>
#include <time.h>

/* The narrowest of so many readings is taken: one that was not interrupted. */
#define PACE_OFFSET_READINGS 32

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

uint64_t pace_now_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t pace_cpu_ns(void)
{
	return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

int64_t pace_realtime_offset_ns(void)
{
	uint64_t narrowest_ns = UINT64_MAX;
	int64_t offset_ns = 0;

	for (int i = 0; i < PACE_OFFSET_READINGS; i++) {
		uint64_t before_ns = pace_now_ns(), real_ns = clock_ns(CLOCK_REALTIME);
		uint64_t width_ns = pace_now_ns() - before_ns;

		if (width_ns >= narrowest_ns)
			continue;
		narrowest_ns = width_ns;
		offset_ns = (int64_t)(real_ns - before_ns - width_ns / 2);
	}
	return offset_ns;
}

uint64_t pace_intended_ns(const struct pace *pace, uint64_t index)
{
	return pace->start_ns + (uint64_t)((unsigned __int128)index * pace->interval_ps / 1000);
}

uint64_t pace_wake_ns(const struct pace *pace, uint64_t index)
{
	uint64_t intended_ns = pace_intended_ns(pace, index);

	return intended_ns > PACE_SPIN_NS ? intended_ns - PACE_SPIN_NS : 0;
}

uint64_t pace_wait(const struct pace *pace, uint64_t index)
{
	uint64_t wake_ns = pace_wake_ns(pace, index);
	const struct timespec wake = { .tv_sec = (time_t)(wake_ns / 1000000000),
				       .tv_nsec = (long)(wake_ns % 1000000000) };

	if (pace_now_ns() < wake_ns &&
	    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &wake, NULL) == EINTR)
		return pace_now_ns();
	return pace_spin_until(pace_intended_ns(pace, index));
}

uint64_t pace_spin_until(uint64_t time_ns)
{
	uint64_t now_ns;

	do {
		now_ns = pace_now_ns();
	} while (now_ns < time_ns);
	return now_ns;
}
