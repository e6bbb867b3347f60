/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The first bytes of each packet at each hop, from a hops probe with a snaplen, as a capture file
 * whose interfaces are the hops: "node:device:role". Times are of the clock that samples.csv is
 * made from, moved by one constant to the time of day: differences are the same to the nanosecond.
 * What net_dev_xmit tells of no longer has its packet: that is shown as it was when the driver was
 * called.
 */

#include "bpf/probe.h"

struct capture;

/* Nothing is written to `path` before there is a packet. */
struct capture *capture_new(const char *path);
/* All that the probes have logged of a job, before they are drained. */
int capture_job(struct capture *capture, struct probe *const *probes, const struct probe_job *job,
		struct err *err);
/* A disk that was full is told here at the latest. */
int capture_finish(struct capture *capture, struct err *err);
void capture_free(struct capture *capture);
