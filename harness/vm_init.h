/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The first process of a guest, and all of its user space but labrun itself: mounts what is needed,
 * loads the modules, runs labrun, hands its results to the host (vm_window.h), and resets the
 * machine, at which QEMU ends.
 */

/* Where things lie in a guest. */
#define VM_GUEST_PROGRAM "/labrun"
#define VM_GUEST_MODULES "/modules.list" /* a path a line, in the order to load them */
#define VM_GUEST_DATA "/data"
/* In the environment of a run there: who started it looks at the machine around. */
#define VM_GUEST_MARK "LABRUN_GUEST"
#define VM_GUEST_WORK "/lab" /* the current folder of labrun */
#define VM_GUEST_ARGV "/lab/.argv" /* its arguments, each ended by a NUL */
#define VM_GUEST_RESULTS "/results" /* its --out */

/* What the archive holds beside the results folder. */
#define VM_ARCHIVE_RESULTS "results"
#define VM_ARCHIVE_STDOUT "stdout"

/* Never returns: the machine is reset, whatever went wrong. */
int vm_init_main(void) __attribute__((noreturn));
