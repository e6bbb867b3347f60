// SPDX-License-Identifier: GPL-2.0-only
/* What a good sweep comes to; what is said to bad ones is in tests/golden. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/json_set.h"
#include "harness/sweep.h"

#include <string.h>

struct expanded {
	json_t *json;
	struct arena *arena;
	struct diag *diag;
	struct sweep *sweep;
};

static struct expanded expand(const char *text)
{
	struct expanded expanded = { .arena = arena_new(), .diag = diag_new("s.json", NULL, 0) };

	expanded.json = text ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
	assert_true(!text || expanded.json);
	expanded.sweep = sweep_expand(expanded.json, expanded.arena, expanded.diag);
	return expanded;
}

static void expanded_done(struct expanded *expanded)
{
	sweep_done(expanded->sweep);
	diag_free(expanded->diag);
	arena_free(expanded->arena);
	json_decref(expanded->json);
}
#define _expanded_ __attribute__((cleanup(expanded_done)))

static void assert_setting(const struct sweep_setting *setting, const char *path, json_int_t value,
			   const char *source)
{
	assert_string_equal(setting->path, path);
	assert_int_equal(json_integer_value(setting->value), value);
	assert_string_equal(setting->source, source);
}

static void assert_json(const json_t *json, const char *expected)
{
	_free_ char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);

	assert_string_equal(text, expected);
}

static void test_none(void **state)
{
	static const char *const none[] = { NULL, "{}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		_expanded_ struct expanded expanded = expand(none[i]);

		assert_int_equal(diag_count(expanded.diag), 0);
		assert_int_equal(expanded.sweep->cell_count, 1);
		assert_int_equal(expanded.sweep->cells[0].setting_count, 0);
		assert_string_equal(expanded.sweep->cells[0].label, "");
		assert_json(expanded.sweep->cells[0].factors, "{}");
	}
}

static void test_product(void **state)
{
	static const char *const labels[] = { "size=1 mtu=10", "size=1 mtu=20", "size=1 mtu=30",
					      "size=2 mtu=10", "size=2 mtu=20", "size=2 mtu=30" };
	_expanded_ struct expanded expanded =
		expand("{ \"load.size\": [1, 2], \"topology.links[0].mtu\": [10, 20, 30] }");
	const struct sweep_cell *last = &expanded.sweep->cells[5];

	(void)state;
	assert_int_equal(diag_count(expanded.diag), 0);
	assert_int_equal(expanded.sweep->cell_count, ARRAY_SIZE(labels));
	for (size_t i = 0; i < ARRAY_SIZE(labels); i++)
		assert_string_equal(expanded.sweep->cells[i].label, labels[i]);
	assert_json(last->factors, "{\"load.size\":2,\"topology.links[0].mtu\":30}");
	assert_int_equal(last->setting_count, 2);
	assert_setting(&last->settings[0], "load.size", 2, "sweep[\"load.size\"][1]");
	assert_setting(&last->settings[1], "topology.links[0].mtu", 30,
		       "sweep[\"topology.links[0].mtu\"][2]");
}

static void test_labels(void **state)
{
	_expanded_ struct expanded expanded =
		expand("{ \"shape\": [{ \"label\": \"a b\", \"set\": { \"load.size\": 5, "
		       "\"load.ttl\": 6 } },"
		       "              { \"label\": \"none\", \"set\": {} }],"
		       "  \"load.family\": [\"ipv4\", \"ipv6\"], \"load.x\": [0.1, true] }");
	const struct sweep_cell *first = expanded.sweep->cells;

	(void)state;
	assert_int_equal(diag_count(expanded.diag), 0);
	assert_int_equal(expanded.sweep->cell_count, 8);
	assert_string_equal(first->label, "shape=a b family=ipv4 x=0.1");
	assert_string_equal(expanded.sweep->cells[7].label, "shape=none family=ipv6 x=true");
	assert_int_equal(first->setting_count, 4);
	assert_int_equal(expanded.sweep->cells[7].setting_count, 2);
	assert_json(json_object_get(first->factors, "shape"), "\"a b\"");
	assert_json(json_object_get(first->factors, "load.family"), "\"ipv4\"");
	assert_json(json_object_get(expanded.sweep->cells[7].factors, "load.x"), "true");
}

/* A part that one factor sets must survive the whole that a later factor sets. */
static void test_whole_before_part(void **state)
{
	_expanded_ struct expanded expanded = expand(
		"{ \"topology.nodes.n.proxy.services\": [100, 1000],"
		"  \"mode\": [{ \"label\": \"x\","
		"              \"set\": { \"topology.nodes.n.proxy\": { \"mode\": 1 } } }] }");
	const struct sweep_cell *cell = &expanded.sweep->cells[1];

	(void)state;
	assert_int_equal(diag_count(expanded.diag), 0);
	assert_string_equal(cell->settings[0].path, "topology.nodes.n.proxy");
	assert_string_equal(cell->settings[1].path, "topology.nodes.n.proxy.services");
}

