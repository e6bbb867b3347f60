/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Whether shards may be merged; inside the merge only. */

#include "harness/results_rebuild.h"

/* Puts them in their order. */
int merge_check(struct rebuilt *shards, size_t count, struct err *err);
