/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * QEMU's command line. For an exact boot everything that could differ between two runs is fixed in
 * it: the CPU's model and its features, the clocks (the guest's counts instructions), and the seed
 * of all randomness.
 */

#include "harness/arena.h"
#include "harness/vm.h"

#define VM_QEMU "qemu-system-x86_64"

struct vm_qemu {
	const struct vm_boot *boot;
	const char *accelerator; /* "kvm", "tcg"; "tcg" for an exact boot */
	/* Files. */
	const char *kernel, *initrd, *console, *window;
};

/* "kvm" or "tcg" for this boot; where neither it nor its caller says, it is tried. */
const char *vm_qemu_accelerator(const struct vm_boot *boot);
const char *vm_qemu_cpu(const char *accelerator);
/* NULL-terminated, and its strings, in `arena`. */
const char *const *vm_qemu_argv(const struct vm_qemu *qemu, struct arena *arena);

/*
 * In a child: never returns. QEMU dies with `parent`, which is who forked us; what it says goes to
 * `error_fd`, and of all descriptors it is given `kept_fd`, by the same number.
 */
void vm_qemu_exec(const char *const *argv, int error_fd, int kept_fd, pid_t parent)
	__attribute__((noreturn));