static void test_same_last_part(void **state)
{
	_expanded_ struct expanded expanded =
		expand("{ \"a.rules\": [1], \"b.rules\": [2], \"c.size\": [3] }");

	(void)state;
	assert_string_equal(expanded.sweep->cells[0].label, "a.rules=1 b.rules=2 size=3");
}

static void fill(json_t *sweep, const char *path, size_t count)
{
	json_t *values = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(values, json_integer((json_int_t)i));
	json_object_set_new(sweep, path, values);
}

/* The most there may be, and one more; a product that overflows is as well told. */
static void test_most_cells(void **state)
{
	static const struct {
		size_t counts[4], cells;
	} cases[] = { { { 100, 100, 1, 1 }, 10000 },
		      { { 73, 137, 1, 1 }, 0 },
		      { { 9999, 9999, 9999, 9999 }, 0 } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		static const char *const paths[] = { "load.a", "load.b", "load.c", "load.d" };
		_arena_ struct arena *arena = arena_new();
		_diag_ struct diag *diag = diag_new("s.json", NULL, 0);
		_json_ json_t *json = json_object();
		struct sweep *sweep;

		for (size_t j = 0; j < ARRAY_SIZE(paths); j++)
			fill(json, paths[j], cases[i].counts[j]);
		sweep = sweep_expand(json, arena, diag);
		assert_int_equal(sweep->cell_count, cases[i].cells);
		assert_int_equal(diag_count(diag), cases[i].cells ? 0 : 1);
		sweep_done(sweep);
	}
}

static const struct {
	const char *path, *result; /* NULL: it cannot be put there */
	size_t made;
} set_cases[] = {
	{ "a", "{\"a\":0,\"l\":[1,{\"x\":2}],\"on\":true,\"s\":\"t\"}", 1 },
	{ "l[0]", "{\"a\":{\"b\":1},\"l\":[0,{\"x\":2}],\"on\":true,\"s\":\"t\"}", 4 },
	{ "l[1].x", "{\"a\":{\"b\":1},\"l\":[1,{\"x\":0}],\"on\":true,\"s\":\"t\"}", 6 },
	{ "a.c.d.e",
	  "{\"a\":{\"b\":1,\"c\":{\"d\":{\"e\":0}}},\"l\":[1,{\"x\":2}],\"on\":true,\"s\":\"t\"}",
	  3 },
	{ "a[\"x.y\"].z",
	  "{\"a\":{\"b\":1,\"x.y\":{\"z\":0}},\"l\":[1,{\"x\":2}],\"on\":true,\"s\":\"t\"}", 8 },
	{ "a[\"q\\\"\"]",
	  "{\"a\":{\"b\":1,\"q\\\"\":0},\"l\":[1,{\"x\":2}],\"on\":true,\"s\":\"t\"}", 8 },
	/* `true` stands for {} */
	{ "on.x", "{\"a\":{\"b\":1},\"l\":[1,{\"x\":2}],\"on\":{\"x\":0},\"s\":\"t\"}", 4 },
	{ "l[2]", NULL, 0 },
	{ "l[3].x", NULL, 0 },
	{ "s.x", NULL, 0 },
	{ "\xff.x", NULL, 0 },
	{ "\xff", NULL, 0 },
	{ "a[0]", NULL, 0 },
	{ "l.x", NULL, 0 },
	{ "", NULL, 0 },
	{ ".", NULL, 0 },
	{ "a.", NULL, 0 },
	{ ".a", NULL, 0 },
	{ "a..b", NULL, 0 },
	{ "l[-1]", NULL, 0 },
	{ "l[+1]", NULL, 0 },
	{ "l[ 1]", NULL, 0 },
	{ "l[]", NULL, 0 },
	{ "l[1", NULL, 0 },
	{ "l[1]x", NULL, 0 },
	{ "l.[1]", NULL, 0 },
	{ "l[4294967296]", NULL, 0 },
	{ "l[18446744073709551616]", NULL, 0 },
	{ "a[\"x", NULL, 0 },
	{ "a[\"x\"", NULL, 0 },
	{ "a[\"x\\", NULL, 0 },
};

static void test_set_path(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(set_cases); i++) {
		_json_ json_t *json = json_loads(
			"{\"a\":{\"b\":1},\"l\":[1,{\"x\":2}],\"on\":true,\"s\":\"t\"}", 0, NULL);
		size_t made = 0;
		const char *problem =
			json_set_path(json, set_cases[i].path, json_integer(0), &made);

		if (!problem != !!set_cases[i].result)
			fail_msg("%s: %s", set_cases[i].path, problem ?: "could be set");
		if (problem)
			continue;
		assert_json(json, set_cases[i].result);
		assert_int_equal(made, set_cases[i].made);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),	       cmocka_unit_test(test_product),
		cmocka_unit_test(test_labels),	       cmocka_unit_test(test_whole_before_part),
		cmocka_unit_test(test_same_last_part), cmocka_unit_test(test_most_cells),
		cmocka_unit_test(test_set_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
