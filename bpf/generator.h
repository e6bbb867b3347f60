/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A packet generator inside the kernel: BPF_PROG_RUN runs a program over live frames and redirects
 * each into a device (BPF_F_TEST_XDP_LIVE_FRAMES, Linux 5.18). No socket, no skb, no queueing
 * discipline, no system call for each packet.
 *
 * All calls are made in the network namespace that packets are sent from, by one thread.
 */

#ifdef __bpf__
#include "bpf/kernel.h"
#else
#include <linux/types.h>
#endif

#include "loadgen/frame.h"
#include "loadgen/spread.h"

#define GENERATOR_MAX_CPUS 512
#define GENERATOR_MAX_THREADS 64

/*
 * What a thread is at, by the CPU that it is bound to, in memory that both sides map; written by
 * the program alone while it runs. Thread t of T sends the packets of index t, t + T, t + 2T, ...
 */
struct generator_cpu {
	__u64 index; /* of the next packet */
	__u64 end; /* where it ends; 0: at once, and where no thread is */
	__u64 accepted; /* by the driver ... */
	__u64 refused; /* ... or not: its ring was full */
	__u64 due_ns; /* when its burst is due, if paced ... */
	__u64 last_ns; /* ... and when the last one was made */
	__u32 flow; /* of the next packet, round robin */
	__u32 bucket; /* of the lateness of the burst under way ... */
	__u16 left; /* ... and what is left of it */
	__u16 due_ps;
	__u16 thread;
	__u16 reserved;
};
_Static_assert(sizeof(struct generator_cpu) == 64, "a cache line, so that CPUs do not share one");

#ifndef __bpf__
#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A veth's ring has 256 places and is emptied 64 at a time; what finds no place is refused. */
#define GENERATOR_MAX_BURST 64
/*
 * Without FCS. A live frame is in one page with what the kernel keeps there: two descriptions of it
 * and the frame's, 256 bytes of headroom, 320 of tail. Sizes differ by kernel: 6.18 takes 3408.
 * Larger ones are skbs, cloned and sent one by one: slower, and any device takes them.
 */
#define GENERATOR_LIVE_BYTES 3328

struct generator;
/* Called each 10 ms or so while it runs, by the thread that runs it; true ends the sending. */
typedef bool (*generator_watch_fn)(void *context, const struct generator *generator);

struct generator_setup {
	const struct frame *frame;
	const struct flows *flows;
	int ifindex; /* of a device whose driver takes redirected frames */
	uint32_t first_sequence;
	const int *cpus; /* a thread on each */
	size_t cpu_count; /* 1..GENERATOR_MAX_THREADS */
	uint64_t interval_ps; /* between packets over all threads; 0: flat out */
	uint64_t burst; /* frames handed over at a time, and when paced due together; 0: chosen */
	generator_watch_fn watch; /* NULL: nobody */
	void *context;
};

struct generator_totals {
	uint64_t produced, accepted, refused;
	/* From when the first was due to when the last one's turn was over. */
	uint64_t started_ns, ended_ns;
};

/* Nothing is sent yet. Owned by the caller until generator_close(), as is all that it holds. */
int generator_open(struct generator **ret, const struct generator_setup *setup, struct err *err);
/*
 * Sends `count` packets, or fewer where duration_ns (0: none) is over before; the first is due at
 * start_ns (0: now). Returns when all threads are done. Once for each generator.
 */
int generator_run(struct generator *generator, uint64_t count, uint64_t duration_ns,
		  uint64_t start_ns, struct err *err);
/* Also while it runs, from another thread. */
struct generator_totals generator_totals(const struct generator *generator);
void generator_lateness(const struct generator *generator, struct spread *ret);
void generator_close(struct generator *generator); /* NULL is fine */
#endif
