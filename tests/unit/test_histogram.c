// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/summary.h"
#include "tests/test.h"

#include <float.h>

static size_t total(const struct histogram *histogram)
{
	size_t sum = 0;

	for (size_t i = 0; i < histogram->count; i++)
		sum += histogram->counts[i];
	return sum;
}

/* Each value lies between the edges of some bin, and each bin holds as many as it says. */
static void check_counts(const struct histogram *histogram, const double *values, size_t count)
{
	for (size_t bin = 0; bin < histogram->count; bin++) {
		bool last = bin + 1 == histogram->count;
		size_t inside = 0;

		assert_true(histogram->edges[bin] <= histogram->edges[bin + 1]);
		for (size_t i = 0; i < count; i++)
			inside += isfinite(values[i]) && values[i] >= histogram->edges[bin] &&
				  (last || values[i] < histogram->edges[bin + 1]);
		assert_int_equal(inside, histogram->counts[bin]);
	}
}

static void test_log2(void **state)
{
	const double values[] = { 0, 0.5, 1, 1.9, 2, 3, 4, 7.99, 1024, NAN, INFINITY, -3 };
	const size_t counts[] = { 3, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct histogram histogram;

	(void)state;
	histogram_log2(values, ARRAY_SIZE(values), &histogram);
	assert_int_equal(histogram.count, ARRAY_SIZE(counts));
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++)
		assert_int_equal(histogram.counts[i], counts[i]);
	assert_near(histogram.edges[0], 0, 0);
	assert_near(histogram.edges[1], 1, 0);
	assert_near(histogram.edges[12], 2048, 0);
	histogram_free(&histogram);
	assert_null(histogram.edges);
}

static void test_log2_extremes(void **state)
{
	const double values[] = { DBL_MAX, DBL_MIN, -DBL_MAX }, none[] = { NAN, INFINITY };
	struct histogram histogram;

	(void)state;
	histogram_log2(values, 3, &histogram);
	assert_int_equal(histogram.count, 1025);
	assert_int_equal(total(&histogram), 3);
	histogram_free(&histogram);
	histogram_log2(none, 2, &histogram);
	assert_int_equal(histogram.count, 0);
	histogram_free(&histogram);
	histogram_log2(NULL, 0, &histogram);
	assert_int_equal(histogram.count, 0);
	histogram_free(&histogram);
}

/* 200 to 299 evenly, and one far out, which p99.9 of 1001 values leaves out. */
static void test_linear(void **state)
{
	struct histogram histogram;
	double values[1001];

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		values[i] = 200 + (double)(i % 100);
	values[1000] = 123456;
	histogram_linear(values, 1001, 21, &histogram);
	assert_int_equal(histogram.count, 21);
	assert_near(histogram.edges[0], 200, 0);
	assert_near(histogram.edges[1], 205, 0);
	assert_near(histogram.edges[20], 300, 0);
	assert_near(histogram.edges[21], 123456, 0);
	assert_int_equal(histogram.counts[0], 50);
	assert_int_equal(histogram.counts[20], 1);
	check_counts(&histogram, values, 1001);
	histogram_free(&histogram);
}

static void check_linear(const double *values, size_t count, size_t max_bins)
{
	struct histogram histogram;
	size_t finite = 0;

	for (size_t i = 0; i < count; i++)
		finite += isfinite(values[i]) ? 1 : 0;
	histogram_linear(values, count, max_bins, &histogram);
	assert_true(histogram.count <= max_bins);
	assert_int_equal(total(&histogram), max_bins ? finite : 0);
	check_counts(&histogram, values, count);
	histogram_free(&histogram);
}

static void test_linear_extremes(void **state)
{
	static const struct {
		double values[6];
		size_t count;
	} cases[] = {
		{ { 0 }, 0 },
		{ { NAN, INFINITY }, 2 },
		{ { 5, 5, 5 }, 3 },
		{ { 0.25, 0.25 }, 2 },
		{ { -7, -3, 0, 4 }, 4 },
		{ { 0, 0, 0, 1e-9 }, 4 },
		{ { 1e15, 1e15 + 1 }, 2 },
		{ { -1e300, 1e300 }, 2 },
		{ { -DBL_MAX, DBL_MAX, 0 }, 3 },
		{ { DBL_MIN / 2, DBL_MIN }, 2 },
		{ { 0.1, 0.2, 0.3, NAN, 0.7 }, 5 },
		{ { 1, 10, 100, 1000, 10000, 1e5 }, 6 },
	};
	static const size_t bins[] = { 0, 1, 2, 3, 10, 100 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t j = 0; j < ARRAY_SIZE(bins); j++)
			check_linear(cases[i].values, cases[i].count, bins[j]);
}

static void test_steps(void **state)
{
	const double values[] = { 0, 4.9, 5, 99.9, 100, 100.1, 7000, -1, NAN, INFINITY };
	struct histogram histogram;

	(void)state;
	histogram_steps(values, ARRAY_SIZE(values), 5, 20, &histogram);
	assert_int_equal(histogram.count, 21);
	assert_int_equal(histogram.counts[0], 2);
	assert_int_equal(histogram.counts[1], 1);
	assert_int_equal(histogram.counts[19], 1);
	assert_int_equal(histogram.counts[20], 3);
	assert_int_equal(total(&histogram), 7);
	assert_near(histogram.edges[20], 100, 0);
	assert_near(histogram.edges[21], 7000, 0);
	histogram_free(&histogram);
	assert_near(histogram_step_width(100, 20), 5, 0);
	assert_near(histogram_step_width(101, 20), 10, 0);
	assert_near(histogram_step_width(0.03, 20), 0.002, 1e-15);
	assert_near(histogram_step_width(0, 20), 1, 0);
}

static void test_linear_width(void **state)
{
	/* Whole nanoseconds: no bin is narrower than one, or every other would be empty. */
	const double values[] = { 200, 201, 202, 203 };
	struct histogram histogram;

	(void)state;
	histogram_linear(values, 4, 100, &histogram);
	assert_int_equal(histogram.count, 4);
	assert_near(histogram.edges[1] - histogram.edges[0], 1, 0);
	histogram_free(&histogram);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_log2),	     cmocka_unit_test(test_log2_extremes),
		cmocka_unit_test(test_linear),	     cmocka_unit_test(test_linear_extremes),
		cmocka_unit_test(test_linear_width), cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
