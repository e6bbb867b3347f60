// SPDX-License-Identifier: GPL-2.0-only
/* The page of a result folder in a real browser: read, and looked at in light and dark. */
#include "tests/unit/hostile_fixture.h"

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

/* All at once, in every place that holds a free text: in a browser that would run what is no text,
 * or complain that it may not. */
static void test_browser_runs_nothing(void **state)
{
	_free_ char *path = browser_path(*state, REPORT_PAGE), *page = NULL, *all = NULL;
	_seen_ struct seen seen = {};
	size_t size;
	FILE *out = open_memstream(&all, &size);

	need_browser();
	assert_non_null(out);
	for (size_t i = 0; i < ARRAY_SIZE(hostile_texts); i++)
		fputs(hostile_texts[i], out);
	fclose(out);
	make_dressed(*state, "one", &made_up, all);
	page = make_page(*state, "one", NULL);
	seen = browse(*state, false, "--dump-dom", path);
	expect(seen.dom, "<script", 0);
	expect(seen.dom, "<img", 0);
	expect(seen.dom, "<svg", 1);
	expect(seen.dom, "<table", count_of(page, "<table"));
	expect(seen.log, "CONSOLE", 0);
}

/* What the tests above rely on: a page that runs or fetches something is complained of. */
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
		cmocka_unit_test_setup_teardown(test_browser_reads_it, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_browser_runs_nothing, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_browser_complains, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_browser_draws_it, folder_setup,
						folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
