/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Where everything that touches the kernel happens: a child in mount, network and PID namespaces
 * of its own (and, for an ordinary user, a user namespace). It is that PID namespace's init and
 * dies with its parent, and the kernel then ends all of its descendants and all that they held:
 * this, and no cleanup code, is why a kill -9 leaves nothing behind.
 */

#include "harness/err.h"

#include <stdbool.h>

enum sandbox_flags {
	SANDBOX_NAMES = 1, /* a private tmpfs on /run, for namespaces with names */
};

/*
 * 0 in the child, with SIGINT, SIGTERM and SIGHUP blocked for a signalfd; 1 in the parent, once
 * the child has ended, with its exit status; negative if it could not be made. The parent passes
 * signals on and is otherwise idle.
 */
int sandbox_enter(unsigned flags, int *ret_status, struct err *err);
