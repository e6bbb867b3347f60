/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The batch is the unit of inference: samples of one batch share their namespaces, caches and
 * scheduler luck, so intervals are Student's t over batch means and never over pooled samples.
 */

#include <stdbool.h>
#include <stddef.h>

struct interval {
	double low, high; /* both NAN with fewer than two values */
};

double stats_mean(const double *values, size_t count); /* NAN if there are none */
double stats_stddev(const double *values, size_t count); /* n - 1; NAN below two */
/* Quantile of Student's t with `freedom` degrees: 0 < p < 1. */
double stats_t_quantile(double p, unsigned freedom);
/* Two-sided p value: the probability that |T| exceeds |t|. Off by 1e-15 at most, so 0 for less. */
double stats_t_p(double t, unsigned freedom);
/* 95 %, two-sided. */
struct interval stats_mean_interval(const double *values, size_t count);
/* Nearest rank: the smallest value that at least p (0..1) of all do not exceed. Sorted input. */
double stats_percentile(const double *sorted, size_t count, double p);
void stats_sort(double *values, size_t count);

struct fit {
	double slope, intercept, r2;
};
/* Least squares; false if all x are equal or there are fewer than two points. */
bool stats_fit(const double *x, const double *y, size_t count, struct fit *ret);

/* Two-sided p value of mean != 0 by t over the values; 1 below two values. */
double stats_mean_p(const double *values, size_t count);
/* Holm's step-down: writes for each hypothesis whether it is rejected at `alpha`. */
void stats_holm(const double *p_values, size_t count, double alpha, bool *ret_rejected);
