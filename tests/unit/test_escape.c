// SPDX-License-Identifier: GPL-2.0-only
/*
 * Text that would do something does nothing: in pages, in gnuplot's hands, in SVG, on a terminal.
 * What comes out is held against what comes of a harmless text: as many lines, the same elements.
 */
#include "tests/unit/hostile_fixture.h"

#include "harness/compare.h"
#include "harness/plot.h"
#include "harness/plot_hist_text.h"
#include "harness/report_text.h"
#include "harness/text.h"
#include "harness/verify.h"

#include <ctype.h>
#include <math.h>

#define HARMLESS_TEXT "harmless"

static const struct synthetic single = {
	.title = "Single",
	.segments = { "veth1", "bridge", "veth2" },
	.means_ns = { 3000, 12000, 2900 },
	.batches = 2,
	.iterations = 5,
};

static const struct synthetic swept = {
	.title = "Swept",
	.segments = { "veth1", "bridge", "veth2" },
	.means_ns = { 3000, 12000, 2900 },
	.services = 2,
	.modes = 2,
	.batches = 2,
	.iterations = 5,
};

static void test_clean(void **state)
{
	static const char *const cases[][2] = {
		{ "plain µs → x", "plain µs → x" },
		{ "a\033[31m\n\x7f", "a?[31m??" },
		{ "\xe2\x80\xae"
		  "a\xc2\x9b"
		  "b\xe2\x81\xa6",
		  "ab" },
		{ "half\xe2\x80", "half\xe2\x80" },
		{ "", "" },
	};
	char text[64], *put = NULL;
	size_t size;
	FILE *out = open_memstream(&put, &size);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i][0]);
		text_clean(text, '?');
		assert_string_equal(text, cases[i][1]);
	}
	text_put(out, "%s|%d\n", "a\nb", 3);
	text_put(out, "%s", "c\n");
	fclose(out);
	assert_string_equal(put, "a b|3\nc ");
	free(put);
}

/* The names of its elements, in order: what a parser would see. */
static char *tags_of(const char *page)
{
	char *tags = NULL;
	size_t size;
	FILE *out = open_memstream(&tags, &size);

	assert_non_null(out);
	for (const char *at = page; (at = strchr(at, '<')); at++) {
		size_t length = strspn(at + 1, "/!?abcdefghijklmnopqrstuvwxyz"
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:");

		fprintf(out, "%.*s\n", (int)length, at + 1);
	}
	fclose(out);
	return tags;
}

static void assert_same_tags(const char *page, const char *harmless, const char *what)
{
	_free_ char *tags = tags_of(page), *wanted = tags_of(harmless);

	if (strcmp(tags, wanted))
		fail_msg("%s: other elements come of %s", what, page);
}

static void assert_harmless_bytes(const char *text, const char *what)
{
	for (const char *at = text; *at; at++)
		if ((iscntrl((unsigned char)*at) && *at != '\n') || text_hidden_bytes(at))
			fail_msg("%s: byte %#x in: %s", what, (unsigned char)*at, text);
}

static size_t count_quotes(const char *page)
{
	size_t count = 0;

	for (; *page; page++)
		count += *page == '"';
	return count;
}

static void assert_no_canary(const char *base, const char *what)
{
	_free_ char *canary = browser_path(base, "canary");

	if (!access(canary, F_OK))
		fail_msg("it was run: %s", what);
}

static void test_page(void **state)
{
	const struct synthetic *const kinds[] = { &single, &swept };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(hostile_texts); i++) {
		const char *what = hostile_texts[i / 2];
		_free_ char *page = NULL, *harmless = NULL;

		make_dressed(*state, "one", kinds[i % 2], what);
		page = make_page(*state, "one", NULL);
		make_dressed(*state, "two", kinds[i % 2], HARMLESS_TEXT);
		harmless = make_page(*state, "two", NULL);
		assert_same_tags(page, harmless, what);
		/* None that ends an attribute. */
		assert_int_equal(count_quotes(page), count_quotes(harmless));
		assert_harmless_bytes(page, what);
		folder_teardown(state);
		folder_setup(state);
	}
}

