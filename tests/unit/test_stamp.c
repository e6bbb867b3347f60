// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/stamp.h"
#include "tests/test.h"

#include <string.h>

#define MAGIC 0x1122334455667788u

static void test_round_trip_at_any_length(void **state)
{
	static const size_t sizes[] = { 16, 17, 18, 56, 63, 1472, 65000, 65535 };
	static unsigned char payload[65536];
	struct stamp stamp = { .magic = MAGIC, .sequence = 0x80000007, .direction = STAMP_REPLY };
	struct stamp found;

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(payload, 0xa5, sizeof(payload));
		stamp_write(payload, sizes[i], &stamp);
		assert_true(stamp_find(payload, sizes[i], MAGIC, &found));
		assert_int_equal(found.sequence, stamp.sequence);
		assert_int_equal(found.direction, STAMP_REPLY);
		assert_int_equal(found.payload_bytes, sizes[i]);
		/* Nothing before it or behind it is touched. */
		for (size_t at = 0; at < sizes[i] - STAMP_BYTES; at++)
			assert_int_equal(payload[at], 0xa5);
		assert_int_equal(payload[sizes[i]], 0xa5);
	}
}

static void test_layout(void **state)
{
	/* BPF reads these places from the packet's end. */
	(void)state;
	assert_int_equal(offsetof(struct stamp, magic), 0);
	assert_int_equal(offsetof(struct stamp, sequence), 8);
	assert_int_equal(offsetof(struct stamp, payload_bytes), 12);
	assert_int_equal(offsetof(struct stamp, direction), 14);
}

static void test_refuses_what_is_not_its_own(void **state)
{
	unsigned char payload[64] = { 0 };
	struct stamp stamp = { .magic = MAGIC, .sequence = 1 };
	struct stamp found;

	(void)state;
	assert_false(stamp_find(payload, sizeof(payload), MAGIC, &found));
	stamp_write(payload, sizeof(payload), &stamp);
	assert_true(stamp_find(payload, sizeof(payload), MAGIC, &found));
	assert_false(stamp_find(payload, sizeof(payload), MAGIC + 1, &found));
	/* Cut in front: the stamp is whole, but not of this length. */
	assert_false(stamp_find(payload + 1, sizeof(payload) - 1, MAGIC, &found));
	assert_false(stamp_find(payload, sizeof(payload) - 1, MAGIC, &found));
	assert_false(stamp_find(payload, STAMP_BYTES - 1, MAGIC, &found));
	assert_false(stamp_find(payload, 0, MAGIC, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip_at_any_length),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_refuses_what_is_not_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
