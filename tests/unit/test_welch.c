// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/compare_welch.h"
#include "tests/test.h"
#include "tests/unit/draws.h"
#include "tests/unit/t_reference.h"

/* Two samples each, and what R's manual pages and textbooks print of Welch's test: t, degrees of
 * freedom, p, and the 95 % interval of the first mean less the second. */
static const struct example {
	const char *source;
	double first[30], second[30];
	size_t first_count, second_count;
	double t, freedom, p, low, high;
	double p_tolerance;
} examples[] = {
	{ "Student's sleep data, Biometrika 6 (1908)",
	  { 0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0 },
	  { 1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4 },
	  10,
	  10,
	  -1.8608,
	  17.776,
	  0.07939,
	  -3.3654832,
	  0.2054832,
	  5e-6 },
	{ "miles a gallon by gearbox: H. Henderson & P. Velleman, Biometrics 37 (1981)",
	  { 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4, 14.7,
	    21.5, 15.5, 15.2, 13.3, 19.2 },
	  { 21.0, 21.0, 22.8, 32.4, 30.4, 33.9, 27.3, 26.0, 30.4, 15.8, 19.7, 15.0, 21.4 },
	  19,
	  13,
	  -3.7671,
	  18.332,
	  0.001374,
	  -11.280194,
	  -3.209684,
	  5e-7 },
	{ "tooth growth by orange juice and ascorbic acid: C. Bliss, The Statistics of Bioassay "
	  "(1952)",
	  { 15.2, 21.5, 17.6, 9.7,  14.5, 10.0, 8.2,  9.4,  16.5, 9.7,
	    19.7, 23.3, 23.6, 26.4, 20.0, 25.2, 25.8, 21.2, 14.5, 27.3,
	    25.5, 26.4, 22.4, 24.5, 24.8, 30.9, 26.4, 27.3, 29.4, 23.0 },
	  { 4.2,  11.5, 7.3,  5.8,  6.4,  10.0, 11.2, 11.2, 5.2,  7.0,
	    16.5, 16.5, 15.2, 17.3, 22.5, 17.3, 13.6, 14.5, 18.8, 15.5,
	    23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3, 29.5 },
	  30,
	  30,
	  1.9153,
	  55.309,
	  0.06063,
	  -0.1710156,
	  7.5710156,
	  5e-6 },
};

/* Satterthwaite's degrees of freedom, not rounded. */
static double reference_freedom(const struct example *example, double *ret_error)
{
	double first = stats_stddev(example->first, example->first_count);
	double second = stats_stddev(example->second, example->second_count);
	double a = first * first / (double)example->first_count;
	double b = second * second / (double)example->second_count;

	*ret_error = sqrt(a + b);
	return (a + b) * (a + b) /
	       (a * a / (double)(example->first_count - 1) +
		b * b / (double)(example->second_count - 1));
}

/* What is printed is met with the degrees of freedom as they are; labrun rounds them down, and is
 * held to that to the digit, and to be the wider for it by little. */
static void test_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		const struct example *example = &examples[i];
		struct welch welch = welch_compare(example->second, example->second_count,
						   example->first, example->first_count);
		double error, freedom = reference_freedom(example, &error);
		double t = welch.difference / error;
		double width = welch.interval.high - welch.interval.low;

		print_message("t = %.4f, %u for %.3f degrees, p = %.5g for %.5g: %s\n", t,
			      welch.freedom, freedom, welch.p, example->p, example->source);
		assert_near(t, example->t, 5e-5);
		assert_near(freedom, example->freedom, 5e-4);
		assert_near(reference_t_p(t, freedom), example->p, example->p_tolerance);
		assert_int_equal(welch.freedom, (unsigned)example->freedom);
		assert_near(welch.p, reference_t_p(t, welch.freedom), 1e-10);
		assert_true(welch.p >= example->p - example->p_tolerance);
		assert_near((welch.interval.low + welch.interval.high) / 2,
			    (example->low + example->high) / 2, 1e-6);
		assert_true(welch.interval.low <= example->low + 1e-6);
		assert_true(width <= 1.01 * (example->high - example->low));
	}
}

/* The interval's ends are where p would be 5 %: against the integral of the density. */
static void test_interval(void **state)
{
	uint64_t random = 1947;

	(void)state;
	for (size_t i = 0; i < 200; i++) {
		double base[12], new[12], half;
		size_t base_count = 2 + splitmix_next(&random) % 11;
		size_t new_count = 2 + splitmix_next(&random) % 11;
		struct welch welch;

		for (size_t j = 0; j < base_count; j++)
			base[j] = 100 + draw_normal(&random);
		for (size_t j = 0; j < new_count; j++)
			new[j] = 101 + 3 * draw_normal(&random);
		welch = welch_compare(base, base_count, new, new_count);
		half = (welch.interval.high - welch.interval.low) / 2;
		assert_near(welch.p<0.05, fabs(welch.difference)> half, 0);
		half /= stats_t_quantile(0.975, welch.freedom);
		assert_near(welch.p, reference_t_p(welch.difference / half, welch.freedom), 1e-9);
		/* W. Cochran: neither fewer than the smaller side's nor more than both's. */
		assert_true(welch.freedom + 1 >= (base_count < new_count ? base_count : new_count));
		assert_true(welch.freedom <= base_count + new_count - 2);
	}
}

/* One run on a side has no spread of its own, and takes the other side's: then 5 of 100 alike
 * comparisons find a difference. On either side. */
static void test_one_value(void **state)
{
	uint64_t random = 1968;
	size_t found = 0;

	(void)state;
	for (size_t i = 0; i < 10000; i++) {
		double many[5], one = 100 + draw_normal(&random);
		struct welch welch, turned;

		for (size_t j = 0; j < ARRAY_SIZE(many); j++)
			many[j] = 100 + draw_normal(&random);
		welch = welch_compare(many, ARRAY_SIZE(many), &one, 1);
		turned = welch_compare(&one, 1, many, ARRAY_SIZE(many));
		assert_int_equal(welch.freedom, 4);
		assert_near(turned.difference, -welch.difference, 0);
		assert_near(turned.p, welch.p, 0);
		found += welch.p < 0.05;
	}
	assert_in_range(found, 400, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_one_value),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
