/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * One of several parts of a run, each for a machine of its own: --shard 2/3. What is dealt out, one
 * by one in turn, is whole cells, since batches of one cell are compared with each other; in exact
 * mode it is boots, which give the same digits wherever they are done.
 */

#include "harness/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SHARDS_MAX 10000

struct shard {
	unsigned index, count; /* index from 1; count 0: all of it */
};

/* "2/3" */
int shard_parse(struct shard *ret, const char *text, struct err *err);
static inline bool shard_owns(const struct shard *shard, size_t unit)
{
	return !shard->count || unit % shard->count + 1 == shard->index;
}
/* {"index", "count"}: a summary's "shard"; NULL if it is no shard. */
json_t *shard_json(const struct shard *shard);
/* All of it where `json` is NULL or no shard. */
struct shard shard_read(const json_t *json);