static void assert_picture(const char *base, const char *name, const char *what)
{
	static const char *const charts[] = { "segments", "path",      "distribution",
					      "batches",  "histogram", "histogram_linear" };

	for (size_t i = 0; i < ARRAY_SIZE(charts); i++) {
		_free_ char *path = NULL, *svg = NULL;
		struct err err = {};

		assert_true(asprintf(&path, "%s/%s/plots/%s.svg", base, name, charts[i]) > 0);
		if (file_read(path, &svg, NULL, &err))
			fail_msg("%s: %s", what, err.text);
		assert_non_null(strstr(svg, "</svg>"));
		expect(svg, "<script", 0);
		expect(svg, "<img", 0);
		expect(svg, "<svg", 1);
	}
}

/* The scripts are for anybody who runs them again, too: as they lie there. */
static void run_script_again(const char *base, const char *what)
{
	_free_ char *plots = browser_path(base, "one/plots");
	const char *const argv[] = { "gnuplot", "segments.gp", NULL };
	char *cwd = getcwd(NULL, 0);
	struct err err = {};
	int code;

	assert_int_equal(chdir(plots), 0);
	code = proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, &err);
	assert_int_equal(chdir(cwd), 0);
	free(cwd);
	if (code)
		fail_msg("%s: %s", what, err.text);
}

static void test_gnuplot(void **state)
{
	const struct synthetic *const kinds[] = { &single, &swept };

	if (!proc_exists("gnuplot"))
		skip_because("gnuplot is not installed");
	for (size_t i = 0; i < 2 * ARRAY_SIZE(hostile_texts); i++) {
		const char *what = hostile_texts[i / 2];
		_free_ char *dir = browser_path(*state, "one");
		struct err err = {};

		make_dressed(*state, "one", kinds[i % 2], what);
		if (plot_folder(dir, &err))
			fail_msg("%s: %s", what, err.text);
		assert_picture(*state, "one", what);
		run_script_again(*state, what);
		assert_no_canary(*state, what);
		folder_teardown(state);
		folder_setup(state);
	}
}

/* All that is printed of a folder. */
static char *printed(const char *dir)
{
	_json_ json_t *report = NULL, *comparison = NULL;
	_plot_data_ struct plot_data data = {};
	struct err err = {};
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_int_equal(verify_folder(&report, dir, &err), 0);
	verify_text(report, out);
	assert_int_equal(compare_folders(&comparison, dir, dir, NAN, &err), 0);
	compare_text(comparison, out);
	compare_markdown(comparison, out);
	assert_int_equal(plot_data_read(&data, dir, false, &err), 0);
	assert_int_equal(plot_data_samples(&data, &err), 0);
	assert_int_equal(plot_hist_text(&data, &(struct hist_text){}, out, &err), 0);
	report_text(data.folder.summary, out);
	fclose(out);
	return text;
}

static size_t count_lines(const char *text)
{
	return count_of(text, "\n");
}

static void test_terminal(void **state)
{
	const struct synthetic *const kinds[] = { &single, &swept };

	for (size_t i = 0; i < 2 * ARRAY_SIZE(hostile_texts); i++) {
		const char *what = hostile_texts[i / 2];
		_free_ char *one = browser_path(*state, "one"), *two = browser_path(*state, "two");
		_free_ char *text = NULL, *harmless = NULL;

		make_dressed(*state, "one", kinds[i % 2], what);
		text = printed(one);
		make_dressed(*state, "two", kinds[i % 2], HARMLESS_TEXT);
		harmless = printed(two);
		assert_harmless_bytes(text, what);
		assert_int_equal(count_lines(text), count_lines(harmless));
		folder_teardown(state);
		folder_setup(state);
	}
}

/* What a file says wrongly is quoted in the fault. */
static void test_errors(void **state)
{
	static const char *const files[] = { "samples.csv", "counters.csv", "calibration.csv",
					     "summary.json", "SHA256SUMS" };
	_free_ char *dir = browser_path(*state, "one");

	for (size_t i = 0; i < ARRAY_SIZE(files) * ARRAY_SIZE(hostile_texts); i++) {
		const char *what = hostile_texts[i % ARRAY_SIZE(hostile_texts)];
		_free_ char *name = NULL;
		_plot_data_ struct plot_data data = {};
		struct err err = {};

		make_folder(*state, &single, "one");
		assert_true(asprintf(&name, "one/%s", files[i / ARRAY_SIZE(hostile_texts)]) > 0);
		append(*state, name, what);
		if (!plot_data_read(&data, dir, false, &err))
			plot_data_samples(&data, &err);
		assert_harmless_bytes(err.text, what);
		assert_null(strchr(err.text, '\n'));
		file_remove_tree(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean),
		cmocka_unit_test_setup_teardown(test_page, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_gnuplot, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_terminal, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_errors, folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
