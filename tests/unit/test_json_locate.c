// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/diag.h"
#include "harness/json_locate.h"

#include <stdlib.h>
#include <string.h>

static const char document[] = "{\n"
			       "  \"name\": \"x\",\n"
			       "  \"load\": { \"rate_pps\": -5, \"empty\": {} },\n"
			       "  \"links\": [ {\"mtu\": 1}, [2, [3, 4]], \"a,]}\\\"b\", true ],\n"
			       "  \"topology.nodes.a\": [ 1, 2 ],\n"
			       "  \"q\\\"\\\\b\": 7, \"\": 8,\n"
			       "  \"\xc3\xa9\xe2\x82\xac\": { \"k\": 9 }, \"\\ud83d\\ude00\": 10,\n"
			       "  \"n\\u0061me2\": 11, \"tab\\tx\": 12, \"{i}\": 13\n"
			       "}\n";

static const struct {
	const char *path;
	bool key, found;
	unsigned line, column;
} places[] = {
	{ "", false, true, 1, 1 },
	{ "", true, true, 1, 1 },
	{ "name", false, true, 2, 11 },
	{ "name", true, true, 2, 3 },
	{ "load.rate_pps", false, true, 3, 25 },
	{ "load.rate_pps", true, true, 3, 13 },
	{ "load.empty", false, true, 3, 38 },
	{ "load.empty.x", false, false, 3, 38 },
	{ "load.from", false, false, 3, 11 },
	{ "load.from", true, false, 3, 11 },
	{ "load.rate_pps.x", false, false, 3, 25 },
	{ "links", false, true, 4, 12 },
	{ "links[0].mtu", false, true, 4, 22 },
	{ "links[0].mtu", true, true, 4, 15 },
	{ "links[1]", false, true, 4, 26 },
	{ "links[1][1][1]", false, true, 4, 34 },
	{ "links[2]", false, true, 4, 39 },
	{ "links[3]", false, true, 4, 50 },
	{ "links[3]", true, true, 4, 50 },
	{ "links[4]", false, false, 4, 12 },
	{ "links[99999999999999999999999]", false, false, 4, 12 },
	{ "links.x", false, false, 4, 12 },
	{ "[\"topology.nodes.a\"][1]", false, true, 5, 28 },
	{ "topology.nodes.a", false, false, 1, 1 },
	{ "[\"q\\\"\\\\b\"]", false, true, 6, 13 },
	{ "[\"\"]", false, true, 6, 20 },
	{ "[\"\"]", true, true, 6, 16 },
	{ "[\"\xc3\xa9\xe2\x82\xac\"].k", false, true, 7, 16 },
	{ "[\"\\u00e9\\u20AC\"].k", false, true, 7, 16 },
	{ "[\"\xf0\x9f\x98\x80\"]", true, true, 7, 21 },
	{ "name2", false, true, 8, 17 },
	{ "[\"tab\\tx\"]", false, true, 8, 31 },
	{ "[\"tab\\u0009x\"]", false, true, 8, 31 },
	{ "{i}", false, true, 8, 42 },
	{ "nothing", false, false, 1, 1 },
	{ "[0]", false, false, 1, 1 },
	{ "[", false, false, 1, 1 },
	{ "[\"", false, false, 1, 1 },
	{ "[\"name\"", false, false, 1, 1 },
	{ "[]", false, false, 1, 1 },
	{ ".", false, false, 1, 1 },
	{ "load..rate_pps", false, false, 3, 11 },
};

static void test_places(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct json_position at;
		bool found =
			json_locate(document, strlen(document), places[i].path, places[i].key, &at);

		if (found != places[i].found || at.line != places[i].line ||
		    at.column != places[i].column)
			fail_msg("%s (%d): %d at %u:%u, not %d at %u:%u", places[i].path,
				 places[i].key, found, at.line, at.column, places[i].found,
				 places[i].line, places[i].column);
	}
}

static const struct {
	const char *text, *path;
} garbage[] = {
	{ "", "" },	     { "", "a" },	  { " \n", "" },      { "}", "" },
	{ "{", "a" },	     { "{\"a", "a" },	  { "{\"a\"", "a" },  { "{\"a\":", "a" },
	{ "{\"a\":}", "a" }, { "{\"a\\", "a" },	  { "[", "[0]" },     { "[,]", "[0]" },
	{ "[1", "[1]" },     { "[1,", "[1]" },	  { "[1 2]", "[1]" }, { "[[[[", "[1]" },
	{ "[]", "[0]" },     { "{\"b\"1}", "b" }, { "{a:1}", "a" },   { "[\"\\", "[1]" },
};

