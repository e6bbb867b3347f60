/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A folder of kernel modules (/lib/modules/RELEASE, or that of a fetched kernel): which files a
 * module needs, in the order to load them. A guest has no modprobe: what a module wants loaded
 * before it ("softdep pre") comes along as well.
 */

#include "harness/err.h"

#include <stddef.h>

struct vm_modules {
	char **paths; /* whole paths; each needs only what is before it */
	size_t count;
};

/*
 * The files of `names` (NULL-terminated) and of all they need. A name that is built into the kernel
 * adds none. One that the kernel does not have is a need; with '?' in front it is left out instead.
 */
int vm_modules_find(struct vm_modules *ret, const char *folder, const char *const *names,
		    struct err *err);
void vm_modules_done(struct vm_modules *modules);

/*
 * Whether a folder is whole and of the kernel `release`: what lacks a file, or holds the modules of
 * another kernel, would only be told by a guest that has no devices.
 */
int vm_modules_check(const char *folder, const char *release, struct err *err);

/*
 * Makes a folder fit for that, in place of depmod: unpacks the modules in `folder`/kernel, strips
 * signatures, removes what a network lab has no use for (its largest part), and writes modules.dep,
 * modules.softdep and modules.alias.
 */
int vm_modules_prepare(const char *folder, struct err *err);

/* A module as it can be loaded: unpacked, without signature. The caller frees *ret_bytes. */
int vm_module_read(const char *path, char **ret_bytes, size_t *ret_count, struct err *err);
