/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * How a guest's init and the host speak: memory that both see. To the host it is a file in memory,
 * to the guest the second BAR of QEMU's ivshmem device, mapped through sysfs: no driver, and 1 MB
 * takes 8 ms under TCG, where a serial port takes 1.6 s and puts its interrupts into what is
 * measured. The archive of results lies at the start, this at the end. x86: both sides see each
 * other's writes in the order they were made.
 */

#include <stddef.h>
#include <stdint.h>

#define VM_WINDOW_BYTES (256u << 20)
#define VM_WINDOW_CONTROL_BYTES (1u << 20)
#define VM_WINDOW_ARCHIVE_BYTES (VM_WINDOW_BYTES - VM_WINDOW_CONTROL_BYTES)
#define VM_WINDOW_LOG_BYTES (VM_WINDOW_CONTROL_BYTES - 64)

enum vm_window_state {
	VM_WINDOW_CLOSED, /* the guest has not come so far */
	VM_WINDOW_OPEN,
	VM_WINDOW_DONE, /* all that is below is final */
};

struct vm_window {
	uint32_t state; /* enum vm_window_state, written last */
	int32_t status; /* labrun's; 128 + n after signal n */
	uint64_t archive_bytes, archive_sum;
	uint64_t log_bytes; /* grows; what does not fit is dropped */
	uint8_t reserved[32];
	char log[VM_WINDOW_LOG_BYTES]; /* what labrun says to stderr */
};
_Static_assert(sizeof(struct vm_window) == VM_WINDOW_CONTROL_BYTES, "read by another program");

/* FNV-1a over 64-bit words, the last one filled up with zeros. */
uint64_t vm_window_sum(const void *bytes, size_t count);
