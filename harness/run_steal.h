/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What the hypervisor took while one batch was measured, as two of its counters: `steal_us`, and
 * `cpu_us`, all CPUs' time in that span. The kernel counts in hundredths of a second, so a short
 * batch has 0 or 10000: only their sums over a run say much. Neither is a loss.
 */

#include "harness/machine.h"
#include "harness/plan.h"
#include "harness/samples.h"

/* `from` unknown: nothing is counted. */
void run_steal_record(const struct machine_ticks *from, const struct job *job,
		      struct samples *samples);
