/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * /proc/net/pktgen of the calling thread's network namespace: the kernel has a set of pktgen
 * threads, one a CPU, for each namespace (Documentation/networking/pktgen.rst). A generator here
 * is one sending device on some of them, "eth0@0", "eth0@1", ...
 *
 * The threads end with the namespace, and when the process that started them is killed: its write
 * of "start" returns by any signal and stops them on its way out (pktgen_wait_all_threads_run()).
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pktgen_proc;

/* A need if the kernel has no pktgen. */
int pktgen_proc_check(struct err *err);

/* Forgets what the namespace's threads had, and puts `device` on `threads` of them, from that of
 * the CPU `first` on. */
int pktgen_proc_open(struct pktgen_proc **ret, const char *device, size_t first, size_t threads,
		     struct err *err);
void pktgen_proc_close(struct pktgen_proc *proc); /* NULL is fine */

/* A key and its value, as pktgen spells them, for one thread's device. */
int pktgen_proc_set(const struct pktgen_proc *proc, size_t thread, struct err *err,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Starts all at once, in a thread of its own since that blocks until they end or are stopped. */
int pktgen_proc_start(struct pktgen_proc *proc, struct err *err);
bool pktgen_proc_ended(const struct pktgen_proc *proc);
void pktgen_proc_stop(const struct pktgen_proc *proc);

/* The sum over the threads; also while they run. */
struct pktgen_counts {
	uint64_t sent, errors; /* packets */
	uint64_t started_ns,
		ended_ns; /* of the first and the last; to the microsecond; 0: not yet */
	uint64_t busy_ns; /* CPU time without pktgen's own waiting, of all threads */
};
int pktgen_proc_read(const struct pktgen_proc *proc, struct pktgen_counts *ret, struct err *err);
