// SPDX-License-Identifier: GPL-2.0-only
#include "summary.h"

#include "harness/cleanup.h"
#include "harness/stats.h"

#include <math.h>
#include <stdlib.h>

static void histogram_alloc(struct histogram *histogram, size_t bins)
{
	histogram->count = bins;
	histogram->edges = calloc(bins + 1, sizeof(*histogram->edges));
	histogram->counts = calloc(bins, sizeof(*histogram->counts));
	if (!histogram->edges || !histogram->counts)
		abort();
}

static size_t log2_bin(double value)
{
	return value < 1 ? 0 : (size_t)ilogb(value) + 1;
}

void histogram_log2(const double *values, size_t count, struct histogram *ret)
{
	size_t bins = 0;

	*ret = (struct histogram){ 0 };
	for (size_t i = 0; i < count; i++)
		if (isfinite(values[i]) && log2_bin(values[i]) >= bins)
			bins = log2_bin(values[i]) + 1;
	if (!bins)
		return;
	histogram_alloc(ret, bins);
	for (size_t i = 1; i <= bins; i++)
		ret->edges[i] = ldexp(1, (int)i - 1);
	for (size_t i = 0; i < count; i++)
		if (isfinite(values[i]))
			ret->counts[log2_bin(values[i])]++;
}

/* A sorted copy of the finite values. */
static double *sorted_finite(const double *values, size_t count, size_t *ret_count)
{
	double *sorted = calloc(count + 1, sizeof(*sorted));
	size_t used = 0;

	if (!sorted)
		abort();
	for (size_t i = 0; i < count; i++)
		if (isfinite(values[i]))
			sorted[used++] = values[i];
	stats_sort(sorted, used);
	*ret_count = used;
	return sorted;
}

/* The narrowest round width that is not below `wanted`. */
static double round_width(double wanted)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double power = pow(10, floor(log10(wanted)));

	for (size_t i = 0; i + 1 < ARRAY_SIZE(steps); i++)
		if (steps[i] * power >= wanted)
			return steps[i] * power;
	return 10 * power;
}

/* No bin narrower than the clock's tick or what a double can tell apart: such would be a comb. */
static double least_width(const double *sorted, size_t count)
{
	double resolution = fmax(fabs(sorted[0]), fabs(sorted[count - 1])) * 1e-12;

	for (size_t i = 0; i < count; i++)
		if (sorted[i] != floor(sorted[i]))
			return sorted[0] < sorted[count - 1] ? fmax(resolution, 1e-300)
							     : fmax(resolution, 1);
	return fmax(resolution, 1);
}

struct layout {
	double width, first; /* the first bin begins at first * width */
	double bins; /* with one more, which is open, if something is beyond p99.9's */
};

static struct layout lay_out(const double *sorted, size_t count, double width)
{
	double high = stats_percentile(sorted, count, 0.999);
	struct layout layout = { .width = width, .first = floor(sorted[0] / width) };

	/* The quotient may have been rounded up to a whole number. */
	if (layout.first * width > sorted[0])
		layout.first--;
	layout.bins = floor(high / width) - layout.first + 1;
	if (sorted[count - 1] >= (layout.first + layout.bins) * width)
		layout.bins++;
	return layout;
}

/* The finest that `max_bins` allow; no width if it takes one bin for all, as it does where the
 * range is beyond what a double can hold. */
static struct layout choose_layout(const double *sorted, size_t count, size_t max_bins)
{
	double low = sorted[0] / (double)max_bins, high;
	struct layout layout = { .bins = INFINITY };
	double wanted;

	high = stats_percentile(sorted, count, 0.999) / (double)max_bins;
	wanted = fmax(high - low, least_width(sorted, count));
	while (max_bins > 1 && isfinite(wanted)) {
		layout = lay_out(sorted, count, round_width(wanted));
		if (layout.bins <= (double)max_bins)
			break;
		wanted = layout.width * 1.5;
	}
	if (layout.bins <= (double)max_bins && isfinite(layout.first * layout.width) &&
	    isfinite((layout.first + layout.bins) * layout.width))
		return layout;
	return (struct layout){ .bins = 1 };
}

static void count_sorted(const double *sorted, size_t count, struct histogram *histogram)
{
	size_t bin = 0;

	for (size_t i = 0; i < count; i++) {
		while (bin + 1 < histogram->count && sorted[i] >= histogram->edges[bin + 1])
			bin++;
		histogram->counts[bin]++;
	}
}

void histogram_linear(const double *values, size_t count, size_t max_bins, struct histogram *ret)
{
	size_t finite;
	_free_ double *sorted = sorted_finite(values, count, &finite);
	struct layout layout;

	*ret = (struct histogram){ 0 };
	if (!finite || !max_bins)
		return;
	layout = choose_layout(sorted, finite, max_bins);
	histogram_alloc(ret, (size_t)layout.bins);
	for (size_t i = 0; i <= ret->count; i++)
		ret->edges[i] = (layout.first + (double)i) * layout.width;
	if (layout.width == 0)
		ret->edges[0] = ret->edges[1] = sorted[0];
	/* The open bin still has a finite edge, for tables and charts: the largest value. */
	if (sorted[finite - 1] > ret->edges[ret->count])
		ret->edges[ret->count] = sorted[finite - 1];
	count_sorted(sorted, finite, ret);
}

double histogram_step_width(double high, size_t bins)
{
	return high > 0 && isfinite(high) ? round_width(high / (double)bins) : 1;
}

void histogram_steps(const double *values, size_t count, double width, size_t bins,
		     struct histogram *ret)
{
	double most = (double)bins * width;

	histogram_alloc(ret, bins + 1);
	for (size_t i = 0; i <= bins; i++)
		ret->edges[i] = (double)i * width;
	for (size_t i = 0; i < count; i++) {
		double bin = floor(values[i] / width);

		if (!isfinite(values[i]) || values[i] < 0)
			continue;
		ret->counts[bin < (double)bins ? (size_t)bin : bins]++;
		most = fmax(most, values[i]);
	}
	ret->edges[bins + 1] = most;
}

void histogram_free(struct histogram *histogram)
{
	free(histogram->edges);
	free(histogram->counts);
	*histogram = (struct histogram){ 0 };
}
