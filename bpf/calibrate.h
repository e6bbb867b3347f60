/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a probe's programs cost a packet: the same packets over loopback with no program attached,
 * with empty ones, and with the real ones, then the same backwards, so that a drift of the
 * machine's speed cancels. Each change of programs costs a grace period, so there are few of them.
 * run_time_ns would leave out the dispatch, which is half of the cost.
 *
 * What could be challenged: loopback is warm. On a long path the probe's own code and log have been
 * pushed out of the caches a little, and it costs somewhat more there.
 */

#include "bpf/probe.h"

struct stamp;

#define CALIBRATE_BLOCKS 24
#define CALIBRATE_PACKETS 1000 /* at most, of a block */

struct calibrate {
	const char *name; /* the probe's, for errors */
	uint64_t magic; /* of its stamps */
	size_t packets; /* of a block: as long as the log allows, since dropping costs less */
	/* Attaches what that BLOCK_ condition asks for and forgets what was logged. */
	int (*attach)(void *probe, int condition, struct err *err);
	uint64_t (*events)(void *probe); /* logged since */
	void *probe;
};

/* Fills in CALIBRATE_BLOCKS and returns how many; 0 if `max` is less. */
int calibrate_by_echo(const struct calibrate *calibrate, struct probe_block *blocks, size_t max,
		      struct err *err);
/* A UDP socket that talks to itself over loopback; and one packet there and back. */
int calibrate_open_echo(const struct calibrate *calibrate, struct err *err);
int calibrate_echo(const struct calibrate *calibrate, int fd, const struct stamp *stamp,
		   struct err *err);
/* The middle one; sorts them. */
uint64_t calibrate_median(uint64_t *times_ns, size_t count);
