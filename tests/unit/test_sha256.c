// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/proc.h"
#include "harness/sha256.h"

#include <string.h>

/* The examples of FIPS 180-4, and the million of "a" of its predecessor. */
static void test_published(void **state)
{
	static const struct {
		const char *text, *digest;
	} rows[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char digest[SHA256_TEXT_BYTES];
	struct sha256 sha;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		sha256_bytes(rows[i].text, strlen(rows[i].text), digest);
		assert_string_equal(digest, rows[i].digest);
	}
	sha256_init(&sha);
	for (int i = 0; i < 1000000; i++)
		sha256_add(&sha, "a", 1);
	sha256_finish(&sha, digest);
	assert_string_equal(digest,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* Every length about the edges of blocks, as the tool of that name says it. */
static void test_lengths(void **state)
{
	static const char *const argv[] = { "sha256sum", NULL };
	char bytes[200], digest[SHA256_TEXT_BYTES], line[100];
	struct err err;

	(void)state;
	if (!proc_exists("sha256sum"))
		skip_because("sha256sum is not installed");
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7 + 1);
	for (size_t length = 1; length <= sizeof(bytes); length++) {
		const struct proc proc = {
			.argv = argv, .input = bytes, .input_bytes = length, .netns_fd = -1
		};

		sha256_bytes(bytes, length, digest);
		assert_int_equal(proc_first_line(&proc, line, sizeof(line), &err), 0);
		assert_memory_equal(line, digest, SHA256_DIGITS);
	}
}

static void test_file(void **state)
{
	char digest[SHA256_TEXT_BYTES];
	struct err err = { 0 };

	(void)state;
	assert_int_equal(sha256_file("/dev/null", digest, &err), 0);
	assert_memory_equal(digest, "e3b0c442", 8);
	assert_true(sha256_file("/nonexistent/file", digest, &err) < 0);
	assert_non_null(strstr(err.text, "/nonexistent/file"));
	assert_true(sha256_file("/", digest, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_published),
					    cmocka_unit_test(test_lengths),
					    cmocka_unit_test(test_file) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
