// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_welch.h"

#include <math.h>

/* Beyond this the quantile moves in its third digit only, and the exact series gets long. */
#define MAX_FREEDOM 1000

/* The variance of a mean. */
static double mean_variance(const double *values, size_t count)
{
	double deviation = stats_stddev(values, count);

	return deviation * deviation / (double)count;
}

static unsigned degrees(double base, size_t base_count, double new, size_t new_count)
{
	double least = (double)(base_count < new_count ? base_count : new_count) - 1;
	double freedom =
		(base + new) * (base + new) /
		(base * base / (double)(base_count - 1) + new *new / (double)(new_count - 1));

	/* Also for the 0 / 0 of two sides without spread. */
	if (!(freedom > least))
		freedom = least;
	return freedom < MAX_FREEDOM ? (unsigned)freedom : MAX_FREEDOM;
}

/* By what the difference is spread, and how well that is known; false if it is not. */
static bool find_error(const double *base, size_t base_count, const double *new, size_t new_count,
		       struct welch *welch, double *ret_error)
{
	double base_variance, new_variance;

	if (base_count < 2 && new_count < 2)
		return false;
	if (base_count < 2 || new_count < 2) {
		size_t count = base_count < 2 ? new_count : base_count;
		double deviation = stats_stddev(base_count < 2 ? new : base, count);

		welch->freedom = count <= MAX_FREEDOM ? (unsigned)count - 1 : MAX_FREEDOM;
		*ret_error = deviation * sqrt(1 + 1 / (double)count);
	} else {
		base_variance = mean_variance(base, base_count);
		new_variance = mean_variance(new, new_count);
		welch->freedom = degrees(base_variance, base_count, new_variance, new_count);
		*ret_error = sqrt(base_variance + new_variance);
	}
	return isfinite(welch->difference) && isfinite(*ret_error);
}

struct welch welch_compare(const double *base, size_t base_count, const double *new,
			   size_t new_count)
{
	struct welch ret = { .base_mean = stats_mean(base, base_count),
			     .new_mean = stats_mean(new, new_count),
			     .interval = { NAN, NAN },
			     .p = NAN };
	double error, half;

	ret.difference = ret.new_mean - ret.base_mean;
	if (!base_count || !new_count ||
	    !find_error(base, base_count, new, new_count, &ret, &error))
		return ret;
	half = stats_t_quantile(0.975, ret.freedom) * error;
	ret.interval = (struct interval){ ret.difference - half, ret.difference + half };
	if (error > 0)
		ret.p = stats_t_p(ret.difference / error, ret.freedom);
	else
		ret.p = ret.difference == 0;
	return ret;
}
