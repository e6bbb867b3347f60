// SPDX-License-Identifier: GPL-2.0-only
/* The page of a reproduction, from made-up result folders. */
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/file.h"
#include "harness/reproduce_page.h"
#include "tests/unit/synthetic.h"

#include <sys/stat.h>

#define HOSTILE "\"><script>alert(1)</script>"
#define HARMLESS "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"

static const struct synthetic made_up = {
	.title = "title" HOSTILE,
	.reference = "bridge",
	.segments = { "veth1", "bridge", "seg" HOSTILE },
	.means_ns = { 3000, 12000, 2900 },
	.batches = 3,
	.iterations = 20,
};

static char *join(const char *base, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", base, name) > 0);
	return path;
}

static void write_text(const char *base, const char *name, const char *text)
{
	_free_ char *path = join(base, name);
	struct err err = {};

	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static void add_claim(const char *dir, const char *verdict)
{
	_free_ char *path = join(dir, "summary.json");
	_json_ json_t *summary = json_load_file(path, 0, NULL);

	json_array_append_new(json_object_get(summary, "claims"),
			      json_pack("{s:s, s:s, s:s, s:s}", "id", "x", "text", "text" HOSTILE,
					"verdict", verdict, "detail", "detail" HOSTILE));
	assert_int_equal(json_dump_file(summary, path, 0), 0);
}

static void make_folder(const char *base, const struct synthetic *about, const char *name)
{
	_free_ char *dir = join(base, name);
	struct err err = {};

	if (synthetic_write(about, dir, NULL, &err))
		fail_msg("%s", err.text);
	add_claim(dir, "holds");
	add_claim(dir, "fails");
}

/* The page's text, the caller's to free. */
static char *make_page(const char *base, const char *const *names, size_t count)
{
	_free_ char *path = join(base, REPRODUCE_PAGE), *text = NULL;
	struct err err = {};

	if (reproduce_page_write(base, names, count, &err) || file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	return steal_ptr(text);
}

static size_t count_of(const char *text, const char *what)
{
	size_t count = 0;

	while ((text = strstr(text, what))) {
		text += strlen(what);
		count++;
	}
	return count;
}

static void expect(const char *page, const char *what, size_t count)
{
	if (count_of(page, what) != count)
		fail_msg("\"%s\" is there %zu times, not %zu", what, count_of(page, what), count);
}

static void test_page(void **state)
{
	_free_ char *plots = join(*state, "one/plots"), *page = NULL;

	make_folder(*state, &made_up, "one");
	assert_int_equal(mkdir(plots, 0777), 0);
	write_text(plots, "path.svg", "foo");
	page = make_page(*state, (const char *const[]){ "one" }, 1);
	expect(page, "<script", 0);
	expect(page, "title" HARMLESS, 2); /* overview and heading */
	expect(page, "text" HARMLESS, 2);
	expect(page, "detail" HARMLESS, 2);
	expect(page, "seg" HARMLESS, 2); /* both directions */
	expect(page, "<td class=\"holds\">holds</td>", 1);
	expect(page, "<td class=\"fails\">fails</td>", 1);
	expect(page, "<td class=\"number holds\">1</td>", 1);
	expect(page, "<td class=\"number faint\">0</td>", 1); /* inconclusive */
	/* The paper's mean of veth1, from the table that is shipped. */
	expect(page, "8.012 us [7.635, 8.511]", 1);
	expect(page, "What the probe costs was not measured.", 1);
	expect(page, "data:image/svg+xml;base64,Zm9v", 1);
	expect(page, "href=\"./one/summary.json\"", 1);
	expect(page, "6.1.0-18-amd64", 1);
	expect(page, "not valid", 0);
	/* Nothing is fetched. */
	expect(page, "src=\"", 1);
	expect(page, "http:", 0);
	expect(page, "https:", 0);
}

static void test_what_is_missing(void **state)
{
	struct synthetic sweep = made_up;
	_free_ char *page = NULL;

	sweep.services = 3;
	make_folder(*state, &sweep, "one");
	page = make_page(*state, (const char *const[]){ "one", "two" HOSTILE }, 2);
	expect(page, "<script", 0);
	expect(page, "two" HARMLESS, 2);
	expect(page, "gave no results", 2);
	expect(page, "No charts were drawn", 1);
	/* The paper has no table of a sweep. */
	expect(page, "8.012 us", 0);
}

/* A sweep whose sources published figures has them in a table, with where they come from. */
static void test_published(void **state)
{
	struct synthetic sweep = made_up;
	_free_ char *page = NULL;

	sweep.reference = "kube-proxy";
	sweep.segments[1] = "nat-prerouting";
	sweep.services = 10; /* the last one's are 10,000 */
	sweep.modes = 1; /* iptables-legacy */
	make_folder(*state, &sweep, "one");
	page = make_page(*state, (const char *const[]){ "one" }, 1);
	expect(page, "<th class=\"number\">seed</th><th class=\"number\">blog</th>", 1);
	expect(page, "seed (expected): eBPF-based Kube-Proxy Latency Measurement", 1);
	expect(page, "<td>services=10000 mode=iptables-legacy</td>", 5);
	expect(page, "100.0 us to 200.0 us", 1);
	expect(page, "60.00 us [56.00, 64.00]", 1);
}

static void test_warnings(void **state)
{
	_free_ char *path = join(*state, "one/summary.json"), *page = NULL;
	_json_ json_t *summary = NULL;

	make_folder(*state, &made_up, "one");
	summary = json_load_file(path, 0, NULL);
	json_object_set_new(summary, "valid", json_false());
	json_object_set_new(json_array_get(json_object_get(summary, "cells"), 0), "error",
			    json_string("broken" HOSTILE));
	assert_int_equal(json_dump_file(summary, path, 0), 0);
	page = make_page(*state, (const char *const[]){ "one" }, 1);
	expect(page, "This measurement is not valid: 1 of 1 cell failed.", 1);
	expect(page, "Cell 1 failed: broken" HARMLESS, 1);
}

/* A folder that cannot be read leaves the page that was there, and no part of another. */
static void test_whole_or_not(void **state)
{
	_free_ char *page = NULL, *path = join(*state, REPRODUCE_PAGE), *after = NULL;
	const char *const names[] = { "one", "two" };
	_free_ char *partial = join(*state, REPRODUCE_PAGE ".partial");
	struct err err = {};

	make_folder(*state, &made_up, "one");
	page = make_page(*state, names, 1);
	make_folder(*state, &made_up, "two");
	write_text(*state, "two/summary.json", "{");
	assert_true(reproduce_page_write(*state, names, 2, &err) < 0);
	assert_non_null(strstr(err.text, "two/summary.json:1:"));
	assert_int_equal(file_read(path, &after, NULL, &err), 0);
	assert_string_equal(page, after);
	assert_int_equal(access(partial, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_page, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_what_is_missing, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_published, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_warnings, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_whole_or_not, folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
