/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A shell in a guest, with everything that labrun's verbs need there. The host's side starts QEMU
 * and passes bytes between the user and the guest's serial port; the guest's side is part of init.
 */

#include "harness/vm.h"

/*
 * Until the shell ends, or Ctrl-] on a terminal. What comes from a pipe is not echoed; at its end
 * the guest is given an end of file. `ret_status`: the shell's, 128 plus the signal if one ended
 * it, 0 after Ctrl-]. A guest that never came to its shell, or ended before it, is an error.
 */
int vm_shell_run(const struct vm_kernel *kernel, int *ret_status, struct err *err);

/* In the guest: whether its kernel's command line asks for a shell, and that shell to its end. */
bool vm_shell_asked(void);
void vm_shell_serve(void);
