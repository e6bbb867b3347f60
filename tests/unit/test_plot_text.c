// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/plot_text.h"

static void test_text(void **state)
{
	static const struct {
		double value;
		const char *unit, *text;
	} cases[] = {
		{ 500, "ns", "500 ns" },  { 1000, "ns", "1 µs" }, { 5e6, "ns", "5 ms" },
		{ 2000, "", "2000" },	  { 20000, "", "20k" },	  { 3e6, "instructions", "3M" },
		{ 2e6, "pps", "2 Mpps" },
	};
	char text[32];
	char *cut;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(
			plot_quantity(cases[i].value, cases[i].unit, text, sizeof(text)),
			cases[i].text);
	cut = plot_shorten("µµµµµµ", 4);
	assert_string_equal(cut, "µµµ…");
	free(cut);
	assert_true(plot_scale_for(1500, "ns").divisor == 1);
	assert_true(plot_scale_for(2500, "ns").divisor == 1000);
}

static void test_wrap(void **state)
{
	(void)state;
	assert_int_equal(plot_wrap("", 4), 0);
	assert_int_equal(plot_wrap("a bc", 4), 4);
	assert_int_equal(plot_wrap("a bcd", 4), 1);
	assert_int_equal(plot_wrap("a bc d", 4), 4);
	assert_int_equal(plot_wrap("abcdef", 4), 4);
	assert_int_equal(plot_wrap("µµ µµµ", 4), 4);
	assert_int_equal(plot_wrap("µµµµµ", 4), 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_text),
					    cmocka_unit_test(test_wrap) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
