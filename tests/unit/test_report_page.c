// SPDX-License-Identifier: GPL-2.0-only
/* The page of result folders, from made-up ones: its text. */
#include "tests/unit/report_fixture.h"

#include "harness/results_manifest.h"

static void expect_order(const char *page, const char *const *parts)
{
	for (const char *at = page; *parts; parts++) {
		at = strstr(at, *parts);
		if (!at)
			fail_msg("\"%s\" is not there, or comes too early", *parts);
	}
}

static void test_page(void **state)
{
	_free_ char *plots = browser_path(*state, "one/plots"), *page = NULL;

	make_folder(*state, &made_up, "one");
	assert_int_equal(mkdir(plots, 0777), 0);
	append(*state, "one/plots/path.svg", "foo");
	page = make_page(*state, "one", NULL);
	expect(page, "<script", 0);
	expect(page, "<title>title" HARMLESS "</title>", 1);
	expect(page, "<h2 id=\"r0\">title" HARMLESS "</h2>", 1);
	expect(page, "text" HARMLESS, 1);
	expect(page, "detail" HARMLESS, 1);
	expect(page, "<td class=\"name\">seg" HARMLESS, 2); /* both directions */
	expect(page, "<td class=\"fails\">fails</td>", 1);
	expect(page, "6.1.0-18-amd64", 3); /* caption, table, all that is known */
	expect(page, "<td>all</td><td class=\"number\">60</td><td class=\"number\">60</td>", 1);
	expect(page, "data:image/svg+xml;base64,Zm9v", 1);
	expect(page, "<svg class=\"journey\"", 1);
	expect(page, "Measurements by labrun", 0); /* no list of one */
	/* Nothing is fetched, and nothing is beside it. */
	expect(page, "src=\"", 1);
	expect(page, "href=\"", 0);
	expect(page, "http:", 0);
	expect(page, "https:", 0);
}

/* There from the first point on, back from the last; each row has the median that is on file. */
static void test_journey(void **state)
{
	static const char *const points[] = { "a:x:xmit", "b:y:rx", "b:z:xmit", "c:<w>:rx" };
	static const char *const order[] = {
		"request:",
		"veth1",
		"a:x → b:y",
		"bridge",
		"b:y → b:z",
		"123 ns",
		"seg",
		"b:z → c:&lt;w&gt;",
		"reply:",
		"seg",
		"c:&lt;w&gt; → b:z",
		"bridge",
		"b:z → b:y",
		"veth1",
		"b:y → a:x",
		NULL,
	};
	_free_ char *page = NULL;
	_json_ json_t *topology = NULL, *summary = NULL;
	json_t *path, *cell;

	make_folder(*state, &made_up, "one");
	topology = load(*state, "one/topology.json");
	path = json_object_get(topology, "path");
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		json_object_set_new(json_array_get(path, i), "point", json_string(points[i]));
	store(*state, "one/topology.json", topology);
	summary = load(*state, "one/summary.json");
	cell = json_array_get(json_object_get(summary, "cells"), 0);
	json_object_set_new(json_array_get(json_object_get(cell, "series"), 1), "p50",
			    json_integer(123));
	store(*state, "one/summary.json", summary);
	page = make_page(*state, "one", NULL);
	expect_order(page, order);
	expect(page, "class=\"request\"", 3);
	expect(page, "class=\"reply\"", 3);
}

/* A load alone gives rates: no way is made of them. */
static void test_no_journey(void **state)
{
	_free_ char *page = NULL;
	_json_ json_t *topology = NULL;

	make_folder(*state, &made_up, "one");
	topology = load(*state, "one/topology.json");
	json_object_set_new(topology, "path", json_array());
	store(*state, "one/topology.json", topology);
	page = make_page(*state, "one", NULL);
	expect(page, "<svg", 0);
	expect(page, "No charts were drawn", 1);
}

