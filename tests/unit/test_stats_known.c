// SPDX-License-Identifier: GPL-2.0-only
/* Statistics against answers that others have published, and against other definitions. */
#include "harness/cleanup.h"
#include "harness/stats.h"
#include "loadgen/spread.h"
#include "tests/test.h"
#include "tests/unit/draws.h"
#include "tests/unit/t_reference.h"

#include <stdlib.h>

/* NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: critical values of Student's t. */
static void test_t_table(void **state)
{
	static const double probabilities[] = { 0.90, 0.95, 0.975, 0.99, 0.995 };
	static const struct {
		unsigned freedom;
		double t[ARRAY_SIZE(probabilities)];
	} rows[] = {
		{ 1, { 3.078, 6.314, 12.706, 31.821, 63.657 } },
		{ 2, { 1.886, 2.920, 4.303, 6.965, 9.925 } },
		{ 3, { 1.638, 2.353, 3.182, 4.541, 5.841 } },
		{ 4, { 1.533, 2.132, 2.776, 3.747, 4.604 } },
		{ 5, { 1.476, 2.015, 2.571, 3.365, 4.032 } },
		{ 6, { 1.440, 1.943, 2.447, 3.143, 3.707 } },
		{ 7, { 1.415, 1.895, 2.365, 2.998, 3.499 } },
		{ 8, { 1.397, 1.860, 2.306, 2.896, 3.355 } },
		{ 9, { 1.383, 1.833, 2.262, 2.821, 3.250 } },
		{ 10, { 1.372, 1.812, 2.228, 2.764, 3.169 } },
		{ 11, { 1.363, 1.796, 2.201, 2.718, 3.106 } },
		{ 12, { 1.356, 1.782, 2.179, 2.681, 3.055 } },
		{ 13, { 1.350, 1.771, 2.160, 2.650, 3.012 } },
		{ 14, { 1.345, 1.761, 2.145, 2.624, 2.977 } },
		{ 15, { 1.341, 1.753, 2.131, 2.602, 2.947 } },
		{ 16, { 1.337, 1.746, 2.120, 2.583, 2.921 } },
		{ 17, { 1.333, 1.740, 2.110, 2.567, 2.898 } },
		{ 18, { 1.330, 1.734, 2.101, 2.552, 2.878 } },
		{ 19, { 1.328, 1.729, 2.093, 2.539, 2.861 } },
		{ 20, { 1.325, 1.725, 2.086, 2.528, 2.845 } },
		{ 25, { 1.316, 1.708, 2.060, 2.485, 2.787 } },
		{ 30, { 1.310, 1.697, 2.042, 2.457, 2.750 } },
		{ 40, { 1.303, 1.684, 2.021, 2.423, 2.704 } },
		{ 60, { 1.296, 1.671, 2.000, 2.390, 2.660 } },
		{ 100, { 1.290, 1.660, 1.984, 2.364, 2.626 } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (size_t j = 0; j < ARRAY_SIZE(probabilities); j++)
			assert_near(stats_t_quantile(probabilities[j], rows[i].freedom),
				    rows[i].t[j], 0.0005);
}

/* Quantile and p value, each turned round by the integral of the density. */
static void test_t_integral(void **state)
{
	uint64_t random = 1908;

	(void)state;
	for (size_t i = 0; i < 300; i++) {
		unsigned freedom = 1 + (unsigned)(60 * pow(draw_uniform(&random), 2));
		double p = 0.5 + 0.49 * draw_uniform(&random), t = 6 * draw_uniform(&random);

		assert_near(reference_t_p(stats_t_quantile(p, freedom), freedom), 2 * (1 - p),
			    1e-10);
		assert_near(stats_t_p(t, freedom), reference_t_p(t, freedom), 1e-10);
		assert_near(stats_t_p(-t, freedom), stats_t_p(t, freedom), 0);
	}
}

static void test_t_p_edges(void **state)
{
	(void)state;
	assert_true(isnan(stats_t_p(1, 0)));
	assert_true(isnan(stats_t_p(NAN, 3)));
	assert_near(stats_t_p(0, 3), 1, 0);
	assert_near(stats_t_p(INFINITY, 3), 0, 0);
	/* The Cauchy distribution's quartile. */
	assert_near(stats_t_p(1, 1), 0.5, 1e-15);
}

/* One sample each: mean, t, p and 95 % interval as printed at the source. */
static const struct example {
	const char *source;
	double values[20];
	size_t count;
	double mean, low, high, interval_tolerance, t, t_tolerance, p, p_tolerance;
} examples[] = {
	{ "Student, Biometrika 6 (1908): sleep gained with the second drug over the first; "
	  "interval from R's manual of the data set",
	  { 1.2, 2.4, 1.3, 1.3, 0.0, 1.0, 1.8, 0.8, 4.6, 1.4 },
	  10,
	  1.58,
	  0.7001142,
	  2.4598858,
	  5e-8,
	  4.0621,
	  5e-5,
	  0.002833,
	  5e-7 },
	{ "Student 1908: the first drug",
	  { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0 },
	  10,
	  0.75,
	  -0.5297804,
	  2.0297804,
	  5e-8,
	  1.3257,
	  5e-5,
	  0.2176,
	  5e-5 },
	{ "Student 1908: the second drug",
	  { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4 },
	  10,
	  2.33,
	  0.8976775,
	  3.7623225,
	  5e-8,
	  3.6799,
	  5e-5,
	  0.005076,
	  5e-7 },
	{ "R. Fisher, The Design of Experiments (1935), section 17: Darwin's maize, crossed less "
	  "self-fertilised, eighths of an inch",
	  { 49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48 },
	  15,
	  20.933,
	  0.03,
	  41.84,
	  5e-3,
	  2.148,
	  5e-4,
	  0.0497,
	  5e-5 },
};

static void test_t_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct example *example = &examples[i];
		struct interval interval = stats_mean_interval(example->values, example->count);
		double mean = stats_mean(example->values, example->count);
		double error = stats_stddev(example->values, example->count) /
			       sqrt((double)example->count);

		print_message("t = %.4f, mean %.4f [%.4f, %.4f]: %s\n", mean / error, mean,
			      interval.low, interval.high, example->source);
		assert_near(mean, example->mean, 5e-4);
		assert_near(interval.low, example->low, example->interval_tolerance);
		assert_near(interval.high, example->high, example->interval_tolerance);
		assert_near(mean / error, example->t, example->t_tolerance);
		assert_near(stats_mean_p(example->values, example->count), example->p,
			    example->p_tolerance);
	}
}

