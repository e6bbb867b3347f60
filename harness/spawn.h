/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"

#include <stdbool.h>

/*
 * A labrun run as a process of its own, to its end: this program or another build. Its results go
 * to a folder; its stdout nowhere, its stderr is ours. It dies with this process. The caller has
 * the signals of interrupt.h blocked: one that comes is passed on, and the run that it ends tidies
 * up.
 */

struct spawn {
	const char *program; /* NULL: the one that runs, even if its file was built anew */
	const char *const *argv; /* from argv[0] on, NULL-terminated */
	const char *folder; /* to run in; NULL: here */
	bool part; /* of a run that itself says how quiet the machine is */
};

/* The exit status into `ret_status`; negative if it could not be started or was killed. */
int spawn_run(const struct spawn *spawn, int *ret_status, struct err *err);
