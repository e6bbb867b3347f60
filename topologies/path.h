/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The points that a packet visits in one direction, and the segments between them. A topology
 * declares the request's; the reply's is its mirror: the order reversed, xmit and rx exchanged, tx
 * and deliver likewise. `xmitted` (the driver returned) has no counterpart on the receiving side
 * and is left out of the mirror, with the segments and spans that end there. Pure.
 */

#include "harness/samples.h"
#include "topologies/topology.h"

struct path_segment {
	const char *name;
	size_t from, to; /* points; to == from + 1 but for spans */
};

struct path {
	enum direction direction;
	struct topo_point *points;
	size_t point_count;
	struct path_segment *segments; /* the successive ones in order, then the spans */
	size_t segment_count;
};

/* What a role is for a packet that goes the other way. */
enum topo_role path_mirror_role(enum topo_role role);

/* Lives in `arena`; places of the mirror too. NULL if the topology declares no path. */
const struct path *path_derive(const struct topology *topology, enum direction direction,
			       struct arena *arena);
