/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The topology file as declared, before names are resolved: what the field tables parse into. */

#include "topologies/topology.h"

struct declared_route {
	struct address to, via;
	const char *device;
};

struct declared_neighbour {
	struct address address;
	const char *device, *of;
};

struct declared_device {
	const char *name;
	struct chosen chosen; /* common: struct topo_port */
};

struct declared_node {
	const char *name;
	struct list devices; /* struct declared_device */
	struct list routes; /* struct declared_route */
	struct list neighbours; /* struct declared_neighbour */
	void *features[FEATURE_COUNT];
	uint64_t repeat;
};

struct declared_link {
	struct list endpoints; /* const char *: "node:device", two */
	struct list addresses; /* struct list of struct address, for each endpoint */
	bool uplink;
	struct topo_port port; /* of both; its addresses unused */
	uint64_t repeat;
};

struct declared_point {
	const char *point; /* "node:device:role" */
	struct list any_of; /* const char *, in place of point */
	const char *segment;
	uint64_t repeat;
	json_t *group; /* "path": expanded away before parsing */
};

struct declared_span {
	const char *name, *from, *to;
};

struct declared_topology {
	const char *name, *title;
	int uplink; /* enum topo_uplink */
	struct list nodes, links, path, spans;
};
