// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/place.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

static uint64_t only(enum place_position position, uint64_t services)
{
	const struct place place = { .position = position, .services = services, .packets = 10 };
	uint64_t first = place_choose(&place, 0);

	for (uint64_t i = 1; i < place.packets; i++)
		assert_int_equal(place_choose(&place, i), first);
	return first;
}

static void test_fixed(void **state)
{
	(void)state;
	assert_int_equal(only(PLACE_FIRST, 1000), 0);
	assert_int_equal(only(PLACE_MIDDLE, 1000), 500);
	assert_int_equal(only(PLACE_LAST, 1000), 999);
	assert_int_equal(only(PLACE_MIDDLE, 1), 0);
	assert_int_equal(only(PLACE_LAST, 1), 0);
	assert_int_equal(only(PLACE_RANDOM, 1), 0);
}

/* Each of `packets` equal parts of the list has just one packet. */
static void check_strata(const struct place *place)
{
	char *seen = calloc(place->packets, 1);

	assert_non_null(seen);
	for (uint64_t i = 0; i < place->packets; i++) {
		uint64_t chosen = place_choose(place, i);
		uint64_t part = chosen * place->packets / place->services;

		assert_true(chosen < place->services);
		assert_int_equal(place_choose(place, i), chosen);
		assert_int_equal(seen[part]++, 0);
	}
	free(seen);
}

static void test_strata(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++)
		for (uint64_t packets = 1; packets <= 128; packets++)
			check_strata(&(const struct place){ .position = PLACE_RANDOM,
							    .services = packets * 100,
							    .packets = packets,
							    .seed = seed });
}

/* Over many seeds all places are alike: chi-square of 10 places, of 9 degrees of freedom. */
static void test_uniform(void **state)
{
	double chi_square = 0;
	unsigned counts[10] = {};

	(void)state;
	for (uint64_t seed = 0; seed < 10000; seed++)
		counts[place_choose(&(const struct place){ .position = PLACE_RANDOM,
							   .services = 10,
							   .packets = 7,
							   .seed = seed },
				    3)]++;
	for (unsigned i = 0; i < 10; i++)
		chi_square += pow(counts[i] - 1000.0, 2) / 1000;
	assert_true(chi_square < 27.88); /* p 0.001 */
	assert_true(chi_square > 0);
}

static void test_many(void **state)
{
	const struct place place = { .position = PLACE_RANDOM,
				     .services = 1000000,
				     .packets = 2147483647,
				     .seed = UINT64_MAX };

	(void)state;
	for (uint64_t i = 0; i < place.packets; i += 1000003)
		assert_true(place_choose(&place, i) < place.services);
	assert_true(place_choose(&place, place.packets - 1) < place.services);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_strata),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
