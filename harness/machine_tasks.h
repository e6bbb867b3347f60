/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Who runs on a machine: a look at every process, under `root` as in machine.h. */

#include <stddef.h>
#include <stdint.h>

struct machine_task {
	int pid;
	char name[32]; /* as the kernel has it; what is not printable is '?' */
	uint64_t started, ticks; /* since boot, and of its CPU time; in USER_HZ */
};

struct machine_tasks {
	struct machine_task *items; /* by pid */
	size_t count;
};

/* Without itself. Those that end meanwhile are left out. */
void machine_tasks_read(const char *root, struct machine_tasks *ret);
void machine_tasks_done(struct machine_tasks *tasks);
const struct machine_task *machine_tasks_find(const struct machine_tasks *tasks, const char *name);

struct machine_busy {
	const struct machine_task *task; /* one of `after` */
	double percent; /* of one CPU */
};
/* At most `max`, the busiest first; those that were idle are left out. */
size_t machine_tasks_busiest(const struct machine_tasks *before, const struct machine_tasks *after,
			     double seconds, struct machine_busy *ret, size_t max);
