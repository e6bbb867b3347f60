/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * DIR.partial while a run is alive: a folder locked by its descriptor (flock), holding a marker
 * file that says whose it is and which jobs are finished. Locks go with their process, so what
 * is not locked is dead. Everything is done by descriptor: the run changes its mount namespace,
 * and nothing that is not ours may be removed.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stdio.h>

/* First line of PARTIAL_MARKER; a line for each finished job follows: its cell, its batch, and how
 * many bytes of samples.csv, counters.csv and PARTIAL_SERIES hold it and those before it. Of one
 * that failed the error follows. */
#define PARTIAL_MARKER "finished.jobs"
#define PARTIAL_MAGIC "labrun partial result 1\n"
/* What a run needs to be resumed, and a whole folder does not. */
#define PARTIAL_SERIES "series.csv"
#define PARTIAL_START "start.json"
#define PARTIAL_NEW "new" /* of what is renamed when it is whole */

struct partial {
	int parent_fd, fd; /* -1: none; fd holds the lock */
	char *name; /* of DIR.partial in its parent */
	FILE *marker;
};

/* Makes and locks `path` (ends in .partial), having removed dead runs' leftovers beside it that
 * hold no finished job. */
int partial_make(struct partial *ret, const char *path, struct err *err);
/* Locks the one that a dead run left; its marker is not open yet. */
int partial_take(struct partial *ret, const char *path, struct err *err);
/* Whether a file of this name is in a folder only while it is partial. */
bool partial_owns(const char *name);
/* Closes; the folder stays. NULL descriptors and a second call are fine. */
void partial_close(struct partial *partial);
