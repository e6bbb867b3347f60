// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/file.h"
#include "harness/plot.h"
#include "harness/proc.h"
#include "tests/unit/synthetic.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct synthetic bridge = {
	.title = "Bridge",
	.reference = "bridge",
	.topology = "bridge",
	.segments = { "veth1", "bridge", "veth2", "hypervisor" },
	.means_ns = { 3100, 12000, 2900, 31000 },
	.span = "whole",
	.batches = 4,
	.iterations = 30,
};

static const char *const charts[] = { "segments", "path",	 "distribution",
				      "batches",  "histogram",	 "histogram_linear",
				      "sweep",	  "percentiles", "rates" };

static int setup(void **state)
{
	folder_setup(state);
	if (!proc_exists("gnuplot"))
		skip_because("gnuplot is not installed");
	return 0;
}

static char *join(const char *a, const char *b, const char *c)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s%s", a, b, c) > 0);
	return path;
}

static char *read_text(const char *path)
{
	char *text = NULL;
	struct err err;

	if (file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	return text;
}

static char *plotted(const char *base, const struct synthetic *about)
{
	char *dir = join(base, "run", "");
	struct err err = { 0 };

	if (synthetic_write(about, dir, NULL, &err) || plot_folder(dir, &err))
		fail_msg("%s", err.text);
	return dir;
}

static void expect_chart(const char *dir, const char *name, bool expected)
{
	static const char *const kinds[] = { ".gp", ".svg", ".png" };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		_free_ char *path = join(dir, name, kinds[i]);
		struct stat status;
		bool there = !stat(path, &status) && status.st_size > 500;

		if (there != expected)
			fail_msg("%s is%s there", path, there ? "" : " not");
	}
}

static void expect_charts(const char *dir, const bool *expected)
{
	_free_ char *plots = join(dir, "plots", "");

	for (size_t i = 0; i < ARRAY_SIZE(charts); i++)
		expect_chart(plots, charts[i], expected[i]);
}

static void test_one_cell(void **state)
{
	_free_ char *dir = plotted(*state, &bridge);
	_free_ char *svg = NULL, *path_svg = NULL, *text = NULL;

	expect_charts(dir, (bool[]){ true, true, true, true, true, true, false, false, false });
	svg = join(dir, "plots/segments", ".svg");
	text = read_text(svg);
	assert_non_null(strstr(text, "as the paper has it (bridge)"));
	assert_non_null(strstr(text, ">hypervisor<"));
	assert_non_null(strstr(text, "Linux 6.1.0-18-amd64, native, 4 batches of 30"));
	free(text);
	/* Spans overlap the segments, round trips hold them: neither is a part of the path. */
	path_svg = join(dir, "plots/path", ".svg");
	text = read_text(path_svg);
	assert_null(strstr(text, ">whole<"));
	assert_null(strstr(text, ">rtt<"));
}

static void test_sweep(void **state)
{
	struct synthetic about = bridge;
	_free_ char *dir = NULL, *svg = NULL, *text = NULL;

	about.services = 3;
	about.modes = 6;
	dir = plotted(*state, &about);
	expect_charts(dir, (bool[]){ true, true, true, true, true, true, true, true, false });
	svg = join(dir, "plots/percentiles", ".svg");
	text = read_text(svg);
	/* A panel a mode, without that factor's name; and the factor that they are drawn against.
	 */
	assert_non_null(strstr(text, ">nftables<"));
	assert_non_null(strstr(text, ">Percentiles against topology.nodes.node1.proxy.services<"));
}

/* What sources published of these cells is drawn among ours: never beside instructions. */
static void test_published(void **state)
{
	struct synthetic about = bridge;
	_free_ char *dir = NULL, *svg = NULL, *text = NULL, *exact = NULL;

	about.reference = "kube-proxy";
	about.segments[1] = "nat-prerouting";
	about.services = 10; /* the last one's are 10,000 */
	about.modes = 3;
	about.iterations = 4;
	dir = plotted(*state, &about);
	svg = join(dir, "plots/percentiles", ".svg");
	text = read_text(svg);
	assert_non_null(strstr(text, ">seed, expected<"));
	assert_non_null(strstr(text, ">blog, p01, p50, p90, p99 as published<"));
	assert_int_equal(file_remove_tree(dir), 0);
	about.exact = true;
	free(dir);
	dir = plotted(*state, &about);
	exact = read_text(svg);
	assert_null(strstr(exact, "blog"));
	assert_null(strstr(exact, "seed"));
}

