// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "tests/unit/field_fixture.h"

#include <stdlib.h>
#include <string.h>

static const char *const names[] = { "topology", "title",	"to", "from",
				     "loads",	 "interval_us", "a",  NULL };

static const struct {
	const char *text, *near;
} near[] = {
	{ "topolgy", "topology" },
	{ "tpoology", "topology" },
	{ "topologyy", "topology" },
	{ "toplogies", NULL },
	{ "otpology", "topology" },
	{ "interval", "interval_us" },
	{ "int", "interval_us" },
	{ "in", NULL },
	{ "tilte", "title" },
	{ "ot", "to" },
	{ "form", "from" },
	{ "load", "loads" },
	{ "lad", NULL },
	{ "b", NULL },
	{ "", NULL },
	{ "xyz", NULL },
	{ "topology", "topology" },
	{ "fxxm", NULL },
	{ "xx", NULL },
};

static void test_nearest(void **state)
{
	char text[2000];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(near); i++) {
		const char *found = field_nearest(near[i].text, names);

		if (found != near[i].near &&
		    strcmp(found ? found : "", near[i].near ? near[i].near : ""))
			fail_msg("%s: %s", near[i].text, found ? found : "none");
	}
	for (size_t length = 0; length < sizeof(text); length++) {
		memset(text, 'a', length);
		text[length] = '\0';
		field_nearest(text, names);
		field_nearest("title", (const char *const[]){ text, NULL });
	}
}

static void test_fill(void **state)
{
	_json_ json_t *json = json_loads(
		"{\"zz\": 1, \"title\": \"T\", \"load\": {\"kind\": \"ping\"}, \"mode\": 3,"
		"\"nodes\": {\"a\": {\"firewall\": true, \"filter\": false,"
		"\"devices\": {\"d\": {\"kind\": \"ping\"}, \"e\": {\"kind\": \"?\"}}}, \"b\": 1}}",
		0, NULL);
	_json_ json_t *before = json_deep_copy(json);
	_json_ json_t *filled = field_fill(root_fields, json),
		      *again = field_fill(root_fields, filled);
	_free_ char *text = json_dumps(filled, JSON_COMPACT);

	(void)state;
	assert_true(json_equal(before, json));
	assert_true(json_equal(again, filled));
	assert_string_equal(
		text,
		"{\"zz\":1,\"title\":\"T\","
		"\"load\":{\"kind\":\"ping\",\"payload_bytes\":56,\"flood\":false},\"mode\":3,"
		"\"nodes\":{\"a\":{\"firewall\":{\"rules\":100},\"filter\":false,"
		"\"devices\":{\"d\":{\"kind\":\"ping\",\"payload_bytes\":56,\"flood\":false},"
		"\"e\":{\"kind\":\"?\"}},\"port\":{\"mtu\":1500,\"addresses\":[]}},\"b\":1},"
		"\"count\":10,\"seed\":1,\"small\":3,\"seconds\":0.5,\"on\":true,"
		"\"to\":\"198.18.0.1/24\"}");
}

static json_t *at(json_t *json, const char *path)
{
	_free_ char *copy = strdup(path);
	char *rest;

	for (char *key = strtok_r(copy, "/", &rest); json && key; key = strtok_r(NULL, "/", &rest))
		json = json_is_array(json) ? json_array_get(json, (size_t)atoi(key))
					   : json_object_get(json, key);
	return json;
}