/* Y. Benjamini & Y. Hochberg, J. Royal Statistical Society B 57 (1995), section 3.2: of 15
 * comparisons of two treatments three stand if the family's error rate is to be 5 %. */
static void test_holm_example(void **state)
{
	static const double p_values[] = { 0.0344, 0.0019, 0.3240, 0.0001, 0.0278,
					   0.4262, 0.7590, 0.0095, 0.0459, 1.0000,
					   0.0004, 0.5719, 0.0298, 0.6528, 0.0201 };
	bool rejected[ARRAY_SIZE(p_values)];

	(void)state;
	stats_holm(p_values, ARRAY_SIZE(p_values), 0.05, rejected);
	for (size_t i = 0; i < ARRAY_SIZE(p_values); i++)
		assert_int_equal(rejected[i], p_values[i] <= 0.0019);
}

/*
 * Holm is Bonferroni's test closed over all intersections (R. Marcus, E. Peritz & K. Gabriel,
 * Biometrika 63, 1976): a hypothesis falls if each set that it is in has a p value of at most alpha
 * divided by the set's size.
 */
static bool closed_rejects(const double *p_values, size_t count, size_t which)
{
	for (size_t set = 0; set < (size_t)1 << count; set++) {
		size_t size = 0;
		double least = 1;

		if (!(set >> which & 1))
			continue;
		for (size_t i = 0; i < count; i++)
			if (set >> i & 1) {
				size++;
				least = fmin(least, p_values[i]);
			}
		if (least > 0.05 / (double)size)
			return false;
	}
	return true;
}

