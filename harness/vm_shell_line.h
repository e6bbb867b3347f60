/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the two ends of a shell in a guest say to each other beside the shell's own words. */

/* On the kernel's command line: a shell is asked for, and on what line. */
#define VM_SHELL_WORD "labrun.shell="
/* Before it the guest speaks to nobody, and would lose what is sent to it. */
#define VM_SHELL_READY "\036labrun shell\n"
/* After the shell's end, before what the kernel says about the machine's: this, three digits of the
 * shell's status, and a line's end. Long, since what a shell prints may hold any byte. */
#define VM_SHELL_DONE "\037labrun shell ended "
#define VM_SHELL_DONE_BYTES (sizeof(VM_SHELL_DONE) + 3)
