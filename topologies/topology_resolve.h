/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Between the topology*.c files only: names resolved to indices, step by step, with every fault
 * said where its text stands.
 */

#include "topologies/topology_fields.h"

struct resolver {
	json_t *json; /* repeats written out: tells what was not given from what could not be read
		       */
	const struct declared_topology *declared;
	struct topology *topology;
	struct arena *arena;
	struct diag *diag;
	json_t *nodes; /* name: index; a search through 65536 nodes for each name would not end */
	json_t *devices; /* "index:device": true */
	json_t *points; /* "node:device:role": true */
	json_t *series; /* names of segments and spans: true */
};

#define AT(up_, key_)                                                                              \
	&(const struct jpath)                                                                      \
	{                                                                                          \
		.up = (up_), .key = (key_)                                                         \
	}
#define AT_INDEX(up_, index_)                                                                      \
	&(const struct jpath)                                                                      \
	{                                                                                          \
		.up = (up_), .index = (index_)                                                     \
	}

/* Splits "node:device" and, where asked for, ":role" at the colons, in the arena. */
bool resolve_split(struct resolver *r, const char *text, char **parts, size_t count);
/* The node of that name, or -1 with the fault said. */
long resolve_node_name(struct resolver *r, const char *name, const struct jpath *at);
/* "node:device" of a device that must exist; false with the fault said. */
bool resolve_device_name(struct resolver *r, const char *text, const struct jpath *at, size_t *node,
			 const char **device);

/* Devices that kinds name in fields of their own, when all are known. */
void resolve_references(struct resolver *r);
/* Which link is the uplink, and whether it can be what it shall be made of. */
void resolve_uplink(struct resolver *r);
/* The path and its spans, when nodes and devices are known. */
void resolve_path(struct resolver *r);
void resolve_spans(struct resolver *r);
