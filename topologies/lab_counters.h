/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the kernel itself counted, of a whole lab: an account that nothing of ours keeps. */

#include "topologies/lab.h"

struct lab_device_counters {
	size_t node;
	const char *node_name, *device; /* the lab's */
	int ifindex; /* unique in the lab */
	struct lab_counters counters;
};

/* Of every device, in an order that stays; the caller frees. */
int lab_read_all_counters(const struct lab *lab, struct lab_device_counters **ret,
			  size_t *ret_count, struct err *err);
/* Of the same lab: leaves in `after` what was counted since `before`. */
void lab_subtract_counters(struct lab_device_counters *after,
			   const struct lab_device_counters *before, size_t count);

/* RFC 4113 and the kernel's own, both families together, since the namespace began. */
struct lab_udp_counters {
	uint64_t delivered, no_port, errors, buffer_full, bad_checksum;
};
int lab_read_udp_counters(const struct lab *lab, size_t node, struct lab_udp_counters *ret,
			  struct err *err);
