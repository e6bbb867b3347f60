/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * On which CPUs an experiment wants its parts: the process that sends, the one that answers, and
 * the receiving softirq of the lab's devices. Numbers are the kernel's own, as in /proc/cpuinfo.
 */

#include "harness/err.h"
#include "harness/field.h"

#define CPU_ANY UINT64_MAX /* the kernel's choice */

struct cpus {
	uint64_t load; /* of a load with several threads: those that follow, too */
	uint64_t receiver, softirq;
};
extern const struct field cpus_fields[];

/* What `json`, which the struct was parsed from, does not name is the kernel's choice. */
void cpus_mark_absent(struct cpus *cpus, const json_t *json);
/* Whether this process may use them all; a need if not. NULL is fine. */
int cpus_check(const struct cpus *cpus, uint64_t load_threads, struct err *err);
/* Puts the calling thread on one CPU, and what it forks; CPU_ANY: leaves it where it is. */
int cpus_pin(uint64_t cpu, struct err *err);