static const struct {
	const char *path, *json;
} schema_parts[] = {
	{ "$schema", "\"https://json-schema.org/draft/2020-12/schema\"" },
	{ "type", "\"object\"" },
	{ "additionalProperties", "false" },
	{ "required", "[\"title\"]" },
	{ "properties/$schema", "{\"type\":\"string\"}" },
	{ "properties/title", "{\"type\":\"string\",\"maxLength\":4096,\"description\":\"What a "
			      "reader sees first.\"}" },
	{ "properties/count", "{\"type\":\"integer\",\"minimum\":1,\"maximum\":100000000,"
			      "\"default\":10}" },
	{ "properties/seconds",
	  "{\"type\":\"number\",\"minimum\":0,\"maximum\":1.5,\"default\":0.5}" },
	{ "properties/offset", "{\"type\":\"number\"}" },
	{ "properties/seed", "{\"type\":\"integer\",\"minimum\":0,\"default\":1}" },
	{ "properties/mode", "{\"enum\":[\"native\",\"vm\",\"exact\"],\"default\":\"vm\"}" },
	{ "properties/names/minItems", "1" },
	{ "properties/any", "{}" },
	{ "properties/load/oneOf/0/properties/kind", "{\"const\":\"ping\"}" },
	{ "properties/load/oneOf/0/properties/payload_bytes/description",
	  "\"How long the payload is. (bytes)\"" },
	{ "properties/load/oneOf/1/required", "[\"kind\",\"from\"]" },
	{ "properties/load/oneOf/1/additionalProperties", "false" },
	{ "properties/nodes/propertyNames/maxLength", "64" },
	{ "properties/nodes/additionalProperties/properties/filter/type",
	  "[\"object\",\"boolean\"]" },
	{ "properties/nodes/additionalProperties/properties/port/properties/addresses/items",
	  "{\"type\":\"string\"}" },
};

static void test_schema(void **state)
{
	_json_ json_t *schema = field_schema(root_fields);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(schema_parts); i++) {
		_free_ char *text = json_dumps(at(schema, schema_parts[i].path),
					       JSON_COMPACT | JSON_ENCODE_ANY);

		assert_non_null(text);
		assert_string_equal(text, schema_parts[i].json);
	}
}

static void test_describe(void **state)
{
	_free_ char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	field_describe(root_fields, out, 2);
	fclose(out);
	assert_string_equal(text,
			    "  title     string, required\n"
			    "            What a reader sees first.\n"
			    "  name      name, optional\n"
			    "  count     integer, packets, 1..100000000, default 10\n"
			    "  seed      integer, default 1\n"
			    "  small     integer, at least 2, default 3\n"
			    "  seconds   number, 0..1.5, default 0.5\n"
			    "  offset    number, optional\n"
			    "  mode      \"native\", \"vm\" or \"exact\", default \"vm\"\n"
			    "  on        true or false, default true\n"
			    "  to        prefix, default \"198.18.0.1/24\"\n"
			    "  load      object, optional\n"
			    "      kind      \"ping\" or \"none\", required\n"
			    "                Each has fields of its own: labrun describe KIND.\n"
			    "      from      name, required\n"
			    "      address   address, optional\n"
			    "  nodes     objects by name, optional\n"
			    "      port       object, optional\n"
			    "          mtu         integer, 68..65535, default 1500\n"
			    "          addresses   list of prefixes, default []\n"
			    "      firewall   object or true, optional\n"
			    "          rules   integer, 0..100000, default 100\n"
			    "      filter     object or true, optional\n"
			    "                 Drops.\n"
			    "          rules   integer, 0..100000, default 100\n"
			    "      devices    objects by name, optional\n"
			    "          kind   \"ping\" or \"none\", required\n"
			    "                 Each has fields of its own: labrun describe KIND.\n"
			    "  names     list of names, 1..2 items, optional\n"
			    "  modes     list of \"native\", \"vm\" or \"exact\", optional\n"
			    "  any       any value, optional\n");
}

static void test_type_words(void **state)
{
	const struct field number = { .type = FIELD_REAL };
	const struct field list = { .type = FIELD_LIST, .element = &number };
	const struct field map = { .type = FIELD_MAP, .element = &list };

	(void)state;
	assert_string_equal(field_type_words(&number), "a number");
	assert_string_equal(field_type_words(&list), "a list of numbers");
	assert_string_equal(field_type_words(&map), "an object of lists");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nearest),	   cmocka_unit_test(test_fill),
		cmocka_unit_test(test_schema),	   cmocka_unit_test(test_describe),
		cmocka_unit_test(test_type_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
