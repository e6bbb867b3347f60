// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "tests/unit/field_fixture.h"

#include <stdlib.h>
#include <string.h>

struct parsed {
	struct arena *arena;
	json_t *json;
	struct root root;
	char *faults;
};

static void parsed_done(struct parsed *parsed)
{
	arena_free(parsed->arena);
	json_decref(parsed->json);
	free(parsed->faults);
}
#define _parsed_ __attribute__((cleanup(parsed_done)))

static void parse(const char *text, struct parsed *ret)
{
	_diag_ struct diag *diag = diag_new("x.json", text, strlen(text));
	_fclose_ FILE *out = NULL;
	size_t size;

	*ret = (struct parsed){ .arena = arena_new() };
	ret->json = json_loads(text, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
	if (!ret->json)
		fail_msg("no JSON: %s", text);
	out = open_memstream(&ret->faults, &size);
	field_parse(root_fields, ret->json, NULL, &ret->root, ret->arena, diag);
	diag_print(diag, out);
}

static void test_defaults(void **state)
{
	_parsed_ struct parsed p;

	(void)state;
	parse("{\"title\": \"T\", \"$schema\": \"s.json\"}", &p);
	assert_string_equal(p.faults, "");
	assert_string_equal(p.root.title, "T");
	assert_null(p.root.name);
	assert_int_equal(p.root.count, 10);
	assert_int_equal(p.root.mode, 1);
	assert_near(p.root.seconds, 0.5, 0);
	assert_true(p.root.on);
	assert_int_equal(p.root.to.prefix_length, 24);
	assert_null(p.root.load.kind);
	assert_int_equal(p.root.nodes.count, 0);
}

static void test_scalars(void **state)
{
	_parsed_ struct parsed p;

	(void)state;
	parse("{\"title\": \"\xc3\xa9 \\\"q\\\"\", \"name\": \"A-1_b.c\", \"count\": 1e3,"
	      "\"seed\": 9223372036854775807, \"seconds\": 1, \"offset\": -2.5, \"mode\": "
	      "\"exact\","
	      "\"on\": false, \"to\": \"default\", \"names\": [\"n{next}\", \"{i}\"],"
	      "\"modes\": [\"vm\", \"native\"], \"any\": {\"x\": [1]}}",
	      &p);
	assert_string_equal(p.faults, "");
	assert_string_equal(p.root.title, "\xc3\xa9 \"q\"");
	assert_string_equal(p.root.name, "A-1_b.c");
	assert_int_equal(p.root.count, 1000);
	assert_true(p.root.seed == INT64_MAX);
	assert_near(p.root.seconds, 1, 0);
	assert_near(p.root.offset, -2.5, 0);
	assert_int_equal(p.root.mode, 2);
	assert_false(p.root.on);
	assert_int_equal(p.root.to.family, AF_UNSPEC);
	assert_string_equal(((const char **)p.root.names.items)[1], "{i}");
	assert_int_equal(((int *)p.root.modes.items)[0], 1);
	assert_ptr_equal(p.root.any, json_object_get(p.json, "any"));
}

static void test_kind(void **state)
{
	const struct common *common;
	const struct ping *ping;
	_parsed_ struct parsed p;

	(void)state;
	parse("{\"title\": \"\", \"load\": {\"kind\": \"ping\", \"from\": \"vm1\","
	      "\"address\": \"fd00::1\", \"flood\": true}}",
	      &p);
	assert_string_equal(p.faults, "");
	assert_ptr_equal(p.root.load.kind, &kind_ping);
	common = p.root.load.common;
	ping = p.root.load.params;
	assert_string_equal(common->from, "vm1");
	assert_int_equal(common->address.family, AF_INET6);
	assert_int_equal(ping->payload_bytes, 56);
	assert_true(ping->flood);
}

static void test_map(void **state)
{
	const struct device *devices;
	const struct node *nodes;
	_parsed_ struct parsed p;

	(void)state;
	parse("{\"title\": \"\", \"nodes\": {\"a\": {\"firewall\": true, \"filter\": {\"rules\": "
	      "7},"
	      "\"port\": {\"addresses\": [\"198.18.0.1/24\", \"fd00::1/64\"]}},"
	      "\"b\": {\"firewall\": false, \"devices\": {\"e{i}\": {\"kind\": \"none\"},"
	      "\"p\": {\"kind\": \"ping\", \"payload_bytes\": 99}}}}}",
	      &p);
	assert_string_equal(p.faults, "");
	assert_int_equal(p.root.nodes.count, 2);
	nodes = p.root.nodes.items;
	assert_string_equal(nodes[0].name, "a");
	assert_int_equal(nodes[0].firewall->rules, 100);
	assert_int_equal(nodes[0].filter->rules, 7);
	assert_int_equal(nodes[0].port.mtu, 1500);
	assert_int_equal(nodes[0].port.addresses.count, 2);
	assert_int_equal(((struct address *)nodes[0].port.addresses.items)[1].prefix_length, 64);
	assert_null(nodes[1].firewall);
	assert_null(nodes[1].filter);
	devices = nodes[1].devices.items;
	assert_string_equal(devices[0].name, "e{i}");
	assert_null(devices[0].chosen.common);
	assert_ptr_equal(devices[1].chosen.kind, &kind_ping);
	assert_int_equal(((struct ping *)devices[1].chosen.params)->payload_bytes, 99);
}

#define NAME_RULES                                                                                 \
	" is not a name (letters, digits, \"_\", \"-\" and \".\", a letter or digit first, no "    \
	"\"..\""

static const struct {
	const char *text, *faults;
} bad[] = {
	{ "[]", "1:1: error: expected an object, not a list\n" },
	{ "{}", "1:1: error: missing field \"title\"\n" },
	{ "{\"title\": 1}", "1:11: error: title: expected a string, not a number\n" },
	{ "{\"title\": null}", "1:11: error: title: expected a string, not null\n" },
	{ "{\"title\": \"a\\nb\"}", "1:11: error: title: \"a\\x0ab\" holds a control character\n" },
	{ "{\"title\": \"\\u009b\"}",
	  "1:11: error: title: \"\\xc2\\x9b\" holds a control character\n" },
	{ "{\"title\": \"a\\u0000b\"}", "1:11: error: title: \"a\" holds a control character\n" },
	{ "{\"titel\": \"a\"}", "1:1: error: missing field \"title\"\n"
				"1:2: error: unknown field \"titel\" (did you mean \"title\"?)\n" },
	{ "{\"title\": \"\", \"zzz\": 1}", "1:15: error: unknown field \"zzz\"\n" },
	{ "{\"title\": \"\", \"$shema\": 1}",
	  "1:15: error: unknown field \"$shema\" (did you mean \"$schema\"?)\n" },
	{ "{\"title\": \"\", \"a\\\"\\u001b\": 1}", "1:15: error: unknown field \"a\\\"\\x1b\"\n" },
	{ "{\"title\": \"\",\n \"count\": -5}",
	  "2:11: error: count: -5 is outside 1..100000000\n" },
	{ "{\"title\": \"\", \"count\": 100000001}",
	  "1:24: error: count: 100000001 is outside 1..100000000\n" },
	{ "{\"title\": \"\", \"count\": 1e30}",
	  "1:24: error: count: 1e+30 is outside 1..100000000\n" },
	{ "{\"title\": \"\", \"count\": 1.5}",
	  "1:24: error: count: expected an integer, not 1.5\n" },
	{ "{\"title\": \"\", \"count\": \"1\"}",
	  "1:24: error: count: expected an integer, not a string\n" },
	{ "{\"title\": \"\", \"seed\": -1}", "1:23: error: seed: -1 is less than 0\n" },
	{ "{\"title\": \"\", \"seed\": 1e300}", "1:23: error: seed: 1e+300 is too large\n" },
	{ "{\"title\": \"\", \"small\": 1}", "1:24: error: small: 1 is less than 2\n" },
	{ "{\"title\": \"\", \"seconds\": 1.6}", "1:26: error: seconds: 1.6 is outside 0..1.5\n" },
	{ "{\"title\": \"\", \"seconds\": 1.500000001}",
	  "1:26: error: seconds: 1.500000001 is outside 0..1.5\n" },
	{ "{\"title\": \"\", \"seconds\": true}",
	  "1:26: error: seconds: expected a number, not true\n" },
	{ "{\"title\": \"\", \"on\": 1}",
	  "1:21: error: on: expected true or false, not a number\n" },
	{ "{\"title\": \"\", \"mode\": \"exat\"}",
	  "1:23: error: mode: \"exat\" is none of \"native\", \"vm\", \"exact\""
	  " (did you mean \"exact\"?)\n" },
	{ "{\"title\": \"\", \"mode\": \"foo\"}",
	  "1:23: error: mode: \"foo\" is none of \"native\", \"vm\", \"exact\"\n" },
	{ "{\"title\": \"\", \"to\": \"198.18.0.300\"}",
	  "1:21: error: to: \"198.18.0.300\" is not an address or prefix\n" },
	{ "{\"title\": \"\", \"name\": \"../x\"}", "1:23: error: name: \"../x\"" NAME_RULES ")\n" },
	{ "{\"title\": \"\", \"name\": \"a{i}\"}", "1:23: error: name: \"a{i}\"" NAME_RULES ")\n" },
	{ "{\"title\": \"\", \"names\": [\"a..b\"]}",
	  "1:25: error: names[0]: \"a..b\"" NAME_RULES
	  "; \"{i}\", \"{next}\" and \"{prev}\" stand for numbers)\n" },
	{ "{\"title\": \"\", \"names\": [\"a{next}67\", \"a{next}6789012\"]}",
	  "1:38: error: names[1]: \"a{next}6789012\" is 9 bytes long, at most 8\n" },
	{ "{\"title\": \"\", \"names\": []}", "1:24: error: names: 0 items, must be 1..2\n" },
	{ "{\"title\": \"\", \"names\": [\"a\", 7, \"-\"]}",
	  "1:24: error: names: 3 items, must be 1..2\n"
	  "1:30: error: names[1]: expected a name, not a number\n"
	  "1:33: error: names[2]: \"-\"" NAME_RULES
	  "; \"{i}\", \"{next}\" and \"{prev}\" stand for numbers)\n" },
	{ "{\"title\": \"\", \"names\": {}}",
	  "1:24: error: names: expected a list of names, not an object\n" },
	{ "{\"title\": \"\", \"load\": 1}",
	  "1:23: error: load: expected an object, not a number\n" },
	{ "{\"title\": \"\", \"load\": {}}", "1:23: error: load: missing field \"from\"\n"
					     "1:23: error: load: missing field \"kind\"\n" },
	{ "{\"title\": \"\", \"load\": {\"kind\": 1, \"from\": \"a\"}}",
	  "1:32: error: load.kind: expected a string, not a number\n" },
	{ "{\"title\": \"\", \"load\": {\"kind\": \"pingg\", \"from\": \"a\", \"q\": 1}}",
	  "1:32: error: load.kind: unknown kind \"pingg\" (did you mean \"ping\"?)\n" },
	{ "{\"title\": \"\", \"load\": {\"kind\": \"xyzzy\", \"from\": \"a\"}}",
	  "1:32: error: load.kind: unknown kind \"xyzzy\" (there is \"ping\", \"none\")\n" },
	{ "{\"title\": \"\", \"load\": {\"kind\": \"ping\", \"from\": \"a\", \"fron\": 1,"
	  " \"payload_byte\": 2, \"address\": \"1.2.3.4/8\"}}",
	  "1:53: error: unknown field \"fron\" (did you mean \"from\"?)\n"
	  "1:64: error: unknown field \"payload_byte\" (did you mean \"payload_bytes\"?)\n"
	  "1:94: error: load.address: \"1.2.3.4/8\" is not an address\n" },
	{ "{\"title\": \"\", \"nodes\": {\"../a\": {}, \"b\": 1, \"c\": {\"$schema\": 1}}}",
	  "1:25: error: \"../a\"" NAME_RULES ")\n"
	  "1:42: error: nodes.b: expected an object, not a number\n"
	  "1:51: error: unknown field \"$schema\"\n" },
	{ "{\"title\": \"\", \"nodes\": {\"a.b\": {\"port\": {\"mtu\": 67}, \"filter\": [],"
	  " \"firewall\": {\"rules\": \"\"}}}}",
	  "1:49: error: nodes[\"a.b\"].port.mtu: 67 is outside 68..65535\n"
	  "1:64: error: nodes[\"a.b\"].filter: expected an object or true, not a list\n"
	  "1:90: error: nodes[\"a.b\"].firewall.rules: expected an integer, not a string\n" },
};

static void test_faults(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		_parsed_ struct parsed p;
		_free_ char *shown = calloc(1, 4096);
		char *line, *rest;

		parse(bad[i].text, &p);
		for (line = strtok_r(p.faults, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			assert_memory_equal(line, "x.json:", 7);
			strcat(strcat(shown, line + 7), "\n");
		}
		if (strcmp(shown, bad[i].faults))
			fail_msg("%s\ngives\n%snot\n%s", bad[i].text, shown, bad[i].faults);
		/* What is faulty keeps its default. */
		if (json_is_object(p.json) && p.root.count != 1)
			assert_int_equal(p.root.count, 10);
	}
}

static void test_long_strings(void **state)
{
	_free_ char *text = malloc(6000);
	_parsed_ struct parsed p, q;

	(void)state;
	sprintf(text, "{\"title\": \"%04096d\"}", 0);
	parse(text, &p);
	assert_string_equal(p.faults, "");
	sprintf(text, "{\"title\": \"%04097d\"}", 0);
	parse(text, &q);
	assert_string_equal(
		q.faults,
		"x.json:1:11: error: title: \"000000000000000000000000000000000000000000000000"
		"000000000000...\" is 4097 bytes long, at most 4096\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_kind),	 cmocka_unit_test(test_map),
		cmocka_unit_test(test_faults),	 cmocka_unit_test(test_long_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