static void test_labels_only(void **state)
{
	struct synthetic about = bridge;
	_free_ char *dir = NULL;

	about.modes = 12;
	about.no_replies = true;
	about.batches = 1; /* no intervals */
	dir = plotted(*state, &about);
	expect_charts(dir, (bool[]){ true, true, true, true, false, false, false, false, false });
}

static void test_no_segments(void **state)
{
	static const struct synthetic about = { .title = "Round trips only",
						.batches = 2,
						.iterations = 5 };
	_free_ char *dir = plotted(*state, &about);

	expect_charts(dir, (bool[]){ false, false, true, true, true, true, false, false, false });
}

/* A rate is one value a batch: of that there is no distribution, and no request or reply. */
static void test_rates(void **state)
{
	static const struct synthetic about = {
		.title = "Flat out", .bulk = true, .modes = 3, .batches = 3, .iterations = 1
	};
	_free_ char *dir = plotted(*state, &about), *svg = NULL, *text = NULL;

	expect_charts(dir, (bool[]){ false, false, false, true, false, false, false, false, true });
	svg = join(dir, "plots/rates", ".svg");
	text = read_text(svg);
	assert_non_null(strstr(text, ">mode=nftables<"));
	assert_non_null(strstr(text, ">delivered<")); /* beside sent in the legend */
	assert_non_null(strstr(text, ">1.00 Mpps<")); /* 1000, 1001, 1002 kpps */
	assert_null(strstr(text, "request"));
	free(text);
	free(svg);
	svg = join(dir, "plots/batches", ".svg");
	text = read_text(svg);
	assert_null(strstr(text, "request"));
	assert_null(strstr(text, "not valid"));
}

/* Where all that was sent arrived, one of the two says it; a cell that failed says so. */
static void test_rates_failed(void **state)
{
	static const struct synthetic about = {
		.title = "Flat out", .bulk = true, .batches = 3, .iterations = 1, .modes = 2
	};
	_free_ char *dir = plotted(*state, &about), *path = join(dir, "summary", ".json");
	_free_ char *svg = join(dir, "plots/rates", ".svg"), *text = NULL;
	_json_ json_t *summary = json_load_file(path, 0, NULL);
	struct err err = { 0 };

	json_object_set_new(summary, "valid", json_false());
	json_object_set_new(json_array_get(json_object_get(summary, "cells"), 1), "error",
			    json_string("no pktgen"));
	assert_int_equal(json_dump_file(summary, path, 0), 0);
	if (plot_folder(dir, &err))
		fail_msg("%s", err.text);
	text = read_text(svg);
	assert_non_null(strstr(text, ">failed<"));
	assert_non_null(strstr(text, "not valid: 1 of 2 cells failed."));
}

/* What a title, a name or a folder may hold must do nothing but be seen. */
static void test_hostile_text(void **state)
{
	struct synthetic about = bridge;
	_free_ char *base = join(*state, "it's `touch pwned0` $(touch pwned1) \"q\"\n", "");
	_free_ char *dir = NULL, *svg = NULL, *text = NULL;

	assert_int_equal(mkdir(base, 0777), 0);
	about.title = "a'b''c `touch pwned2` '`touch pwned3`' <script>alert(1)</script> @x %s\n"
		      "{/Bold x}^2_3 \\n \x7f \xe2\x80\xae";
	about.reference = "../../../etc/passwd";
	about.segments[1] = "b`touch pwned4`'`touch pwned5`'\"%d<b>";
	about.modes = 5;
	dir = plotted(base, &about);
	svg = join(dir, "plots/segments", ".svg");
	text = read_text(svg);
	assert_null(strstr(text, "<script"));
	assert_non_null(strstr(text, "a’b’’c `touch pwned2` ’`touch pwned3`’ &lt;script"));
	assert_null(strstr(text, "\xe2\x80\xae"));
	for (char i = '0'; i < '6'; i++) {
		char name[] = "plots/pwned?";
		_free_ char *path = NULL;

		name[11] = i;
		path = join(dir, name, "");
		assert_int_equal(access(path, F_OK), -1);
		assert_int_equal(access(name + 6, F_OK), -1);
	}
}

