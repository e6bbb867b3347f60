/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The "newc" cpio archive (Documentation/driver-api/early-userspace/buffer-format.rst of the
 * kernel): what an initramfs is, and how a guest's results come back. Written as a stream, the same
 * bytes for the same input: owner 0, times 0, inode numbers in order.
 */

#include "harness/err.h"

#include <stddef.h>
#include <stdio.h>

/* Where more than one archive goes into one initramfs, each but the first begins at such. */
#define CPIO_ALIGN 512

struct cpio {
	FILE *file; /* borrowed */
	unsigned next_inode;
	unsigned long long written;
};

/* `file` needs not be able to seek. Names are relative to the root: "data/experiments/x.json". */
void cpio_begin(struct cpio *cpio, FILE *file);
int cpio_add_folder(struct cpio *cpio, const char *name, struct err *err);
int cpio_add_bytes(struct cpio *cpio, const char *name, unsigned permissions, const void *bytes,
		   size_t count, struct err *err);
int cpio_add_link(struct cpio *cpio, const char *name, const char *target, struct err *err);
/* A regular file; one that changes its size meanwhile is an error. */
int cpio_add_file(struct cpio *cpio, const char *name, unsigned permissions, const char *path,
		  struct err *err);
/* All regular files and folders in `folder`, by name; the rest is left out. `name`: "" or
 * "work"; the folder itself is added unless "". */
int cpio_add_tree(struct cpio *cpio, const char *name, const char *folder, struct err *err);
/* Closes the archive, padded to CPIO_ALIGN, and flushes. */
int cpio_end(struct cpio *cpio, struct err *err);

/*
 * Unpacks the archive in a file into an existing folder. The archive is not trusted: names that are
 * absolute or hold "..", links, devices and anything else but files and folders are refused, as is
 * what is already there; nothing is written outside of `folder`. What is behind the archive's end
 * is not looked at. One that ends early is -EBADMSG, with all whole files before unpacked.
 */
int cpio_unpack(const char *archive, const char *folder, struct err *err);
