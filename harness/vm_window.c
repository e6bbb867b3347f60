// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_window.h"

#include <string.h>

#define FNV_OFFSET 14695981039346656037u
#define FNV_PRIME 1099511628211u

uint64_t vm_window_sum(const void *bytes, size_t count)
{
	const unsigned char *at = bytes;
	uint64_t sum = FNV_OFFSET;

	while (count > 0) {
		uint64_t word = 0;
		size_t taken = count < sizeof(word) ? count : sizeof(word);

		memcpy(&word, at, taken);
		sum = (sum ^ word) * FNV_PRIME;
		at += taken;
		count -= taken;
	}
	return sum;
}
