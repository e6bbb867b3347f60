// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/place.h"

#include "harness/splitmix.h"
#include "loadgen/round.h"

/*
 * Uniform, by strata: the list has as many parts as the pass has packets, each part is visited once
 * in an order of the seed's, at a random place of it. The mean place is then near the middle in
 * every batch, where plain drawing of 100 would move it by 3 % of the list.
 */
static uint64_t choose_random(const struct place *place, uint64_t index)
{
	uint64_t packets = place->packets, seed = splitmix_mix(place->seed);
	uint64_t step = seed % packets | 1, first = splitmix_mix(seed) % packets, part, within;

	while (round_gcd(step, packets) != 1)
		step += 2;
	part = (uint64_t)(((unsigned __int128)index * step + first) % packets);
	within = splitmix_mix(seed + index + 1) % place->services;
	return (uint64_t)(((unsigned __int128)part * place->services + within) / packets);
}

uint64_t place_choose(const struct place *place, uint64_t index)
{
	switch (place->position) {
	case PLACE_FIRST:
		return 0;
	case PLACE_MIDDLE:
		return place->services / 2;
	case PLACE_LAST:
		return place->services - 1;
	default:
		return choose_random(place, index);
	}
}
