// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/grouped.h"
#include "harness/samples.h"
#include "tests/test.h"

#include <string.h>

static void test_series(void **state)
{
	struct samples *samples = samples_new();
	char name[] = "veth1";
	uint32_t first = samples_series(samples, name, DIRECTION_REQUEST, "ns");

	(void)state;
	name[4] = '2'; /* it keeps a copy */
	assert_int_equal(first, 0);
	assert_int_equal(samples_series(samples, name, DIRECTION_REQUEST, "ns"), 1);
	assert_int_equal(samples_series(samples, "veth1", DIRECTION_REPLY, "ns"), 2);
	assert_int_equal(samples_series(samples, "veth1", DIRECTION_REQUEST, "instructions"), 3);
	assert_int_equal(samples_series(samples, "veth1", DIRECTION_REQUEST, "ns"), 0);
	assert_int_equal(samples_series_count(samples), 4);
	assert_string_equal(samples_get_series(samples, 0)->name, "veth1");
	assert_int_equal(samples_get_series(samples, 2)->direction, DIRECTION_REPLY);
	assert_string_equal(samples_get_series(samples, 3)->unit, "instructions");
	samples_free(samples);
}

static void test_many(void **state)
{
	struct samples *samples = samples_new();
	uint32_t series = samples_series(samples, "a", DIRECTION_BOTH, "ns");

	(void)state;
	for (uint32_t i = 0; i < 100000; i++)
		samples_add(samples, i % 7, i % 5, i, series, i * 0.5);
	assert_int_equal(samples_size(samples), 100000);
	for (uint32_t i = 0; i < 100000; i += 999) {
		const struct sample *sample = samples_get(samples, i);

		assert_int_equal(sample->cell, i % 7);
		assert_int_equal(sample->batch, i % 5);
		assert_int_equal(sample->iteration, i);
		assert_near(sample->value, i * 0.5, 0);
	}
	samples_free(samples);
}

static void test_counters(void **state)
{
	struct samples *samples = samples_new();
	const struct counter *counter;
	char name[32];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 3000; i++) {
			snprintf(name, sizeof(name), "hooks.%u.request", i % 100);
			samples_count(samples, i % 10, i / 1000, name, round + 1);
		}
	}
	assert_int_equal(samples_counter_count(samples), 300);
	for (size_t i = 0; i < 300; i++) {
		counter = samples_get_counter(samples, i);
		assert_near(counter->value, 10 * (1 + 2 + 3), 0);
	}
	counter = samples_get_counter(samples, 101);
	assert_string_equal(counter->name, "hooks.1.request");
	assert_int_equal(counter->cell, 1);
	assert_int_equal(counter->batch, 1);
	samples_free(samples);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(direction_names[DIRECTION_REQUEST], "request");
	assert_string_equal(direction_names[DIRECTION_REPLY], "reply");
	assert_string_equal(direction_names[DIRECTION_BOTH], "both");
	assert_null(direction_names[DIRECTION_COUNT]);
	assert_string_equal(loss_names[LOSS_sent], "sent");
	assert_string_equal(loss_names[LOSS_unaccounted], "unaccounted");
	samples_free(NULL);
}

static void test_grouped(void **state)
{
	struct samples *samples = samples_new();
	uint32_t a = samples_series(samples, "a", DIRECTION_REQUEST, "ns");
	uint32_t b = samples_series(samples, "b", DIRECTION_REQUEST, "ns");
	struct grouped *grouped;
	struct group group;

	(void)state;
	samples_series(samples, "unused", DIRECTION_REQUEST, "ns");
	samples_add(samples, 1, 0, 0, b, 10);
	samples_add(samples, 0, 0, 0, a, 20);
	samples_add(samples, 1, 0, 0, a, 30);
	samples_add(samples, 1, 2, 1, b, 40);
	samples_add(samples, 9, 7, 0, a, 50); /* beyond the cells asked for */
	samples_count(samples, 1, 3, "sent", 5);
	samples_count(samples, 0, 0, "sent", 6);
	samples_count(samples, 1, 0, "sent", 7);
	samples_count(samples, 8, 8, "sent", 8);
	grouped = grouped_new(samples, 3);
	assert_int_equal(grouped_batch_count(grouped, 0), 1);
	assert_int_equal(grouped_batch_count(grouped, 1), 4); /* a counter speaks of the last */
	assert_int_equal(grouped_batch_count(grouped, 2), 0);
	assert_int_equal(grouped_count(grouped, 0), 1);
	assert_int_equal(grouped_count(grouped, 1), 2);
	assert_int_equal(grouped_count(grouped, 2), 0);
	group = grouped_get(grouped, 1, 0);
	assert_string_equal(group.series->name, "b"); /* met first in this cell */
	assert_int_equal(group.count, 2);
	assert_near(group.values[0], 10, 0);
	assert_near(group.values[1], 40, 0);
	assert_int_equal(group.batches[1], 2);
	assert_int_equal(grouped_counter_count(grouped, 0), 1);
	assert_int_equal(grouped_counter_count(grouped, 1), 2);
	assert_int_equal(grouped_counter_count(grouped, 2), 0);
	assert_near(grouped_get_counter(grouped, 1, 0)->value, 5, 0);
	assert_near(grouped_get_counter(grouped, 1, 1)->value, 7, 0);
	grouped_free(grouped);
	samples_free(samples);
}

static void test_grouped_empty(void **state)
{
	struct samples *samples = samples_new();
	struct grouped *grouped = grouped_new(samples, 0);

	(void)state;
	grouped_free(grouped);
	grouped = grouped_new(samples, 2);
	assert_int_equal(grouped_batch_count(grouped, 1), 0);
	assert_int_equal(grouped_count(grouped, 1), 0);
	assert_int_equal(grouped_counter_count(grouped, 1), 0);
	grouped_free(grouped);
	grouped_free(NULL);
	samples_free(samples);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_series),	 cmocka_unit_test(test_many),
		cmocka_unit_test(test_counters), cmocka_unit_test(test_names),
		cmocka_unit_test(test_grouped),	 cmocka_unit_test(test_grouped_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
