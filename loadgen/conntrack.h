/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The connection tracking of one network namespace, by ctnetlink: what a load of new flows must
 * empty before it begins, and look at when it ends.
 */

#include "harness/err.h"

#include <stdint.h>

struct conntrack_totals {
	uint64_t entries; /* now */
	/* Since the namespace is there: entries given up before their time to make room, packets
	 * dropped for want of it, and entries that another's took the place of. */
	uint64_t lost;
};

/* A socket for the calls below, the caller's to close; the calling thread comes back home. */
int conntrack_open(int netns_fd, struct err *err);
/* Forgets every flow; waits a little for those that packets still hold. */
int conntrack_flush(int fd, struct err *err);
int conntrack_read(int fd, struct conntrack_totals *ret, struct err *err);
