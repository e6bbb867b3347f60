// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/stamp.h"

#include <string.h>

void stamp_write(void *payload, size_t payload_bytes, const struct stamp *stamp)
{
	struct stamp complete = *stamp;

	complete.payload_bytes = (__u16)payload_bytes;
	/* The payload's end has any alignment. */
	memcpy((char *)payload + payload_bytes - STAMP_BYTES, &complete, STAMP_BYTES);
}

bool stamp_find(const void *payload, size_t payload_bytes, __u64 magic, struct stamp *ret)
{
	if (payload_bytes < STAMP_BYTES)
		return false;
	memcpy(ret, (const char *)payload + payload_bytes - STAMP_BYTES, STAMP_BYTES);
	return ret->magic == magic && ret->payload_bytes == payload_bytes;
}
