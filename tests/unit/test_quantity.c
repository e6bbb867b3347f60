// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/quantity.h"
#include "loadgen/spread.h"

#include <string.h>

static void test_rates(void **state)
{
	static const struct {
		const char *text;
		enum rate_unit unit;
		double value;
	} cases[] = {
		{ "1", RATE_PPS, 1 },		{ "10kpps", RATE_PPS, 1e4 },
		{ "1.5Mpps", RATE_PPS, 1.5e6 }, { "1.5 Mpps", RATE_PPS, 1.5e6 },
		{ "300Mbit", RATE_BITS, 3e8 },	{ "1Gbit/s", RATE_BITS, 1e9 },
		{ "64kbps", RATE_BITS, 64e3 },	{ "0.5pps", RATE_PPS, 0.5 },
		{ "max", RATE_MAX, 0 },
	};
	static const char *const bad[] = { "",	   "0",	    "-1",	"pps",	 "1e6",	 "inf",
					   "1Mpp", "1..5",  "1 Mpps x", "0pps",	 "0x10", "nan",
					   "1M",   " 1pps", "1MB",	"1  pps" };
	struct rate rate;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!quantity_parse_rate(cases[i].text, &rate) || rate.unit != cases[i].unit)
			fail_msg("%s", cases[i].text);
		assert_near(rate.value, cases[i].value, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (quantity_parse_rate(bad[i], &rate))
			fail_msg("taken: '%s'", bad[i]);
}

static void test_bytes(void **state)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} cases[] = { { "64", 64 },	    { "64B", 64 },	  { "1.5kB", 1500 },
		      { "9KiB", 9 * 1024 }, { "2 MiB", 2 << 20 }, { "0B", 0 } };
	static const char *const bad[] = { "", "B", "64b", "0.5B", "64Bit", "-1B", "64 B ", "1TB" };
	uint64_t bytes;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!quantity_parse_bytes(cases[i].text, &bytes))
			fail_msg("%s", cases[i].text);
		assert_int_equal(bytes, cases[i].bytes);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (quantity_parse_bytes(bad[i], &bytes))
			fail_msg("taken: '%s'", bad[i]);
}

static void test_intervals(void **state)
{
	const struct rate million = { RATE_PPS, 1e6 }, third = { RATE_PPS, 3e6 };
	const struct rate bits = { RATE_BITS, 8e6 }, unlimited = { .unit = RATE_MAX };

	(void)state;
	assert_int_equal(quantity_interval_ps(&million, 60), 1000000);
	assert_int_equal(quantity_interval_ps(&third, 60), 333333);
	assert_int_equal(quantity_interval_ps(&bits, 1000), 1000000000);
	assert_int_equal(quantity_interval_ps(&unlimited, 60), 0);
}

static void test_seconds(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = { { "5", 5 },       { "5s", 5 },	  { "1.5 s", 1.5 },
		     { "500ms", 0.5 }, { "20us", 20e-6 }, { "2min", 120 } };
	static const char *const bad[] = { "", "s", "5x", "-1s", "1h", "1ss", "inf", "1e3" };
	double seconds;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(quantity_parse_seconds(good[i].text, &seconds));
		assert_float_equal(seconds, good[i].seconds, 1e-9);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(quantity_parse_seconds(bad[i], &seconds));
}

/* Every value lies in its bucket, and each bucket begins where the last ended. */
static void test_buckets(void **state)
{
	uint32_t last = 0;

	(void)state;
	for (uint64_t value = 0; value < 100000; value++) {
		uint32_t bucket = spread_bucket(value);

		assert_true(bucket == last || bucket == last + 1);
		last = bucket;
	}
	assert_int_equal(spread_bucket(31), 31);
	assert_int_equal(spread_bucket(32), 32);
	assert_int_equal(spread_bucket(UINT64_MAX), SPREAD_BUCKETS - 1);
}

static void test_percentiles(void **state)
{
	static struct spread spread, twice;

	(void)state;
	assert_int_equal(spread_percentile(&spread, 0.5), 0);
	for (uint64_t value = 1; value <= 10000; value++)
		spread_add(&spread, value);
	spread_merge(&twice, &spread);
	spread_merge(&twice, &spread);
	assert_int_equal(twice.count, 20000);
	for (double fraction = 0.05; fraction <= 1; fraction += 0.05) {
		double exact = fraction * 10000;
		double found = (double)spread_percentile(&twice, fraction);

		assert_true(found >= exact - 0.001 && found <= exact * (1 + 1.0 / 32));
	}
	assert_int_equal(spread_percentile(&spread, 1), 10000);
	assert_int_equal(spread_percentile(&spread, 0.001), 10);
}

static void test_percent(void **state)
{
	static const struct {
		const char *text;
		double percent;
	} cases[] = { { "2%", 2 }, { "0.5 %", 0.5 }, { "100%", 100 }, { "0%", 0 } };
	static const char *const bad[] = { "", "%", "2", "-1%", "2 ns", "2%%", "2  %", "1e1%" };
	double percent;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (!quantity_parse_percent(cases[i].text, &percent))
			fail_msg("%s", cases[i].text);
		assert_near(percent, cases[i].percent, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (quantity_parse_percent(bad[i], &percent))
			fail_msg("taken: '%s'", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),	    cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_intervals),   cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_percentiles), cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_percent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
