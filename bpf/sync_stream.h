/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Echo requests on a schedule of intended times, from a thread of its own, each with another
 * identifier and so another flow to conntrack. Times are CLOCK_MONOTONIC nanoseconds.
 */

#include "harness/err.h"
#include "harness/field.h"

struct sync_stream;

struct sync_stall {
	uint64_t longest_ns; /* from when a packet was due to its answer */
	uint64_t answered, lost;
};

/* From the namespace of that descriptor. */
int sync_stream_start(struct sync_stream **ret, int netns_fd, const struct address *to,
		      uint64_t interval_us, struct err *err);
/* Of the packets that were due from then to then; waits for the last of them for a second. */
struct sync_stall sync_stream_stall(struct sync_stream *stream, uint64_t from_ns, uint64_t to_ns);
void sync_stream_stop(struct sync_stream *stream); /* NULL is fine */
uint64_t sync_stream_now_ns(void);
