// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/field.h"

#include <arpa/inet.h>
#include <string.h>

static const struct {
	const char *text;
	bool with_prefix;
	sa_family_t family;
	uint8_t prefix_length;
	const char *formatted;
} good[] = {
	{ "198.18.0.1", false, AF_INET, 32, "198.18.0.1" },
	{ "198.18.0.1", true, AF_INET, 32, "198.18.0.1" },
	{ "198.18.0.1/24", true, AF_INET, 24, "198.18.0.1/24" },
	{ "0.0.0.0/0", true, AF_INET, 0, "0.0.0.0/0" },
	{ "198.18.0.1/32", true, AF_INET, 32, "198.18.0.1" },
	{ "fd00::1", false, AF_INET6, 128, "fd00::1" },
	{ "FD00:0:0:0:0:0:0:1/64", true, AF_INET6, 64, "fd00::1/64" },
	{ "::/0", true, AF_INET6, 0, "::/0" },
	{ "::ffff:198.18.0.1/128", true, AF_INET6, 128, "::ffff:198.18.0.1" },
	{ "default", true, AF_UNSPEC, 0, "default" },
};

static void test_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		char text[INET6_ADDRSTRLEN + 4];
		struct address address;

		if (!address_parse(good[i].text, good[i].with_prefix, &address))
			fail_msg("%s is refused", good[i].text);
		assert_int_equal(address.family, good[i].family);
		assert_int_equal(address.prefix_length, good[i].prefix_length);
		assert_string_equal(address_format(&address, text, sizeof(text)),
				    good[i].formatted);
	}
}

static const struct {
	const char *text;
	bool with_prefix;
} bad[] = {
	{ "", false },
	{ "", true },
	{ "/", true },
	{ "/24", true },
	{ "198.18.0.300", false },
	{ "198.18.0", false },
	{ "198.18.0.1 ", false },
	{ " 198.18.0.1", false },
	{ "198.18.0.01", false },
	{ "198.18.0.1/24", false },
	{ "198.18.0.1/", true },
	{ "198.18.0.1/33", true },
	{ "198.18.0.1/-1", true },
	{ "198.18.0.1/+8", true },
	{ "198.18.0.1/ 8", true },
	{ "198.18.0.1/8/8", true },
	{ "198.18.0.1/256", true },
	{ "198.18.0.1/4294967304", true },
	{ "fd00::1/129", true },
	{ "fd00::1%lo", false },
	{ "fd00:::1", false },
	{ "default", false },
	{ "default/0", true },
	{ "localhost", false },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc:dddd", false },
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct address before = { .family = 7, .prefix_length = 9 };
		struct address address = before;

		if (address_parse(bad[i].text, bad[i].with_prefix, &address))
			fail_msg("%s is taken for an address", bad[i].text);
		assert_memory_equal(&address, &before, sizeof(before));
	}
}

static void test_bytes(void **state)
{
	const uint8_t expected[16] = { 198, 18, 1, 2 };
	struct address address;

	(void)state;
	assert_true(address_parse("198.18.1.2", false, &address));
	assert_memory_equal(address.bytes, expected, sizeof(expected));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
