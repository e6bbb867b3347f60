// SPDX-License-Identifier: GPL-2.0-only
#include "harness/shard.h"

#include <stdio.h>
#include <string.h>

static bool is_shard(long long index, long long count)
{
	return count >= 1 && count <= SHARDS_MAX && index >= 1 && index <= count;
}

int shard_parse(struct shard *ret, const char *text, struct err *err)
{
	unsigned index = 0, count = 0;
	int used = 0;

	if (strspn(text, "0123456789/") != strlen(text) || strlen(text) > 11 ||
	    sscanf(text, "%u/%u%n", &index, &count, &used) != 2 || text[used] ||
	    !is_shard(index, count))
		return err_usage(err,
				 "--shard: \"%.40s\" is not I/N with I from 1 to N, N up to %d",
				 text, SHARDS_MAX);
	*ret = (struct shard){ index, count };
	return 0;
}

json_t *shard_json(const struct shard *shard)
{
	if (!shard->count)
		return NULL;
	return json_pack("{s:I, s:I}", "index", (json_int_t)shard->index, "count",
			 (json_int_t)shard->count);
}

struct shard shard_read(const json_t *json)
{
	json_int_t index = json_integer_value(json_object_get(json, "index"));
	json_int_t count = json_integer_value(json_object_get(json, "count"));

	if (!is_shard(index, count))
		return (struct shard){ 0 };
	return (struct shard){ (unsigned)index, (unsigned)count };
}
