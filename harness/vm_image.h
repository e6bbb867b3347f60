/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Kernel images for x86-64: what is in a file, and the ELF kernel that a bzImage carries. QEMU
 * enters an ELF kernel through its PVH note and so skips the real-mode stub and the guest's own
 * decompression: 0.4 to 2.5 s a boot under TCG.
 */

#include "harness/err.h"

#define VM_RELEASE_BYTES 96

/* Refuses in one line what cannot boot here; the release (uname -r) into `ret_release`. */
int vm_image_check(const char *path, char ret_release[VM_RELEASE_BYTES], struct err *err);
/*
 * Writes the ELF kernel in the bzImage at `path` to `target`, whole or not at all. The tool of its
 * compression (xz, zstd, ...) has to be installed.
 */
int vm_image_extract(const char *path, const char *target, struct err *err);