static void test_holm_closed(void **state)
{
	uint64_t random = 1979;
	size_t rejections = 0;

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		size_t count = 1 + i % 9;
		double p_values[9];
		bool rejected[9];

		for (size_t j = 0; j < count; j++)
			p_values[j] = 0.1 * pow(draw_uniform(&random), 2);
		stats_holm(p_values, count, 0.05, rejected);
		for (size_t j = 0; j < count; j++) {
			assert_int_equal(rejected[j], closed_rejects(p_values, count, j));
			rejections += rejected[j];
		}
	}
	/* Of 2490: the draws are such that both answers come up. */
	assert_in_range(rejections, 500, 2000);
}

/* How many do not exceed a value, by looking at every one: no sorting, no ranks. */
static double counted_percentile(const double *values, size_t count, size_t thousandths)
{
	double best = INFINITY;

	for (size_t i = 0; i < count; i++) {
		size_t below = 0;

		for (size_t j = 0; j < count; j++)
			below += values[j] <= values[i];
		if (below * 1000 >= thousandths * count)
			best = fmin(best, values[i]);
	}
	return best;
}

static double draw_latency(uint64_t *random, size_t kind)
{
	switch (kind) {
	case 0: /* ties, as clocks with coarse ticks make them */
		return floor(10 * draw_uniform(random));
	case 1:
		return 1000 * draw_pareto(random);
	case 2:
		return draw_normal(random);
	default: /* two modes far apart */
		return draw_uniform(random) < 0.7 ? 390 + draw_normal(random) : 1e6;
	}
}

static void test_percentile_counted(void **state)
{
	static const size_t thousandths[] = { 0,   1,	10,  70,  250, 500, 501,
					      900, 950, 990, 995, 999, 1000 };
	double values[500], sorted[500];
	uint64_t random = 29;

	(void)state;
	for (size_t round = 0; round < 200; round++) {
		size_t count = 1 + splitmix_next(&random) % ARRAY_SIZE(values);

		for (size_t i = 0; i < count; i++)
			values[i] = sorted[i] = draw_latency(&random, round % 4);
		stats_sort(sorted, count);
		for (size_t i = 0; i < ARRAY_SIZE(thousandths); i++)
			assert_near(stats_percentile(sorted, count, (double)thousandths[i] / 1000),
				    counted_percentile(values, count, thousandths[i]), 0);
	}
}

/* What bulk loads keep in place of samples: never too low, and at most 1/32 too high. */
static void test_spread_counted(void **state)
{
	static const size_t thousandths[] = { 500, 900, 990, 1000 };
	uint64_t random = 32;
	double values[500];

	(void)state;
	for (size_t round = 0; round < 100; round++) {
		size_t count = 1 + splitmix_next(&random) % ARRAY_SIZE(values);
		struct spread spread = { 0 };

		for (size_t i = 0; i < count; i++) {
			values[i] = floor(100 * fabs(draw_latency(&random, round % 4)));
			spread_add(&spread, (uint64_t)values[i]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(thousandths); i++) {
			double exact = counted_percentile(values, count, thousandths[i]);
			double found =
				(double)spread_percentile(&spread, (double)thousandths[i] / 1000);

			assert_true(found >= exact && found <= exact * (1 + 1.0 / 32));
			if (exact < 32 || thousandths[i] == 1000)
				assert_near(found, exact, 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_t_table),
		cmocka_unit_test(test_t_integral),
		cmocka_unit_test(test_t_p_edges),
		cmocka_unit_test(test_t_examples),
		cmocka_unit_test(test_holm_example),
		cmocka_unit_test(test_holm_closed),
		cmocka_unit_test(test_percentile_counted),
		cmocka_unit_test(test_spread_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
