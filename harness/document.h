/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A JSON file that a person wrote: its text is kept for the positions of faults. Names are looked
 * up without ever leaving the folders they may be in.
 */

#include "harness/arena.h"
#include "harness/diag.h"
#include "harness/err.h"

#include <jansson.h>

struct document {
	char *path, *text;
	size_t length;
	json_t *json; /* NULL when the text is no JSON: the fault is in `diag` */
	struct diag *diag;
};

/* A file that cannot be read is an error; one that is not JSON is a fault. */
int document_read(struct document *ret, const char *path, struct err *err);
void document_done(struct document *document);

/*
 * What the data folder has by name in "experiments" or "topologies": sorted, NULL-terminated, all
 * of it in the arena. NULL if there is no such folder.
 */
const char *const *document_names(const char *folder, struct arena *arena);

/*
 * The path of an experiment: as given if it holds a '/' or ends in ".json", else by name in the
 * data folders. NULL with a usage error if there is none; the caller frees.
 */
char *document_find_experiment(const char *name, struct err *err);
/*
 * The path of a topology that an experiment names: topologies/NAME.json in the experiment's
 * folder, beside it, or in the data folder; `experiment_path` may be NULL. NULL if there is none.
 */
char *document_find_topology(const char *name, const char *experiment_path);
/* For a command line: by path if it is one, else by name in the data folder. */
char *document_find_named_topology(const char *name, struct err *err);