static void test_losses(void **state)
{
	_free_ char *page = NULL;
	_json_ json_t *summary = NULL;
	json_t *loss;

	make_folder(*state, &made_up, "one");
	summary = load(*state, "one/summary.json");
	loss = json_object_get(json_array_get(json_object_get(summary, "cells"), 0), "loss");
	json_object_set_new(loss, "ring_drops", json_integer(5));
	json_object_set_new(loss, "fore<b>ign", json_integer(6));
	json_object_set_new(summary, "valid", json_false());
	store(*state, "one/summary.json", summary);
	append(*state, "one/counters.csv",
	       "0,0,drop.r.eth0.<nowhere>,3\n0,2,drop.r.eth0.<nowhere>,4\n");
	page = make_page(*state, "one", NULL);
	expect(page, "This measurement is not valid: it lost more than it may.", 1);
	expect(page, "ring_drops 5, fore&lt;b&gt;ign 6", 1);
	expect(page, "<td>r.eth0.&lt;nowhere&gt; 7</td>", 1);
}

static void test_several(void **state)
{
	struct synthetic sweep = made_up;
	_free_ char *page = NULL;

	sweep.services = 3;
	sweep.modes = 2;
	sweep.exact = true;
	make_folder(*state, &made_up, "one");
	make_folder(*state, &sweep, "two");
	page = make_page(*state, "one", "two");
	expect(page, "Measurements by labrun", 1);
	expect(page, "<a href=\"#r1\">", 1);
	expect(page, "<h2 id=\"r1\">", 1);
	expect(page, "<svg class=\"journey\"", 7);
	expect(page, "services=400  mode=iptables-nft", 2); /* its tables, its losses */
	expect(page, " instructions</text>", 6 * 2); /* of each direction, at its head */
}

/* In its folder it is one of the files that are accounted for, and says the same elsewhere. */
static void test_one_of_the_files(void **state)
{
	_free_ char *one = browser_path(*state, "one"), *two = browser_path(*state, "two");
	_free_ char *here = browser_path(*state, "one/" REPORT_PAGE), *before = NULL;
	_free_ char *there = browser_path(*state, "two/" REPORT_PAGE), *after = NULL;
	_json_ json_t *findings = NULL;
	struct err err = {};
	size_t count;

	if (synthetic_write(&made_up, one, NULL, &err) || report_page_add(one, &err) ||
	    manifest_check(one, &findings, &count, &err))
		fail_msg("%s", err.text);
	assert_true(json_is_array(findings));
	assert_int_equal(json_array_size(findings), 0);
	assert_int_equal(file_read(here, &before, NULL, &err), 0);
	assert_int_equal(rename(one, two), 0);
	assert_int_equal(report_page_add(two, &err), 0);
	assert_int_equal(file_read(there, &after, NULL, &err), 0);
	assert_string_equal(before, after);
}

/* A folder that cannot be read leaves the page that was there, and no part of another. */
static void test_whole_or_not(void **state)
{
	_free_ char *one = browser_path(*state, "one"), *two = browser_path(*state, "two");
	_free_ char *path = browser_path(*state, REPORT_PAGE), *page = NULL, *after = NULL;
	_free_ char *partial = browser_path(*state, REPORT_PAGE ".partial");
	const char *const dirs[] = { one, two };
	struct err err = {};

	make_folder(*state, &made_up, "one");
	page = make_page(*state, "one", NULL);
	make_folder(*state, &made_up, "two");
	append(*state, "two/summary.json", "{");
	assert_true(report_page_write(dirs, 2, path, &err) < 0);
	assert_non_null(strstr(err.text, "two/summary.json:"));
	assert_int_equal(file_read(path, &after, NULL, &err), 0);
	assert_string_equal(page, after);
	assert_true(report_page_write(dirs, 1, *state, &err) < 0); /* is a folder */
	assert_int_equal(access(partial, F_OK), -1);
}

/* Those that are shipped were not made up. */
static void test_of_the_references(void **state)
{
	_free_ char *folder = file_data_path("results/reference", "6.1", "");
	_free_ char *path = browser_path(*state, REPORT_PAGE), *page = NULL;
	static const char *const names[] = { "bridge", "nat", "routed", "vxlan" };
	char *dirs[ARRAY_SIZE(names)];
	struct err err = {};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		dirs[i] = browser_path(folder, names[i]);
	if (report_page_write((const char *const *)dirs, ARRAY_SIZE(names), path, &err) ||
	    file_read(path, &page, NULL, &err))
		fail_msg("%s", err.text);
	expect(page, "<svg class=\"journey\"", ARRAY_SIZE(names));
	expect(page, "exact (instructions)", 2 * ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		free(dirs[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_page, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_journey, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_no_journey, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_losses, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_several, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_one_of_the_files, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_whole_or_not, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_of_the_references, folder_setup,
						folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
