/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The CPUs that a plan's cells ask for: whether there are such, and where to calibrate. */

#include "harness/plan.h"

#include <sched.h>

/* On this machine; a need if one cannot be had. */
int run_cpus_check(const struct plan *plan, struct err *err);
/* In guests, which have one CPU; bad usage if another is asked for. */
int run_cpus_check_guest(const struct plan *plan, struct err *err);

/*
 * A hook costs something else on another CPU (other caches, another clock speed), so it is
 * calibrated where most of them fire: where packets are received, or else sent from. Cells that
 * differ have one calibration all the same: then it runs where the kernel likes.
 *
 * Moves the calling thread; run_cpus_return() takes it back to where it might be before.
 */
int run_cpus_move(const struct plan *plan, cpu_set_t *ret_before, struct err *err);
void run_cpus_return(const cpu_set_t *before);
