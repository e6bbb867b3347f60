/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Which service a packet is for, by its place in the list of rules. Pure: the same seed gives the
 * same places.
 */

#include <stdint.h>

enum place_position { PLACE_FIRST, PLACE_MIDDLE, PLACE_LAST, PLACE_RANDOM };

struct place {
	enum place_position position;
	uint64_t services; /* in the list, at least 1 */
	uint64_t packets; /* in the pass, at least 1 */
	uint64_t seed;
};

/* Of the packet of that index, below `packets`; the place is below `services`. */
uint64_t place_choose(const struct place *place, uint64_t index);
