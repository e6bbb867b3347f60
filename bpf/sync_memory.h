/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The kernel's memory of what is done by this process and its children, by a memory cgroup of
 * their own. Only in a guest of labrun's is one made: a host's are its owner's.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stdint.h>

struct sync_memory {
	bool entered;
};

/* 0 without having entered, where none may be made. */
int sync_memory_enter(struct sync_memory *memory, struct err *err);
/* Bytes, without those of the processes themselves (stacks, page tables). */
int sync_memory_read(const struct sync_memory *memory, uint64_t *ret_bytes, struct err *err);
void sync_memory_leave(struct sync_memory *memory);
#define _sync_memory_ __attribute__((cleanup(sync_memory_leave)))
