/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Memory with one owner and one end: everything that is parsed from a file lives in the arena of
 * that file's object and goes with it. Allocation failure aborts (these are small, bounded sizes:
 * the file itself is at most FILE_MAX_BYTES).
 */

#include <stddef.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena); /* NULL is fine */
void *arena_alloc(struct arena *arena, size_t bytes); /* zeroed, suitably aligned */
char *arena_strdup(struct arena *arena, const char *text);
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static inline void cleanup_arena(struct arena **arena)
{
	arena_free(*arena);
}
#define _arena_ __attribute__((cleanup(cleanup_arena)))
