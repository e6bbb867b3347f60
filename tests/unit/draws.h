/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Random numbers of known distributions, the same for a seed; the state is the seed to begin with.
 */

#include "harness/splitmix.h"

#include <math.h>

static inline double draw_uniform(uint64_t *state) /* neither 0 nor 1 */
{
	return ((double)(splitmix_next(state) >> 11) + 0.5) / 9007199254740992.0;
}

/* G. Box & M. Muller, Annals of Mathematical Statistics 29 (1958). Mean 0, deviation 1. */
static inline double draw_normal(uint64_t *state)
{
	double radius = sqrt(-2 * log(draw_uniform(state)));

	return radius * cos(2 * M_PI * draw_uniform(state));
}

static inline double draw_exponential(uint64_t *state) /* mean 1 */
{
	return -log(draw_uniform(state));
}

/* The logarithm's deviation is 1: mean sqrt(e), 1.31 of it its deviation. */
static inline double draw_lognormal(uint64_t *state)
{
	return exp(draw_normal(state));
}

/* At least 1, P(X > x) = x^-2.5: mean 5/3; a deviation, but no skewness, for it is infinite. */
static inline double draw_pareto(uint64_t *state)
{
	return pow(draw_uniform(state), -1 / 2.5);
}
