// SPDX-License-Identifier: GPL-2.0-only
/*
 * NIST's Statistical Reference Datasets (https://www.itl.nist.gov/div898/strd/) with their
 * certified values. The log relative error counts the digits that agree; the certified values have
 * 15. After B. McCullough, The American Statistician 52 (1998).
 */
#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/stats.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define MOST 5000

static double log_relative_error(double value, double certified)
{
	double error = fabs(value - certified) / fabs(certified);

	return error > 1e-15 ? -log10(error) : 15;
}

struct numbers {
	double values[MOST];
	size_t count;
};

/* Lines of numbers; those that begin with # say what they are. */
static void read_numbers(const char *name, struct numbers *numbers)
{
	_free_ char *path = NULL, *text = NULL;
	struct err err;
	char *rest;

	assert_true(asprintf(&path, "tests/unit/data/nist/%s.txt", name) > 0);
	if (file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	rest = text;
	numbers->count = 0;
	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
		for (char *end = line; *line && *line != '#'; line = end) {
			assert_true(numbers->count < MOST);
			numbers->values[numbers->count++] = strtod(line, &end);
			assert_ptr_not_equal(end, line);
		}
}

/* NumAcc1 to NumAcc4 are given by formula: a value, then two around it in turn. */
static void make_numbers(const double around[static 3], size_t count, struct numbers *numbers)
{
	numbers->count = count;
	numbers->values[0] = around[1];
	for (size_t i = 1; i < count; i++)
		numbers->values[i] = around[i % 2 ? 0 : 2];
}

/* The same doubles with eleven bits more at every step. */
static double long_stddev(const struct numbers *numbers)
{
	long double sum = 0, squares = 0, count = (long double)numbers->count;

	for (size_t i = 0; i < numbers->count; i++)
		sum += numbers->values[i];
	for (size_t i = 0; i < numbers->count; i++)
		squares += (numbers->values[i] - sum / count) * (numbers->values[i] - sum / count);
	return (double)sqrtl(squares / (count - 1));
}

static const struct dataset {
	const char *name;
	double around[3]; /* of those given by formula */
	size_t count;
	double mean, stddev;
	double least; /* digits of the deviation */
} datasets[] = {
	{ "pidigits", { 0 }, 5000, 4.53480000000000, 2.86733906028871, 14 },
	{ "lottery", { 0 }, 218, 518.958715596330, 291.699727470969, 14 },
	{ "lew", { 0 }, 200, -177.435000000000, 277.332168044316, 14 },
	{ "mavro", { 0 }, 50, 2.00185600000000, 0.000429123454003053, 13 },
	{ "michelso", { 0 }, 100, 299.852400000000, 0.0790105478190518, 13 },
	{ "NumAcc1", { 10000001, 10000002, 10000003 }, 3, 10000002, 1, 15 },
	{ "NumAcc2", { 1.1, 1.2, 1.3 }, 1001, 1.2, 0.1, 14 },
	/* As doubles the data are off by 2e-11 and 2e-10 already. */
	{ "NumAcc3", { 1000000.1, 1000000.2, 1000000.3 }, 1001, 1000000.2, 0.1, 9 },
	{ "NumAcc4", { 10000000.1, 10000000.2, 10000000.3 }, 1001, 10000000.2, 0.1, 8 },
};

static void test_univariate(void **state)
{
	static struct numbers numbers;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(datasets); i++) {
		const struct dataset *dataset = &datasets[i];
		double mean, stddev, exact;

		if (dataset->around[0] > 0)
			make_numbers(dataset->around, dataset->count, &numbers);
		else
			read_numbers(dataset->name, &numbers);
		assert_int_equal(numbers.count, dataset->count);
		mean = log_relative_error(stats_mean(numbers.values, numbers.count), dataset->mean);
		stddev = stats_stddev(numbers.values, numbers.count);
		exact = log_relative_error(stddev, long_stddev(&numbers));
		stddev = log_relative_error(stddev, dataset->stddev);
		print_message("%-8s  digits of the mean %4.1f, of the deviation %4.1f (of the "
			      "same doubles' %4.1f)\n",
			      dataset->name, mean, stddev, exact);
		assert_true(mean >= 15 - 0.5);
		assert_true(stddev >= dataset->least);
		assert_true(exact >= 15 - 0.5);
	}
}

static void test_norris(void **state)
{
	static struct numbers numbers;
	double x[MOST / 2], y[MOST / 2], slope, intercept, r2;
	struct fit fit;

	(void)state;
	read_numbers("norris", &numbers);
	assert_int_equal(numbers.count, 2 * 36);
	for (size_t i = 0; i < numbers.count; i++)
		*(i % 2 ? &x[i / 2] : &y[i / 2]) = numbers.values[i];
	assert_true(stats_fit(x, y, numbers.count / 2, &fit));
	slope = log_relative_error(fit.slope, 1.00211681802045);
	intercept = log_relative_error(fit.intercept, -0.262323073774029);
	r2 = log_relative_error(fit.r2, 0.999993745883712);
	print_message("norris    digits of the slope %.1f, the intercept %.1f, R2 %.1f\n", slope,
		      intercept, r2);
	assert_true(slope >= 14);
	/* mean(y) - slope * mean(x): 426 less 427 leaves three digits less. */
	assert_true(intercept >= 12);
	assert_true(r2 >= 14);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_univariate),
		cmocka_unit_test(test_norris),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
