// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/format.h"
#include "tests/test.h"

static void test_quantity(void **state)
{
	static const struct {
		double value;
		const char *unit, *text;
	} cases[] = {
		{ 0, "ns", "0 ns" },
		{ -0.0, "ns", "0 ns" },
		{ 26, "ns", "26 ns" },
		{ 26.5, "ns", "26.50 ns" },
		{ 0.0123, "ns", "0.01230 ns" },
		{ 1e-7, "ns", "1.000e-07 ns" },
		{ 999.94, "ns", "999.9 ns" },
		{ 999.96, "ns", "1.000 us" },
		{ 1000, "ns", "1.000 us" },
		{ 1234, "ns", "1.234 us" },
		{ -1234, "ns", "-1.234 us" },
		{ 12345678, "ns", "12.35 ms" },
		{ 8.5e9, "ns", "8.500 s" },
		{ 3e13, "ns", "30000 s" },
		{ 1481000, "pps", "1.481 Mpps" },
		{ 950, "pps", "950 pps" },
		{ 9.4e9, "bps", "9.400 Gbps" },
		{ 300000, "bps", "300.0 kbps" },
		{ 1500, "bytes", "1.500 kB" },
		{ 12345678, "instructions", "12345678 instructions" },
		{ 12345.5, "instructions", "12346 instructions" },
		{ 1e20, "instructions", "1.000e+20 instructions" },
		{ 0.33333333, "", "0.3333" },
		{ 2, "", "2" },
		{ NAN, "ns", "n/a" },
		{ INFINITY, "ns", "n/a" },
	};
	char text[FORMAT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(
			format_quantity(cases[i].value, cases[i].unit, text, sizeof(text)),
			cases[i].text);
}

static void test_interval(void **state)
{
	static const struct {
		double value, low, high;
		const char *unit, *text;
	} cases[] = {
		{ 3190, 2900, 3500, "ns", "3.190 us [2.900, 3.500]" },
		/* One scale for all three. */
		{ 1000, -5, 2005, "ns", "1.000 us [-0.005000, 2.005]" },
		{ 26, 26, 26, "instructions", "26 instructions [26, 26]" },
		{ 1500, 0, 3000, "ns", "1.500 us [0, 3.000]" },
		{ 2.5, 2, 3, "", "2.500 [2, 3]" },
		{ 5, NAN, NAN, "ns", "5 ns" },
		{ NAN, 1, 2, "ns", "n/a" },
	};
	char text[FORMAT_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct interval interval = { cases[i].low, cases[i].high };

		assert_string_equal(format_interval(cases[i].value, interval, cases[i].unit, text,
						    sizeof(text)),
				    cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quantity),
		cmocka_unit_test(test_interval),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
