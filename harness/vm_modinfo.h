/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A kernel module's file: what it says of itself (its .modinfo section, of "key=value" texts), and
 * the signature behind it.
 */

#include "harness/vm_cache.h"

#include <stdbool.h>

struct vm_modinfo {
	const char *texts;
	size_t size; /* the last byte is a NUL */
};

/* False if it is not an x86-64 module; points into the file. */
bool vm_modinfo_find(const struct vm_file *file, struct vm_modinfo *ret);
/* The value of `key` after `last` (NULL: the first), or NULL. */
const char *vm_modinfo_next(const struct vm_modinfo *info, const char *key, const char *last);
/*
 * The size without the signature that is appended. A kernel that does not enforce signatures loads
 * a module without one 3 to 9 times as fast, and only marks itself as tainted.
 */
size_t vm_module_unsigned_size(const struct vm_file *file);
/* "nf_tables" of "kernel/net/netfilter/nf-tables.ko.xz": '-' and '_' are one; the caller frees. */
char *vm_module_name(const char *path);
