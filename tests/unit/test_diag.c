// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/diag.h"

#include <stdlib.h>
#include <string.h>

static const char document[] = "{\n"
			       "  \"name\": \"x\",\n"
			       "  \"load\": { \"rate_pps\": -5, \"empty\": {} },\n"
			       "  \"links\": [ 1, true ]\n"
			       "}\n";

static void test_format(void **state)
{
	const struct jpath topology = { .key = "topology" };
	const struct jpath nodes = { .up = &topology, .key = "nodes" };
	const struct jpath links = { .up = &nodes, .key = "links" };
	const struct jpath first = { .up = &links, .index = 0 };
	const struct jpath mtu = { .up = &first, .key = "mtu" };
	const struct jpath dotted = { .up = &mtu, .key = "a.b\"\n" };
	const struct jpath after = { .up = &dotted, .key = "c" };
	char text[100];

	(void)state;
	jpath_format(NULL, text, sizeof(text));
	assert_string_equal(text, "");
	jpath_format(&mtu, text, sizeof(text));
	assert_string_equal(text, "topology.nodes.links[0].mtu");
	jpath_format(&after, text, sizeof(text));
	assert_string_equal(text, "topology.nodes.links[0].mtu[\"a.b\\\"\\u000a\"].c");
	jpath_format(&mtu, text, 9);
	assert_string_equal(text, "topology");
	jpath_format(&mtu, text, 1);
	assert_string_equal(text, "");
	jpath_format(&mtu, NULL, 0);
}

static char *print(struct diag *diag)
{
	size_t size;
	char *text = NULL;
	FILE *out = open_memstream(&text, &size);

	diag_print(diag, out);
	fclose(out);
	return text;
}

static void test_print(void **state)
{
	const struct jpath load = { .key = "load" };
	const struct jpath rate = { .up = &load, .key = "rate_pps" };
	_diag_ struct diag *diag = diag_new("x.json", document, strlen(document));
	_free_ char *text = NULL;

	(void)state;
	diag_add_path(diag, "links[1]", DIAG_VALUE, "later");
	diag_add(diag, &load, DIAG_VALUE, "missing field \"%s\"", "from");
	diag_add(diag, &rate, DIAG_VALUE, "%d is outside", -5);
	diag_add(diag, &rate, DIAG_KEY, "unknown field");
	diag_add(diag, NULL, DIAG_VALUE, "root \x1b[2J\n");
	diag_add(diag, &rate, DIAG_VALUE, "%d is outside", -5);
	diag_add_position(diag, 2, 9, "syntax");
	diag_add(diag, &load, DIAG_VALUE, "another here");
	assert_int_equal(diag_count(diag), 8);
	assert_string_equal(diag_get(diag, 0)->path, "links[1]");
	text = print(diag);
	assert_string_equal(text, "x.json:1:1: error: root \\x1b[2J\\x0a\n"
				  "x.json:2:9: error: syntax\n"
				  "x.json:3:11: error: load: missing field \"from\"\n"
				  "x.json:3:11: error: load: another here\n"
				  "x.json:3:13: error: unknown field\n"
				  "x.json:3:25: error: load.rate_pps: -5 is outside\n"
				  "x.json:4:17: error: links[1]: later\n");
}

static void test_print_without_text(void **state)
{
	const struct jpath path = { .key = "load" };
	_diag_ struct diag *diag = diag_new("x\n.json", NULL, 0);
	_free_ char *text = NULL;

	(void)state;
	diag_add(diag, &path, DIAG_VALUE, "one");
	diag_add(diag, &path, DIAG_KEY, "two");
	diag_add(diag, NULL, DIAG_VALUE, "three");
	text = print(diag);
	assert_string_equal(text, "x\\x0a.json: error: load: one\n"
				  "x\\x0a.json: error: load: two\n"
				  "x\\x0a.json: error: three\n");
}

static void test_many_faults(void **state)
{
	_diag_ struct diag *diag = diag_new("x.json", "{}", 2);
	_free_ char *text = NULL;

	(void)state;
	for (int i = 0; i < 100000; i++)
		diag_add(diag, NULL, DIAG_VALUE, "fault %d", i);
	assert_int_equal(diag_count(diag), 100000);
	assert_non_null(diag_get(diag, 99999));
	text = print(diag);
	assert_non_null(
		strstr(text, "fault 199\nx.json: error: 99800 more faults are not shown\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_format),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_print_without_text),
		cmocka_unit_test(test_many_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
