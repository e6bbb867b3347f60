/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A round visits each of `count` places once, by a step from one to the next that has no divisor in
 * common with the count.
 */

#include <stdint.h>

static inline uint64_t round_gcd(uint64_t step, uint64_t count)
{
	while (count) {
		uint64_t rest = step % count;

		step = count;
		count = rest;
	}
	return step;
}
