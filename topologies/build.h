/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a device kind's or feature's file may do while its node is being built. All runs in the
 * node's namespace, on the thread that called lab_build(). Nothing here is undone by hand: the
 * namespace goes, and all in it.
 */

#include "harness/proc.h"
#include "topologies/rtnl.h"
#include "topologies/topology.h"

struct lab;

struct build_node {
	struct lab *lab;
	size_t index; /* among the topology's nodes */
	const struct topo_node *node;
	bool ipv4, ipv6; /* the node has such addresses */
	struct rtnl *rtnl; /* for devices; NULL while features are built */
	struct proc_spent *tools; /* for those that features run */
};

/* Everything of `name` but what its kind adds; `link`: the device it sits on, or NULL. */
int build_link(const struct build_node *node, const char *kind, const char *name, const char *link,
	       struct rtnl_link *ret, struct err *err);
/* A device of the node, for kinds that refer to others. */
int build_device(const struct build_node *node, const char *name, struct rtnl_device *ret,
		 struct err *err);
/* The kernel gives `name` the MAC of `link`. */
void build_share_mac(const struct build_node *node, const char *name, const char *link);

/* Done when all devices of the node are there. */
void build_port(const struct build_node *node, const char *bridge, const char *port);

/* An entry of a vxlan device's forwarding table: put in when all nodes' MACs are known. */
struct build_fdb {
	uint8_t mac[MAC_BYTES];
	const char *of; /* "node:device" whose MAC it is; NULL: `mac` */
	const struct address *via;
};
void build_fdb(const struct build_node *node, const char *device, const struct build_fdb *entry);

/* "02:00:00:01:00:02"; false if it is none. */
bool build_parse_mac(const char *text, uint8_t ret[MAC_BYTES]);
