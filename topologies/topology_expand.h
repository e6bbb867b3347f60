/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/fault_map.h"

#include <jansson.h>

/*
 * The document with every "repeat" of nodes, links and path groups written out, and in `map` where
 * each part came from. In the strings and keys of a repeated item "{i}" is its index, "{next}" and
 * "{prev}" the indices beside it, "{hi}" and "{lo}" its two bytes (for addresses). A "repeat" that
 * is no number from 1 to 65536 is left for the field tables to refuse. What the copies themselves
 * do wrong (names that come twice) goes to `diag` at once, by paths of `json`. A new reference, or
 * NULL with a fault if it would grow beyond all use.
 */
json_t *topology_expand(json_t *json, struct fault_map *map, struct arena *arena,
			struct diag *diag);
