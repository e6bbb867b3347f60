/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The schedule of intended send times: start + k * interval, never moved by how late a send was
 * (open loop: coordinated omission cannot hide a stall). Waiting sleeps until PACE_SPIN_NS before
 * the time and spins the rest, since a wake-up alone is tens of microseconds late.
 */

#include <stdint.h>

#define PACE_SPIN_NS 60000

struct pace {
	uint64_t start_ns, interval_ps; /* ps: 3 Mpps are 333.333 ns */
};

uint64_t pace_now_ns(void);
uint64_t pace_cpu_ns(void); /* of this process, user and system */
uint64_t pace_intended_ns(const struct pace *pace, uint64_t index);
/* When the sleep before the spin should end; the caller may wait for replies until then. */
uint64_t pace_wake_ns(const struct pace *pace, uint64_t index);
/* Sleeps, then spins; returns the time at which it stopped, at or after the intended one unless a
 * signal ended its sleep. */
uint64_t pace_wait(const struct pace *pace, uint64_t index);
/* CLOCK_REALTIME minus CLOCK_MONOTONIC, as now; some 100 ns exact. Only a step changes it, since
 * slewing moves both alike. */
int64_t pace_realtime_offset_ns(void);
/* Returns the time at which it stopped waiting, at or after the intended one. */
uint64_t pace_spin_until(uint64_t time_ns);
