// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include "harness/cleanup.h"

#include <math.h>
#include <stdlib.h>

/* Neumaier's compensated sum: cell means of counters reach 1e15 with differences of 1 that matter.
 */
struct sum {
	double total, compensation;
};

static void sum_add(struct sum *sum, double value)
{
	double total = sum->total + value;

	if (fabs(sum->total) >= fabs(value))
		sum->compensation += (sum->total - total) + value;
	else
		sum->compensation += (value - total) + sum->total;
	sum->total = total;
}

static double sum_get(const struct sum *sum)
{
	/* An infinite total makes the compensation NaN; infinity is the better answer. */
	return isfinite(sum->total) ? sum->total + sum->compensation : sum->total;
}

double stats_mean(const double *values, size_t count)
{
	struct sum sum = { 0 };

	for (size_t i = 0; i < count; i++)
		sum_add(&sum, values[i]);
	return count ? sum_get(&sum) / (double)count : NAN;
}

/* The corrected two-pass algorithm: Chan, Golub & LeVeque, The American Statistician 37 (1983),
 * equation 1.7: the second term takes off what rounding the mean has added to the first. */
double stats_stddev(const double *values, size_t count)
{
	double mean = stats_mean(values, count);
	struct sum squares = { 0 }, residuals = { 0 };
	double variance;

	if (count < 2)
		return NAN;
	for (size_t i = 0; i < count; i++) {
		double residual = values[i] - mean;

		sum_add(&squares, residual * residual);
		sum_add(&residuals, residual);
	}
	variance = sum_get(&squares) - sum_get(&residuals) * sum_get(&residuals) / (double)count;
	/* fmax() would turn a NaN into 0. */
	return sqrt(variance < 0 ? 0 : variance / (double)(count - 1));
}

/*
 * A(t|v), the probability that |T| <= t, of t = sqrt(v) tan(theta): Abramowitz & Stegun, Handbook
 * of Mathematical Functions, 26.7.3 (odd v) and 26.7.4 (even v). Exact finite series for integer
 * degrees of freedom, all terms positive.
 */
static double t_central(double theta, unsigned freedom)
{
	double sine = sin(theta), cosine = cos(theta);
	double term = freedom % 2 ? cosine : 1;
	struct sum series = { 0 };

	if (freedom == 1)
		return 2 * theta / M_PI;
	sum_add(&series, term);
	for (unsigned i = freedom % 2 ? 3 : 2; i < freedom; i += 2) {
		term *= cosine * cosine * (i - 1) / i;
		sum_add(&series, term);
	}
	if (freedom % 2)
		return 2 / M_PI * (theta + sine * sum_get(&series));
	return sine * sum_get(&series);
}

/* By bisection on the angle, where the whole half-line is a bounded interval and nothing diverges;
 * it ends when the two ends are neighbouring doubles. */
double stats_t_quantile(double p, unsigned freedom)
{
	double low = 0, high = M_PI_2;

	if (!freedom || !(p > 0 && p < 1))
		return NAN;
	if (p < 0.5)
		return -stats_t_quantile(1 - p, freedom);
	for (;;) {
		double middle = low + (high - low) / 2;

		if (middle <= low || middle >= high)
			return sqrt(freedom) * tan(low);
		if (t_central(middle, freedom) < 2 * p - 1)
			low = middle;
		else
			high = middle;
	}
}

double stats_t_p(double t, unsigned freedom)
{
	double p;

	if (!freedom)
		return NAN;
	p = 1 - t_central(atan2(fabs(t), sqrt(freedom)), freedom);
	/* fmax() would turn a NaN into 0. */
	return p < 0 ? 0 : p;
}

struct interval stats_mean_interval(const double *values, size_t count)
{
	double mean = stats_mean(values, count), half;

	if (count < 2)
		return (struct interval){ NAN, NAN };
	half = stats_t_quantile(0.975, (unsigned)count - 1) * stats_stddev(values, count) /
	       sqrt((double)count);
	return (struct interval){ mean - half, mean + half };
}

double stats_percentile(const double *sorted, size_t count, double p)
{
	double rank = ceil(p * (double)count);

	if (!count || isnan(p))
		return NAN;
	/* 0.07 * 100 is a little more than 7, but 7 / 100 is the very double that 0.07 is. */
	if (rank > 1 && (rank - 1) / (double)count >= p)
		rank--;
	if (rank < 1)
		rank = 1;
	return sorted[rank > (double)count ? count - 1 : (size_t)rank - 1];
}

/* NaN sorts last, so that the order is total and the other values keep their ranks. */
static int compare_doubles(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	if (isnan(a) || isnan(b))
		return !!isnan(a) - !!isnan(b);
	return (a > b) - (a < b);
}

void stats_sort(double *values, size_t count)
{
	if (count > 1)
		qsort(values, count, sizeof(*values), compare_doubles);
}

bool stats_fit(const double *x, const double *y, size_t count, struct fit *ret)
{
	double mean_x = stats_mean(x, count), mean_y = stats_mean(y, count);
	struct sum xx = { 0 }, xy = { 0 }, yy = { 0 };

	if (count < 2 || !isfinite(mean_x) || !isfinite(mean_y))
		return false;
	for (size_t i = 0; i < count; i++) {
		sum_add(&xx, (x[i] - mean_x) * (x[i] - mean_x));
		sum_add(&xy, (x[i] - mean_x) * (y[i] - mean_y));
		sum_add(&yy, (y[i] - mean_y) * (y[i] - mean_y));
	}
	if (!(sum_get(&xx) > 0))
		return false;
	ret->slope = sum_get(&xy) / sum_get(&xx);
	ret->intercept = mean_y - ret->slope * mean_x;
	/* A level line through level points leaves nothing unexplained. */
	ret->r2 = sum_get(&yy) > 0 ? ret->slope * sum_get(&xy) / sum_get(&yy) : 1;
	return true;
}

double stats_mean_p(const double *values, size_t count)
{
	double mean = stats_mean(values, count), error;

	if (count < 2)
		return 1;
	error = stats_stddev(values, count) / sqrt((double)count);
	if (!isfinite(mean) || isnan(error) || mean == 0)
		return 1;
	return stats_t_p(mean / error, (unsigned)count - 1);
}

struct hypothesis {
	double p;
	size_t index;
};

static int compare_hypotheses(const void *left, const void *right)
{
	const struct hypothesis *a = left, *b = right;

	return (a->p > b->p) - (a->p < b->p);
}

/* S. Holm, Scandinavian Journal of Statistics 6 (1979): the smallest p against alpha / m, the next
 * against alpha / (m - 1), and so on up to the first that is not rejected. */
void stats_holm(const double *p_values, size_t count, double alpha, bool *ret_rejected)
{
	_free_ struct hypothesis *ordered = calloc(count + 1, sizeof(*ordered));
	bool rejecting = true;

	if (!ordered)
		abort();
	for (size_t i = 0; i < count; i++)
		ordered[i] = (struct hypothesis){ isnan(p_values[i]) ? 1 : p_values[i], i };
	qsort(ordered, count, sizeof(*ordered), compare_hypotheses);
	for (size_t i = 0; i < count; i++) {
		rejecting = rejecting && ordered[i].p <= alpha / (double)(count - i);
		ret_rejected[ordered[i].index] = rejecting;
	}
}