/* The script alone draws the same chart again: no folder, no templates. */
static void test_self_contained(void **state)
{
	_free_ char *dir = plotted(*state, &bridge), *script = join(dir, "plots/path", ".gp");
	_free_ char *svg = join(dir, "plots/path", ".svg"), *before = read_text(svg), *after = NULL;
	const char *const argv[] = { "gnuplot", "-d", "-e", "cd 'elsewhere'", script, NULL };
	_free_ char *elsewhere = join(*state, "elsewhere", ""), *drawn = NULL;
	struct err err = { 0 };

	assert_int_equal(mkdir(elsewhere, 0777), 0);
	assert_int_equal(chdir(*state), 0);
	if (proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, &err))
		fail_msg("%s", err.text);
	assert_int_equal(chdir("/"), 0);
	drawn = join(elsewhere, "path", ".svg");
	after = read_text(drawn);
	assert_string_equal(before, after);
}

static void test_comparison(void **state)
{
	_free_ char *first = join(*state, "first", ""), *second = join(*state, "second", "");
	_free_ char *out = join(*state, "a/b", ""), *svg = NULL, *text = NULL;
	const char *const dirs[] = { first, second };
	struct synthetic about = bridge;
	struct err err = { 0 };

	assert_int_equal(synthetic_write(&bridge, first, NULL, &err), 0);
	about.segments[1] = "nat";
	about.reference = NULL;
	about.batches = 5;
	assert_int_equal(synthetic_write(&about, second, NULL, &err), 0);
	if (plot_comparison(dirs, 2, out, &err))
		fail_msg("%s", err.text);
	expect_chart(out, "modes", true);
	svg = join(out, "modes", ".svg");
	text = read_text(svg);
	assert_non_null(strstr(text,
			       "first: Linux 6.1.0-18-amd64, native, 4 batches of 30; "
			       "second: Linux 6.1.0-18-amd64, native, 5 batches of 30. Bars"));
}

/* The words that a chart's title, axes and captions use; a .gp has the template's own too. */
static void expect_no_time(const char *path)
{
	static const char *const words[] = { "time", "Time", " ns", " µs", "as the paper has it" };
	_free_ char *text = read_text(path);

	assert_non_null(strstr(text, "instructions"));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strstr(text, words[i]))
			fail_msg("%s speaks of \"%s\"", path, words[i]);
}

static void expect_no_time_in(const char *dir, size_t count)
{
	_free_ char *plots = join(dir, "plots", "");

	for (size_t i = 0; i < count; i++) {
		_free_ char *svg = join(plots, charts[i], ".svg");

		expect_no_time(svg);
	}
}

/* Instructions are not time, and the paper's nanoseconds do not stand beside them. */
static void test_instructions(void **state)
{
	struct synthetic about = bridge;
	_free_ char *one = NULL, *swept = NULL, *out = join(*state, "compared", ""), *modes = NULL;
	_free_ char *base = join(*state, "swept", "");
	struct err err = { 0 };

	about.exact = true;
	one = plotted(*state, &about);
	expect_no_time_in(one, 6); /* one cell: no sweep */
	if (plot_comparison((const char *const[]){ one }, 1, out, &err))
		fail_msg("%s", err.text);
	modes = join(out, "modes", ".svg");
	expect_no_time(modes);
	about.services = 3;
	assert_int_equal(mkdir(base, 0777), 0);
	swept = plotted(base, &about);
	expect_no_time_in(swept, 8);
}

static void test_partial_refused(void **state)
{
	_free_ char *dir = plotted(*state, &bridge), *partial = join(*state, "run", ".partial");
	struct err err = { 0 };

	assert_int_equal(rename(dir, partial), 0);
	assert_true(plot_folder(partial, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_int_equal(plot_unfinished(partial, &err), 0);
}

static void test_no_gnuplot(void **state)
{
	_free_ char *dir = join(*state, "run", ""), *before = strdup(getenv("PATH"));
	struct err err = { 0 };
	int code;

	assert_int_equal(synthetic_write(&bridge, dir, NULL, &err), 0);
	setenv("PATH", "/nonexistent", 1);
	code = plot_folder(dir, &err);
	setenv("PATH", before, 1);
	assert_true(code < 0);
	assert_int_equal(err.class, ERR_NEED);
	assert_string_equal(err.text, "gnuplot is not installed (apt install gnuplot-nox)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_one_cell, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_sweep, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_published, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_labels_only, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_no_segments, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_rates, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_rates_failed, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_hostile_text, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_self_contained, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_comparison, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_instructions, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_partial_refused, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_no_gnuplot, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
