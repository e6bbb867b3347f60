/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"
#include "topologies/topology.h"

/* Whether anything is asked for at all. */
bool offloads_wanted(const struct topo_offloads *offloads);
/* By the ethtool ioctl, on a device of the calling thread's namespace; checks that it held. */
int offloads_set(const char *device, const struct topo_offloads *offloads, struct err *err);

/* What decides whether a veth takes redirected frames; by ioctls likewise. */
struct offloads_state {
	bool gro;
	uint32_t rx_queues, tx_queues; /* in use, not those that there may be */
};
int offloads_read(const char *device, struct offloads_state *ret, struct err *err);
