/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What the kernel tells of the machine that can make a measurement noisy, and what the machine is
 * doing. Reads /proc and /sys under `root` ("" for the real ones), needs no root, and never fails:
 * what is not there, or makes no sense, is unknown.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_WORD_BYTES 64
#define MACHINE_UNKNOWN (-1)

/* Of all CPUs since boot, in USER_HZ (a 100th of a second each). */
struct machine_ticks {
	bool known;
	uint64_t busy; /* of processes and kernel threads; not of interrupts and softirq */
	uint64_t steal; /* the hypervisor ran somebody else */
	uint64_t total;
};

/* Numbers may be MACHINE_UNKNOWN, words "". */
struct machine {
	int cpus; /* online */
	char governors[MACHINE_WORD_BYTES]; /* those in use, each once: "performance powersave" */
	int boost; /* whether CPUs may go beyond their nominal speed */
	int smt; /* whether two CPUs share a core */
	double load[3]; /* averages over 1, 5, 15 minutes */
	int runnable; /* tasks right now, this one among them */
	int hypervisor;
	char product[MACHINE_WORD_BYTES];
	char clocksource[MACHINE_WORD_BYTES];
	int idle_exit_us; /* to leave the deepest idle state that is enabled; 0: there is none */
	bool isolation_known;
	char isolated[MACHINE_WORD_BYTES], nohz_full[MACHINE_WORD_BYTES]; /* lists; "": none */
	struct machine_ticks ticks;
};

void machine_read(const char *root, struct machine *ret);
struct machine_ticks machine_read_ticks(const char *root);

/* Shares of all CPUs' time between two readings, in percent. */
struct machine_use {
	bool known;
	double seconds; /* of one CPU */
	double steal_percent, busy_percent;
	double others_percent; /* busy, without what this process and its children took */
};
/* `own_s`: CPU time of ours in between. */
struct machine_use machine_use_between(const struct machine_ticks *from,
				       const struct machine_ticks *to, int cpus, double own_s);
