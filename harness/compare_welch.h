/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The difference of two independent means with unequal variances: B. L. Welch, Biometrika 34
 * (1947). Satterthwaite's degrees of freedom are rounded down, which only widens the interval.
 */

#include "harness/stats.h"

struct welch {
	double base_mean, new_mean, difference; /* new - base */
	struct interval interval; /* 95 %; NANs if neither side tells a spread */
	double p; /* two-sided, of no difference; NAN as above */
	unsigned freedom;
};

/*
 * Of a side with a single value nothing is known but that value: it is taken as one more of the
 * other side's kind, and the interval is that in which such a one is expected (the prediction
 * interval, s sqrt(1 + 1/n) by t with n - 1 degrees). Both single: NANs.
 */
struct welch welch_compare(const double *base, size_t base_count, const double *new,
			   size_t new_count);
