/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Faults found in a document that was derived from a file (repeats expanded, a sweep's factors
 * applied) brought back to where in the file they come from.
 */

#include "harness/arena.h"
#include "harness/diag.h"

struct fault_map;

struct fault_map *fault_map_new(struct arena *arena);
/* What stands at or below `derived` comes from `source`; both as jpath_format() writes them. */
void fault_map_add(struct fault_map *map, const char *derived, const char *source);
/* The source of a derived path in `arena`: the longest entry that covers it, or NULL. */
const char *fault_map_find(const struct fault_map *map, const char *derived, struct arena *arena);
/* The faults of `from` into `to`, those of a repeated item once; paths without an entry stay as
 * they are. */
void fault_map_transfer(const struct fault_map *map, const struct diag *from, struct diag *to);
/* A fault at another path, unless `diag` has it already: cells share most of their faults. */
void fault_add_once(struct diag *diag, const char *path, const struct diag_fault *fault);