static void test_garbage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		struct json_position at = { 0, 0 };

		if (json_locate(garbage[i].text, strlen(garbage[i].text), garbage[i].path, false,
				&at))
			fail_msg("found %s in %s", garbage[i].path, garbage[i].text);
		assert_int_not_equal(at.line, 0);
		assert_int_not_equal(at.column, 0);
	}
}

/* The text ends where it is said to end, though more of it lies behind. */
static void test_length(void **state)
{
	struct json_position at;

	(void)state;
	for (size_t length = 0; length < sizeof(document); length++) {
		_free_ char *exact = malloc(length ? length : 1);

		memcpy(exact, document, length);
		for (size_t i = 0; i < ARRAY_SIZE(places); i++)
			json_locate(exact, length, places[i].path, places[i].key, &at);
	}
	assert_false(json_locate("{\"a\":1}", 5, "a", false, &at));
	assert_true(json_locate("{\"a\":1}", 6, "a", false, &at));
}

static void fill_random(char *text, size_t length)
{
	static const char alphabet[] = "{}[]\",:\\u0a9 \n\t-.tebd8\xc3\xff";

	for (size_t i = 0; i < length; i++)
		text[i] =
			rand() % 16 ? alphabet[rand() % (int)(sizeof(alphabet) - 1)] : (char)rand();
}

/* In blocks of exactly their size, so that the address sanitizer sees a step too far. */
static void test_random_bytes(void **state)
{
	(void)state;
	srand(1);
	for (int i = 0; i < 100000; i++) {
		size_t length = (size_t)rand() % 64;
		_free_ char *text = malloc(length + 1);
		_free_ char *path = calloc(1, 17);
		struct json_position at;

		text = realloc(text, length ? length : 1);
		fill_random(text, length);
		fill_random(path, (size_t)rand() % 17);
		json_locate(text, length, path, rand() % 2, &at);
		assert_true(at.line >= 1 && at.column >= 1);
	}
}

/* Changes a few bytes of a good document, so that the walk gets deep before it stumbles. */
static void test_damaged_document(void **state)
{
	size_t length = sizeof(document) - 1;
	_free_ char *text = malloc(length);

	(void)state;
	srand(2);
	for (int i = 0; i < 20000; i++) {
		size_t place = (size_t)rand() % ARRAY_SIZE(places);
		struct json_position at;

		memcpy(text, document, length);
		for (int k = rand() % 4; k >= 0; k--)
			fill_random(text + (size_t)rand() % length, 1);
		json_locate(text, length, places[place].path, places[place].key, &at);
		assert_true(at.line >= 1 && at.line <= length && at.column <= length);
	}
}

static void test_deep_and_long(void **state)
{
	const size_t depth = 4u << 20;
	_free_ char *text = malloc(depth + 8);
	struct json_position at;

	(void)state;
	memset(text, '[', depth);
	assert_false(json_locate(text, depth, "[1]", false, &at));
	assert_false(json_locate(text, depth, "[0][0][7]", false, &at));
	assert_int_equal(at.column, 3);
	memset(text, ' ', depth);
	memcpy(text, "[\"", 2);
	memcpy(text + depth, "\",1]", 4);
	assert_true(json_locate(text, depth + 4, "[1]", false, &at));
	assert_int_equal(at.column, depth + 3);
}

static size_t characters_before(const char *text, const char *mark)
{
	const char *end = strstr(text, mark);
	size_t count = 0;

	for (; text < end; text++)
		count += ((unsigned char)*text & 0xc0) != 0x80;
	return count;
}

/* Whatever the key, the path that is written for it leads back to it. */
static void test_round_trip(void **state)
{
	static const char *const keys[] = {
		"plain", "{i}-x_Y9",	   "",	       "with.dot", "[0]",    "a]b",  "quote\"",
		"\\",	 "tab\tnewline\n", "\x01\x1f", "\xc3\xa9", "spa ce", "\x7f", "\\u0041",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct jpath outer = { .up = NULL, .key = keys[i] };
		const struct jpath item = { .up = &outer, .index = 1 };
		const struct jpath inner = { .up = &item, .key = keys[i] };
		_json_ json_t *json = json_pack("{s:i, s:[i, {s:i, s:i}]}", "other", 1, keys[i], 0,
						"before", 5, keys[i], 777);
		_free_ char *text =
			json_dumps(json, JSON_COMPACT | (i % 2 ? JSON_ENSURE_ASCII : 0));
		struct json_position at;
		char path[200];

		jpath_format(&inner, path, sizeof(path));
		if (!json_locate(text, strlen(text), path, false, &at))
			fail_msg("%s is not found in %s", path, text);
		assert_int_equal(at.column, characters_before(text, "777") + 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),		 cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_length),		 cmocka_unit_test(test_random_bytes),
		cmocka_unit_test(test_damaged_document), cmocka_unit_test(test_deep_and_long),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
