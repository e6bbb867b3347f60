/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A guest's console, read as it grows: which line says that the kernel is lost, and the last few
 * lines for the error. Pure, but for vm_follow_read().
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>

#define VM_LINE_BYTES 256
#define VM_TAIL_LINES 5

/* Text that comes in pieces, given on as lines without their end and without control characters.
 * What a line has too much is cut off. */
struct vm_lines {
	char line[VM_LINE_BYTES];
	size_t used;
};
/* Ends at the first that returns other than 0, with that. `bytes`: what came, or NULL for what is
 * left at the end. */
int vm_lines_feed(struct vm_lines *lines, const char *bytes, size_t count,
		  int (*line)(void *context, const char *line), void *context);

enum vm_trouble {
	VM_FINE,
	VM_OUT_OF_MEMORY, /* the kernel ended a process to get memory */
	VM_OOPS, /* a fault in the kernel; those that count as BUG as well */
	VM_PANIC,
};

struct vm_console {
	struct vm_lines lines;
	enum vm_trouble trouble; /* the worst so far */
	char cause[VM_LINE_BYTES]; /* the first line that said so */
	char place[VM_LINE_BYTES]; /* "RIP: 0010:..." of the first fault, or "" */
	char tail[VM_TAIL_LINES][VM_LINE_BYTES];
	size_t line_count;
};
/* As vm_lines_feed(): NULL at the end. */
void vm_console_feed(struct vm_console *console, const char *bytes, size_t count);
/* Without the kernel's time stamp. */
enum vm_trouble vm_console_judge(const char *line);
/* "<what>: <last lines>", or what trouble the kernel itself was in. Returns -EIO. */
int vm_console_error(const struct vm_console *console, const char *what, struct err *err);

/* A file that something else appends to. */
struct vm_follow {
	int fd;
	size_t offset;
};
/* What has come since, at most `size` bytes; 0 for nothing. */
size_t vm_follow_read(struct vm_follow *follow, char *bytes, size_t size);
