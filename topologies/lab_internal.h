/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the lab's own files share. Everything but descriptors lives in the lab's arena. */

#include "harness/arena.h"
#include "topologies/build.h"
#include "topologies/lab.h"

/* A link's end or a device of a node. Those of a node are next to each other, link ends first. */
struct lab_device {
	const char *name;
	const struct topo_port *port;
	const struct topo_device *declared; /* NULL: a link's end */
	size_t node;
	struct lab_device *peer; /* the other end of its link; NULL: none */
	bool virtio; /* its link is the uplink, of virtio devices */
	int ifindex; /* unique in the lab, not just in its namespace */
	uint8_t mac[MAC_BYTES];
	bool ready; /* seen to be */
};

struct lab_node {
	int fd;
	uint32_t inode;
	struct lab_device *devices;
	size_t device_count;
	bool ipv4, ipv6;
};

struct lab_port {
	struct lab_port *next;
	const char *bridge, *port;
};

struct lab_fdb {
	struct lab_fdb *next;
	size_t node;
	const char *device;
	struct build_fdb entry;
};

/* Sorted by device; each device and address once. */
struct lab_neighbour {
	const struct lab_device *device;
	const struct address *address;
	const struct lab_device *of;
};

struct lab {
	const struct topology *topology;
	int uplink_fd; /* holds the virtio devices; -1: none */
	struct arena *arena;
	struct lab_node *nodes;
	size_t node_count; /* of those whose fd is valid or -1 */
	struct lab_device *devices;
	size_t device_count;
	struct lab_port *ports; /* of the node being built */
	struct lab_fdb *fdb, **fdb_end;
	struct lab_neighbour *neighbours;
	size_t neighbour_count;
	struct lab_cost cost;
};

/* lab_devices.c: the tables, from the topology alone. */
int lab_list_devices(struct lab *lab, struct err *err);
/* NULL if there is none. */
struct lab_device *lab_find_device(const struct lab *lab, size_t node, const char *name);
const struct lab_device *lab_find_of(const struct lab *lab, const char *node_and_device);
const struct topo_node *lab_topo_node(const struct lab *lab, size_t node);
struct build_node lab_build_node(struct lab *lab, size_t node, struct rtnl *rtnl);

/* neighbours.c */
void lab_derive_neighbours(struct lab *lab);

/*
 * configure.c: before any device is up, since a veth that comes up looks at its other end's GRO
 * then, and on many kernels not again, for whether it takes frames redirected by XDP.
 */
int lab_set_offloads(const struct lab *lab, struct err *err);
/* Addresses, routes and neighbours of one node; all its devices up. */
int lab_configure_node(struct lab *lab, size_t node, struct err *err);

/* ready.c: returns when every device passes packets. */
int lab_wait_ready(struct lab *lab, struct err *err);

/* quiet.c: settings of fresh namespaces that keep the wire free of what no load sent. */
struct quiet;
struct quiet *quiet_new(struct arena *arena);
/* In the node's namespace, before it has devices. */
int quiet_apply(struct quiet *quiet, bool ipv6, struct err *err);
/* Returns when what IPv6 says on its own has been said. */
void quiet_settle(void);
