// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/stats.h"
#include "tests/test.h"
#include "tests/unit/draws.h"

static void test_t_quantile(void **state)
{
	/* From tables of 12 digits and more; df 1 and 2 have closed forms. */
	static const struct {
		double p;
		unsigned freedom;
		double t;
	} cases[] = {
		{ 0.975, 1, 12.706204736174698 },
		{ 0.975, 2, 4.302652729749464 },
		{ 0.975, 3, 3.182446305283710 },
		{ 0.975, 4, 2.776445105197793 },
		{ 0.975, 9, 2.262157162798205 },
		{ 0.975, 30, 2.042272456301238 },
		{ 0.975, 1000, 1.962339080840816 },
		{ 0.95, 9, 1.833112932653312 },
		{ 0.995, 5, 4.032142983557536 },
		{ 0.5, 7, 0 },
		{ 0.75, 1, 1 },
		{ 0.75, 2, 0.816496580927726 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_near(stats_t_quantile(cases[i].p, cases[i].freedom), cases[i].t, 1e-9);
		assert_near(stats_t_quantile(1 - cases[i].p, cases[i].freedom), -cases[i].t, 1e-9);
	}
	/* The tails of Cauchy's distribution: t = tan(pi (p - 1/2)). */
	assert_near(stats_t_quantile(0.999999, 1) / 318309.88617850, 1, 1e-9);
	/* And on to the normal one. */
	assert_near(stats_t_quantile(0.975, 1000000), 1.959966, 1e-5);
}

static void test_t_quantile_edges(void **state)
{
	(void)state;
	assert_true(isnan(stats_t_quantile(0.975, 0)));
	assert_true(isnan(stats_t_quantile(0, 5)));
	assert_true(isnan(stats_t_quantile(1, 5)));
	assert_true(isnan(stats_t_quantile(-1, 5)));
	assert_true(isnan(stats_t_quantile(NAN, 5)));
}

static void test_few_values(void **state)
{
	const double one[] = { 5 }, same[] = { 7, 7, 7 }, bad[] = { 1, NAN, 3 };
	struct interval interval;

	(void)state;
	assert_true(isnan(stats_mean(NULL, 0)));
	assert_true(isnan(stats_stddev(one, 1)));
	assert_near(stats_mean(one, 1), 5, 0);
	interval = stats_mean_interval(one, 1);
	assert_true(isnan(interval.low) && isnan(interval.high));
	interval = stats_mean_interval(NULL, 0);
	assert_true(isnan(interval.low) && isnan(interval.high));
	interval = stats_mean_interval(same, 3);
	assert_near(interval.low, 7, 0);
	assert_near(interval.high, 7, 0);
	assert_true(isnan(stats_mean(bad, 3)));
	assert_true(isnan(stats_stddev(bad, 3)));
	assert_true(isnan(stats_mean_interval(bad, 3).low));
}

static void test_mean_is_compensated(void **state)
{
	const double cancelling[] = { 1, 1e100, 1, -1e100 }, huge[] = { 1e308, 1e308 };

	(void)state;
	assert_near(stats_mean(cancelling, 4), 0.5, 0);
	assert_true(isinf(stats_mean(huge, 2)));
}

/* The definition itself, by trying every value. */
static double reference_percentile(const double *sorted, size_t count, size_t hundredths)
{
	for (size_t i = 0; i < count; i++)
		if ((i + 1) * 100 >= hundredths * count)
			return sorted[i];
	return sorted[count - 1];
}

static void test_percentile(void **state)
{
	uint64_t random = 7;
	double values[230];

	(void)state;
	for (size_t count = 1; count <= ARRAY_SIZE(values); count++) {
		for (size_t i = 0; i < count; i++)
			values[i] = floor(1000 * draw_uniform(&random));
		stats_sort(values, count);
		for (size_t p = 0; p <= 100; p++)
			assert_near(stats_percentile(values, count, (double)p / 100),
				    reference_percentile(values, count, p), 0);
	}
}

static void test_percentile_edges(void **state)
{
	const double values[] = { 1, 2, 3 };

	(void)state;
	assert_true(isnan(stats_percentile(NULL, 0, 0.5)));
	assert_true(isnan(stats_percentile(values, 3, NAN)));
	assert_near(stats_percentile(values, 3, -1), 1, 0);
	assert_near(stats_percentile(values, 3, 2), 3, 0);
}

static void test_sort(void **state)
{
	double values[] = { 3, NAN, -1, INFINITY, 2, NAN, -INFINITY };

	(void)state;
	stats_sort(NULL, 0);
	stats_sort(values, ARRAY_SIZE(values));
	assert_true(isinf(values[0]) && values[0] < 0);
	assert_near(values[1], -1, 0);
	assert_near(values[2], 2, 0);
	assert_near(values[3], 3, 0);
	assert_true(isinf(values[4]) && isnan(values[5]) && isnan(values[6]));
}

static void test_fit(void **state)
{
	/* The first of F. Anscombe's quartet, The American Statistician 27 (1973). */
	const double x[] = { 10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5 };
	const double y[] = { 8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68 };
	const double level[] = { 4, 4, 4 }, same_x[] = { 2, 2, 2 }, bad[] = { 1, NAN, 2 };
	struct fit fit;

	(void)state;
	assert_true(stats_fit(x, y, ARRAY_SIZE(x), &fit));
	assert_near(fit.slope, 0.500090909090909, 1e-12);
	assert_near(fit.intercept, 3.000090909090909, 1e-12);
	assert_near(fit.r2, 0.666542459508775, 1e-12);
	assert_true(stats_fit(x, level, 3, &fit));
	assert_near(fit.slope, 0, 0);
	assert_near(fit.r2, 1, 0);
	assert_false(stats_fit(same_x, y, 3, &fit));
	assert_false(stats_fit(x, y, 1, &fit));
	assert_false(stats_fit(x, bad, 3, &fit));
	assert_false(stats_fit(bad, y, 3, &fit));
}

static void test_mean_p(void **state)
{
	const double rising[] = { 1, 2, 3, 4, 5 }, level[] = { 2, 2, 2 }, zeros[] = { 0, 0 };
	const double balanced[] = { -1, 1 }, bad[] = { 1, NAN };

	(void)state;
	/* t = 3 sqrt(2) at four degrees, where A(t|4) is algebraic. */
	assert_near(stats_mean_p(rising, 5), 0.013235599563682, 1e-13);
	assert_near(stats_mean_p(level, 3), 0, 0);
	assert_near(stats_mean_p(zeros, 2), 1, 0);
	assert_near(stats_mean_p(balanced, 2), 1, 0);
	assert_near(stats_mean_p(rising, 1), 1, 0);
	assert_near(stats_mean_p(bad, 2), 1, 0);
}

/* The p value is below 5 % exactly if the 95 % interval leaves zero out. */
static void test_mean_p_agrees(void **state)
{
	uint64_t random = 99;

	(void)state;
	for (size_t i = 0; i < 500; i++) {
		struct interval interval;
		double values[10];
		size_t count = 2 + i % 9;

		for (size_t j = 0; j < count; j++)
			values[j] = 0.7 + draw_normal(&random);
		interval = stats_mean_interval(values, count);
		assert_int_equal(stats_mean_p(values, count) < 0.05,
				 interval.low > 0 || interval.high < 0);
	}
}

static void test_holm(void **state)
{
	static const struct {
		double p[5];
		size_t count;
		const char *rejected;
	} cases[] = {
		{ { 0.01, 0.04, 0.03, 0.005 }, 4, "1001" },
		/* Once one stays, the rest stays, though 0.04 alone is below 0.05. */
		{ { 0.03, 0.04 }, 2, "00" },
		{ { 0.025, 0.05 }, 2, "11" },
		{ { 0.04 }, 1, "1" },
		{ { NAN, 0.001 }, 2, "01" },
		{ { 0.01, 0.01, 0.01, 0.01, 0.01 }, 5, "11111" },
		{ { 0 }, 0, "" },
	};
	bool rejected[5];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		stats_holm(cases[i].p, cases[i].count, 0.05, rejected);
		for (size_t j = 0; j < cases[i].count; j++)
			assert_int_equal(rejected[j], cases[i].rejected[j] == '1');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_t_quantile), cmocka_unit_test(test_t_quantile_edges),
		cmocka_unit_test(test_few_values), cmocka_unit_test(test_mean_is_compensated),
		cmocka_unit_test(test_percentile), cmocka_unit_test(test_percentile_edges),
		cmocka_unit_test(test_sort),	   cmocka_unit_test(test_fit),
		cmocka_unit_test(test_mean_p),	   cmocka_unit_test(test_mean_p_agrees),
		cmocka_unit_test(test_holm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
