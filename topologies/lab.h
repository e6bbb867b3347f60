/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A topology, live: each node a network namespace held by a descriptor, nothing named, pinned or
 * mounted. `lab` owns all that is built; lab_free() is the only teardown, for success, failure and
 * Ctrl-C alike, and the kernel does the same when the process dies.
 *
 * Call from a process that is in its own network and mount namespace (sandbox_enter()). The
 * calling thread's namespace is switched while building and restored before return.
 */

#include "harness/proc.h"
#include "topologies/topology.h"

struct lab;

/* Returns when every device is up and configured; that packets pass is the load's check. */
int lab_build(struct lab **ret, const struct topology *topology, struct err *err);
void lab_free(struct lab *lab); /* NULL and half-built are fine */

const struct topology *lab_topology(const struct lab *lab);
/* Borrowed descriptor of the node's network namespace. */
int lab_node_fd(const struct lab *lab, size_t node);
/* st_ino of that namespace, which is what BPF reads as net->ns.inum. */
uint32_t lab_node_inode(const struct lab *lab, size_t node);
/* What building it took. */
struct lab_cost {
	uint64_t own_cpu_ns; /* of this process: namespaces, devices, the text of rules */
	struct proc_spent tools; /* of the programs that features run */
};
const struct lab_cost *lab_cost(const struct lab *lab);
/* Interface index, -ENODEV if there is no such device. */
int lab_ifindex(const struct lab *lab, size_t node, const char *device);

/* Packets that any device receives are handed over to that CPU; a need if they cannot be. Devices
 * that come later are not meant. */
int lab_steer(const struct lab *lab, uint64_t cpu, struct err *err);

/* Binds each node's namespace to /run/netns/NAME, on a private tmpfs: for `labrun shell` only. */
int lab_name_nodes(const struct lab *lab, struct err *err);

struct lab_counters {
	uint64_t rx_packets, tx_packets, rx_bytes, tx_bytes, rx_dropped, tx_dropped;
};
int lab_read_counters(const struct lab *lab, size_t node, const char *device,
		      struct lab_counters *ret, struct err *err);
