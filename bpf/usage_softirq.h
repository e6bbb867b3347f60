/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The time that softirqs take in the namespaces of a lab, by the programs of usage.bpf.c: read
 * between batches, nothing is logged. Times are those of the kernel's monotonic clock: an interrupt
 * that comes meanwhile, and what a hypervisor takes away, are in them.
 */

#include "bpf/probe.h"
#include "bpf/usage.h"

struct usage_softirq;

/* A need where the kernel does not allow it, or where softirqs are threads (PREEMPT_RT). */
int usage_softirq_open(struct usage_softirq **ret, uint64_t magic, struct err *err);
void usage_softirq_close(struct usage_softirq *softirq); /* NULL is fine */
/* As the hook of struct probe_ops; also finds out what usage_softirq_is_charged() tells. */
int usage_softirq_calibrate(struct usage_softirq *softirq, struct probe_block *blocks, size_t max,
			    struct err *err);
/*
 * Whether the kernel charges a softirq to the process that it interrupts, as it does unless it is
 * built to account interrupts apart (CONFIG_IRQ_TIME_ACCOUNTING). True before it is known.
 */
bool usage_softirq_is_charged(const struct usage_softirq *softirq);

/* Attaches, forgets what was, and counts for this lab and our own namespace from now on. */
int usage_softirq_start(struct usage_softirq *softirq, const struct lab *lab, struct err *err);
struct usage_node usage_softirq_of_node(const struct usage_softirq *softirq, const struct lab *lab,
					size_t node);
struct usage_node usage_softirq_of_home(const struct usage_softirq *softirq);
/* Firings since the start that the kernel did not run. */
uint64_t usage_softirq_missed(const struct usage_softirq *softirq);
