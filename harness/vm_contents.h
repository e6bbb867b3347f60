/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What goes into a guest's initramfs, before it is written: names there, and where each comes from.
 *
 *	/labrun, /init -> labrun	this program
 *	/sbin/NAME			the tools
 *	/lib..., /usr/lib...		the loader, where programs name it, and libraries beside
 *libc /data/				experiments/ and topologies/ /modules/NAME.ko		the
 *kernel's modules; /modules.list: their paths in load order /dev /proc /run /sys /tmp ...
 *empty
 */

#include "harness/cpio.h"
#include "harness/vm.h"

enum vm_item_type { VM_ITEM_FOLDER, VM_ITEM_FILE, VM_ITEM_MODULE, VM_ITEM_TEXT, VM_ITEM_LINK };

struct vm_item {
	enum vm_item_type type;
	char *name; /* without a '/' in front */
	char *source; /* file, module: a path; text: the text; link: its target */
	unsigned permissions;
};

struct vm_contents {
	struct vm_item *items; /* sorted by name: folders before what is in them */
	size_t count;
};

int vm_contents_gather(struct vm_contents *ret, const struct vm_initramfs *what, struct err *err);
void vm_contents_done(struct vm_contents *contents);
/* A text that changes when any of the contents does, without reading them: sizes, times, inodes.
 * The caller frees *ret_text. */
int vm_contents_key(const struct vm_contents *contents, char **ret_text, struct err *err);
int vm_contents_write(const struct vm_contents *contents, struct cpio *cpio, struct err *err);
