/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/arena.h"
#include "harness/plan.h"

/*
 * What a guest has to be given for a plan: the kernel modules and the tools that its devices,
 * features and loads name, each once. Pure.
 */
struct vm_needs {
	const char **modules, **tools; /* NULL-terminated; in `arena` */
	bool uplink; /* a cell has one of virtio devices */
};

/* `always`: modules that every guest needs, NULL-terminated. */
struct vm_needs vm_needs_find(const struct plan *plan, const char *const *always,
			      struct arena *arena);
