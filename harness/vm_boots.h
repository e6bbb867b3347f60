/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Many boots, as many at a time as there are cores, each followed by a process of its own: a guest
 * that hangs or panics is that boot's failure, and all die with this process.
 */

#include "harness/vm.h"

struct vm_boots_result {
	int code, status; /* vm_boot()'s, and labrun's in the guest */
	struct err err;
	/* Of QEMU: user and system, all its threads; resident. 0 unless it has ended. */
	uint64_t cpu_ns, peak_bytes;
	char line[200]; /* the last that labrun in the guest said on stderr */
};

struct vm_boots_list {
	const struct vm_boot *boots;
	size_t count;
	size_t at_a_time; /* 0: as many as there are cores */
};

/* `label`: what runs, for the progress line. Returns only what ended them all (Ctrl-C); each
 * boot's own end is in `results`. */
int vm_boots_run(const struct vm_boots_list *list, const char *label, bool quiet,
		 struct vm_boots_result *results, struct err *err);
