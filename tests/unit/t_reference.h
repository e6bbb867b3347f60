/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Student's t by another way than harness/stats.c: its density, integrated by Simpson's rule. The
 * degrees of freedom may be fractions here. Good to 1e-11 for |t| below 50.
 */

#include <math.h>

static inline double reference_t_density(double t, double freedom)
{
	double scale = lgamma((freedom + 1) / 2) - lgamma(freedom / 2);

	return exp(scale - (freedom + 1) / 2 * log1p(t * t / freedom)) / sqrt(freedom * M_PI);
}

/* Two-sided. */
static inline double reference_t_p(double t, double freedom)
{
	const int steps = 20000;
	double width = fabs(t) / steps, sum = 0;

	for (int i = 0; i <= steps; i++)
		sum += reference_t_density(i * width, freedom) *
		       (i == 0 || i == steps ? 1 : 2 + 2 * (i % 2));
	return 1 - 2 * sum * width / 3;
}
