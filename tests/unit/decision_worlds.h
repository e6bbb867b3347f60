/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Two sides whose difference is known, simulated, and the decision about them by its small parts.
 */

#include "harness/compare_welch.h"
#include "tests/unit/draws.h"

#include <stdbool.h>

#define COMPARISONS 1000
#define SERIES 20
#define MOST_BATCHES 40
#define ALPHA 0.05
#define MEAN 1000
/* 50 wrong of 1000 are expected at most; more than 66 come by chance once in a hundred. */
#define MOST_WRONG 66

/* How batch means differ though nothing changed; parts of the mean. */
struct world {
	const char *name;
	double (*own)(uint64_t *random); /* each series' own, of deviation 1 */
	double spread; /* a batch mean's deviation */
	double shared; /* how much of the variance all series of a batch share */
	double drift; /* of one step of a walk that both sides go along, A B B A */
	double run; /* of what sets a whole side apart: two folders of different times */
};

struct sides {
	double base[SERIES][MOST_BATCHES], new[SERIES][MOST_BATCHES];
};

static inline double draw_skewed(uint64_t *random)
{
	return (draw_lognormal(random) - 1.6487212707001282) / 2.1611974158950873;
}

/* `shift`: by how much of its mean the first series is higher in NEW. */
static inline void simulate(const struct world *world, size_t batches, double shift,
			    uint64_t *random, struct sides *sides)
{
	double run = world->run * draw_normal(random), walk = 0;
	size_t taken[2] = { 0 };

	for (size_t slot = 0; slot < 2 * batches; slot++) {
		bool new = (slot + 1) / 2 % 2;
		double common = draw_normal(random) * sqrt(world->shared) * world->spread;
		size_t batch = taken[new]++;

		walk += world->drift * draw_normal(random);
		for (size_t i = 0; i < SERIES; i++) {
			double own = world->own(random) * sqrt(1 - world->shared) * world->spread;
			double value = MEAN * (1 + common + own + walk + (new ? run : 0));

			if (new)
				sides->new[i][batch] = value *(i ? 1 : 1 + shift);
			else
				sides->base[i][batch] = value;
		}
	}
}

/* Which series moved: `least` is the minimum effect, a part of the base's mean. */
static inline size_t decide(const struct sides *sides, size_t batches, double least,
			    bool *ret_moved)
{
	double p_values[SERIES], parts[SERIES];
	size_t count = 0;

	for (size_t i = 0; i < SERIES; i++) {
		struct welch welch = welch_compare(sides->base[i], batches, sides->new[i], batches);

		p_values[i] = welch.p;
		parts[i] = fabs(welch.difference) / welch.base_mean;
	}
	stats_holm(p_values, SERIES, ALPHA, ret_moved);
	for (size_t i = 0; i < SERIES; i++) {
		ret_moved[i] = ret_moved[i] && parts[i] >= least;
		count += ret_moved[i];
	}
	return count;
}
