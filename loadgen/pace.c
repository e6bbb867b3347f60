// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/pace.h"

#include <time.h>

uint64_t pace_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
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

uint64_t pace_spin_until(uint64_t time_ns)
{
	uint64_t now_ns;

	do {
		now_ns = pace_now_ns();
	} while (now_ns < time_ns);
	return now_ns;
}
