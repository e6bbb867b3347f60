/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A plan given to another labrun, in a guest or of another build: the files as they were read, and
 * the changes of the command line, to be applied there again.
 */

#include "harness/arena.h"
#include "harness/err.h"
#include "harness/plan.h"

/* experiment.json and topologies/NAME.json in `folder`, which is made. */
int vm_files_put(const struct plan *plan, const char *folder, struct err *err);

struct vm_command {
	const char *out; /* the result folder */
	bool one_batch; /* in place of the experiment's number of them */
	bool quiet;
	const uint64_t *seed; /* in place of the experiment's; NULL: that */
	bool sharded; /* by the plan's shard */
};
/* "run ... experiment.json" without argv[0], NULL-terminated, in `arena`. */
const char **vm_files_command(const struct plan *plan, const struct vm_command *command,
			      struct arena *arena);
