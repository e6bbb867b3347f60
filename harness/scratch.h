/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A folder of its own under $TMPDIR or /tmp for as long as it is held. A child keeps watch over
 * the holder and removes the folder when it is let go, so that kill -9 leaves nothing either; if
 * the child is killed the holder does. Of both only the folder is left.
 */

#include "harness/err.h"

#include <sys/types.h>

struct scratch {
	char *path;
	pid_t keeper; /* 0: none */
	int hold_fd;
};

int scratch_make(struct scratch *ret, struct err *err);
/* Waits until the folder is gone. */
void scratch_done(struct scratch *scratch);
#define _scratch_ __attribute__((cleanup(scratch_done)))
