/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The shards of one run put together: samples, counters and calibrations in the order in which one
 * machine would have taken them in exact mode, cell by cell otherwise, and summary and verdicts
 * made of the whole. Refused are shards of different runs (see results_identity.h; in exact mode
 * also of different bundles), the same one twice, and a missing one, by its cells' names.
 *
 * Natively and in `--vm` the cells of different shards were measured on different machines of one
 * kind: what differs between two such machines is not in any interval.
 */

#include "harness/results_rebuild.h"

/*
 * `ret` is the merged run, of which results_write() makes a folder: its plan is of the first
 * shard's folder. Done with by rebuilt_done().
 */
int merge_folders(struct rebuilt *ret, const char *const *dirs, size_t count, struct err *err);
