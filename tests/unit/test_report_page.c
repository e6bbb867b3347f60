// SPDX-License-Identifier: GPL-2.0-only
/* The page of result folders, from made-up ones: its text, and what a browser makes of it. */
#include "tests/test.h"

#include "harness/file.h"
#include "harness/report_page.h"
#include "harness/results_manifest.h"
#include "tests/unit/browser.h"
#include "tests/unit/synthetic.h"

#include <sys/stat.h>

#define HOSTILE "\"'><script>alert(1)</script>`id`\n${x}"
#define HARMLESS "&quot;&#39;&gt;&lt;script&gt;alert(1)&lt;/script&gt;`id`\n${x}"

static const struct synthetic made_up = {
	.title = "title" HOSTILE,
	.segments = { "veth1", "bridge", "seg" HOSTILE },
	.means_ns = { 3000, 12000, 2900 },
	.batches = 3,
	.iterations = 20,
};

static int setup(void **state)
{
	char *base = strdup("/tmp/labrun-test-report.XXXXXX");

	assert_non_null(mkdtemp(base));
	*state = base;
	return 0;
}

static int teardown(void **state)
{
	file_remove_tree(*state);
	free(*state);
	return 0;
}

static json_t *load(const char *base, const char *name)
{
	_free_ char *path = browser_path(base, name);
	json_t *json = json_load_file(path, 0, NULL);

	assert_non_null(json);
	return json;
}

static void store(const char *base, const char *name, const json_t *json)
{
	_free_ char *path = browser_path(base, name);

	assert_int_equal(json_dump_file(json, path, 0), 0);
}

static void append(const char *base, const char *name, const char *text)
{
	_free_ char *path = browser_path(base, name);
	_fclose_ FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

static void make_folder(const char *base, const struct synthetic *about, const char *name)
{
	_free_ char *dir = browser_path(base, name), *file = NULL;
	_json_ json_t *summary = NULL;
	struct err err = {};

	if (synthetic_write(about, dir, NULL, &err))
		fail_msg("%s", err.text);
	assert_true(asprintf(&file, "%s/summary.json", name) > 0);
	summary = load(base, file);
	json_array_append_new(json_object_get(summary, "claims"),
			      json_pack("{s:s, s:s, s:s, s:s}", "id", "x", "text", "text" HOSTILE,
					"verdict", "fails", "detail", "detail" HOSTILE));
	store(base, file, summary);
}

/* The text of a page of those folders, the caller's to free; a name ended by NULL. */
static char *make_page(const char *base, const char *first, const char *second)
{
	_free_ char *one = browser_path(base, first);
	_free_ char *two = second ? browser_path(base, second) : NULL;
	_free_ char *path = browser_path(base, REPORT_PAGE), *text = NULL;
	const char *const dirs[] = { one, two };
	struct err err = {};

	if (report_page_write(dirs, second ? 2 : 1, path, &err) ||
	    file_read(path, &text, NULL, &err))
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

/* A chart that would do more than be seen. */
static void draw_charts(const char *base)
{
	_free_ char *plots = browser_path(base, "one/plots");

	assert_int_equal(mkdir(plots, 0777), 0);
	append(base, "one/plots/path.svg",
	       "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 3'><script>alert(2)</script>"
	       "<rect width='9' height='3' fill='#fff'/><rect width='3' height='2'/></svg>");
}

static void test_browser_reads_it(void **state)
{
	_free_ char *path = browser_path(*state, REPORT_PAGE), *page = NULL;
	_seen_ struct seen seen = {};

	need_browser();
	make_folder(*state, &made_up, "one");
	draw_charts(*state);
	page = make_page(*state, "one", NULL);
	seen = browse(*state, false, "--dump-dom", path);
	expect(seen.dom, "<script", 0);
	expect(seen.dom, "<svg class=\"journey\"", 1);
	expect(seen.dom, "<h3>Measured on</h3>", 1);
	expect(seen.dom, "</html>", 1);
	/* Elements that were not closed would be found inside each other. */
	expect(seen.dom, "<table", count_of(page, "<table"));
	expect(seen.log, "CONSOLE", 0);
}

/* What the test above relies on: a page that runs or fetches something is complained of. */
static void test_browser_complains(void **state)
{
	_free_ char *path = browser_path(*state, REPORT_PAGE), *page = NULL;
	_seen_ struct seen seen = {};

	need_browser();
	make_folder(*state, &made_up, "one");
	page = make_page(*state, "one", NULL);
	append(*state, REPORT_PAGE, "<script>alert(1)</script>");
	seen = browse(*state, false, "--dump-dom", path);
	if (!strstr(seen.log, "CONSOLE"))
		fail_msg("a script was not complained of");
}

/*
 * The picture's own browser measures it: the lightness of its first pixel, and how many of a
 * thousand pixels differ from that.
 */
struct look {
	unsigned background, drawn_permille;
};

static const char judge[] =
	"<!DOCTYPE html><body><img id=i src=shot.png><script>onload = () => {"
	"const c = document.createElement('canvas'), g = c.getContext('2d');"
	"c.width = i.naturalWidth; c.height = i.naturalHeight; g.drawImage(i, 0, 0);"
	"const d = g.getImageData(0, 0, c.width, c.height).data; let n = 0;"
	"for (let k = 0; k < d.length; k += 4) n += Math.abs(d[k] - d[0]) > 40;"
	"document.body.innerText = 'look ' + d[0] + ' ' + Math.round(4000 * n / d.length);"
	"}</script>";

static struct look look_at(const char *base, bool dark)
{
	_free_ char *shot = NULL, *path = browser_path(base, REPORT_PAGE);
	_free_ char *judge_path = browser_path(base, "judge.html");
	_seen_ struct seen drawn = {}, judged = {};
	struct look look = {};
	struct err err = {};

	assert_true(asprintf(&shot, "--screenshot=%s/shot.png", base) > 0);
	drawn = browse(base, dark, shot, path);
	assert_int_equal(file_write(judge_path, judge, strlen(judge), &err), 0);
	judged = browse(base, false, "--dump-dom", judge_path);
	if (!strstr(judged.dom, "look ") || sscanf(strstr(judged.dom, "look "), "look %u %u",
						   &look.background, &look.drawn_permille) != 2)
		fail_msg("no look at the picture: %s", judged.dom);
	return look;
}

static void test_browser_draws_it(void **state)
{
	_free_ char *page = NULL;
	struct look light, dark;

	need_browser();
	make_folder(*state, &made_up, "one");
	draw_charts(*state);
	page = make_page(*state, "one", NULL);
	light = look_at(*state, false);
	dark = look_at(*state, true);
	assert_in_range(light.background, 250, 255);
	assert_in_range(dark.background, 0, 60);
	assert_in_range(light.drawn_permille, 20, 500);
	assert_in_range(dark.drawn_permille, 20, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_page, setup, teardown),
		cmocka_unit_test_setup_teardown(test_journey, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_journey, setup, teardown),
		cmocka_unit_test_setup_teardown(test_losses, setup, teardown),
		cmocka_unit_test_setup_teardown(test_several, setup, teardown),
		cmocka_unit_test_setup_teardown(test_one_of_the_files, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole_or_not, setup, teardown),
		cmocka_unit_test_setup_teardown(test_of_the_references, setup, teardown),
		cmocka_unit_test_setup_teardown(test_browser_reads_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_browser_complains, setup, teardown),
		cmocka_unit_test_setup_teardown(test_browser_draws_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
