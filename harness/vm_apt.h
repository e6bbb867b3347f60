/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Debian's archive by apt's own tools, with a configuration that is private to one folder: neither
 * root is needed nor the system's package state touched. The archive is the one that this machine's
 * own sources name; signatures are checked against Debian's keyring.
 */

#include "harness/vm_packages.h"

#define VM_APT_PACKAGES_MAX 8
#define VM_APT_LISTS "state/lists" /* in the folder, for vm_packages_read() */

/* Debian's suite that has such kernels. A literal. */
const char *vm_apt_suite(const char *version);
/* Sets `folder` up for that suite and gets its lists. */
int vm_apt_update(const char *folder, const char *version, struct err *err);
/* Gets these packages into `folder`, as *.deb. */
int vm_apt_download(const char *folder, const struct vm_package *const *packages, size_t count,
		    struct err *err);
