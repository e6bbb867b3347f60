/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The folder for what is dear to make and can be made again: $XDG_CACHE_HOME/labrun, else
 * ~/.cache/labrun. In it kernels/RELEASE/ and initramfs/HASH.cpio. What is unfinished has a name
 * of its own until one rename makes it whole.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>

/* Of a fetched kernel, in kernels/RELEASE/. */
#define VM_CACHE_JSON "kernel.json" /* version, release, package, package_version, fetched_utc */
#define VM_CACHE_ELF "vmlinux" /* boots by PVH; not there if it could not be had */
#define VM_CACHE_IMAGE "vmlinuz"
#define VM_CACHE_MODULES "modules"

/* What unfinished work is called; only the holder of the folder's lock makes or removes it. */
#define VM_CACHE_PARTIAL "partial."

/* A file mapped for reading; what is not there cannot be read past. */
struct vm_file {
	const unsigned char *bytes;
	size_t size;
};

/* "<cache>/<name>", made with all above it if `make`. The caller frees *ret_path. */
int vm_cache_folder(const char *name, bool make, char **ret_path, struct err *err);
/* Waits until this folder is ours alone. The lock goes with the descriptor. */
int vm_cache_lock(const char *folder, int *ret_fd, struct err *err);
/* Removes what begins with VM_CACHE_PARTIAL: left by one that was killed. */
void vm_cache_sweep(const char *folder);

/* An empty file has NULL bytes. */
int vm_file_map(struct vm_file *file, const char *path, struct err *err);
void vm_file_unmap(struct vm_file *file);
/* Whether `count` bytes at `offset` lie within the file. */
static inline bool vm_file_holds(const struct vm_file *file, size_t offset, size_t count)
{
	return offset <= file->size && count <= file->size - offset;
}

#define _unmap_ __attribute__((cleanup(vm_file_unmap)))

/* "<folder>/<name>"; never NULL; the caller frees. */
char *vm_path(const char *folder, const char *name);
