/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The shared libraries that programs need, all the way down, as the dynamic loader would find them:
 * read from the files' dynamic sections (no program is run) and looked up by its rules: DT_RPATH or
 * DT_RUNPATH with $ORIGIN, $LD_LIBRARY_PATH, /etc/ld.so.cache, the system's folders. What a program
 * opens by dlopen() cannot be seen.
 */

#include "harness/err.h"

#include <stddef.h>

struct elf_library {
	char *name; /* "libc.so.6": by which it is asked for */
	char *path;
};

struct elf_needs {
	struct elf_library *libraries; /* in the order found */
	size_t count;
	char *interpreter; /* "/lib64/ld-linux-x86-64.so.2"; NULL if none of them needs one */
};

/* Adds what `program` needs to `needs`, which begins as zeros. */
int elf_needs_add(struct elf_needs *needs, const char *program, struct err *err);
void elf_needs_done(struct elf_needs *needs);
