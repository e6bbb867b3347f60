/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The difference of two independent means with unequal variances: B. L. Welch, Biometrika 34
 * (1947). Satterthwaite's degrees of freedom are rounded down, which only widens the interval.
 */

#include "harness/stats.h"

struct welch {
	double base_mean, new_mean, difference; /* new - base */
	struct interval interval; /* 95 %; NANs if a side has fewer than two values */
	double p; /* two-sided, of no difference; NAN as above */
	unsigned freedom;
};

struct welch welch_compare(const double *base, size_t base_count, const double *new,
			   size_t new_count);
