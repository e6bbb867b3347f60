/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * DIR.partial while a run is alive: a folder locked by its descriptor (flock), holding a marker
 * file that says whose it is and which cells are finished. Locks go with their process, so what
 * is not locked is dead. Everything is done by descriptor: the run changes its mount namespace,
 * and nothing that is not ours may be removed.
 */

#include "harness/err.h"

#include <stdio.h>

/* First line of PARTIAL_MARKER; the finished cells' numbers follow, a line each. */
#define PARTIAL_MARKER "finished.cells"
#define PARTIAL_MAGIC "labrun partial result 1\n"

struct partial {
	int parent_fd, fd; /* -1: none; fd holds the lock */
	char *name; /* of DIR.partial in its parent */
	FILE *marker;
};

/* Makes and locks `path` (ends in .partial), having removed dead runs' leftovers beside it that
 * hold no finished cell. */
int partial_make(struct partial *ret, const char *path, struct err *err);
/* Closes; the folder stays. NULL descriptors and a second call are fine. */
void partial_close(struct partial *partial);
