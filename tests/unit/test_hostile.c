// SPDX-License-Identifier: GPL-2.0-only
/*
 * Result folders whose files are not files: every verb that reads them says so or goes on, waits
 * for nothing, runs nothing, and writes nowhere but into the folder.
 */
#include "tests/unit/report_fixture.h"

#include "harness/compare.h"
#include "harness/merge.h"
#include "harness/plot.h"
#include "harness/plot_hist_text.h"
#include "harness/results_resume.h"
#include "harness/verify.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>

#define SECRET "nobody's business"
#define HOLE_BYTES (1ll << 40)
/* Whatever is slower than this hangs. */
#define DEADLINE_S 60

static const struct synthetic sound = {
	.title = "Sound",
	.segments = { "veth1", "bridge", "veth2" },
	.means_ns = { 3000, 12000, 2900 },
	.span = "whole",
	.batches = 3,
	.iterations = 20,
	.calibrated = true,
};

static const char *const names[] = {
	"summary.json", "environment.json", "experiment.json",	   "topology.json",
	"samples.csv",	"counters.csv",	    "calibration.csv",	   "SHA256SUMS",
	"report.html",	"plots/path.svg",   "plots/path.gp",	   "plots/path.png",
	"batches.csv",	"topology-1.json",  "report.html.partial",
};

/* A refusal comes with words. */
static void told(int code, struct err *err)
{
	if (code && !err->text[0])
		fail_msg("refused without a word");
	*err = (struct err){};
}

static void read_all(const char *dir)
{
	_json_ json_t *report = NULL, *comparison = NULL;
	_plot_data_ struct plot_data data = {};
	_rebuilt_ struct rebuilt merged = {};
	struct err err = {};
	int code = verify_folder(&report, dir, &err);

	if (!code && verify_passed(report))
		fail_msg("%s: verified", dir);
	told(code, &err);
	told(compare_folders(&comparison, dir, dir, NAN, &err), &err);
	told(merge_folders(&merged, &dir, 1, &err), &err);
	code = plot_data_read(&data, dir, false, &err);
	told(code ? code : plot_data_samples(&data, &err), &err);
}

static void use_all(const char *dir)
{
	struct err err = {};

	alarm(DEADLINE_S);
	read_all(dir);
	told(plot_folder(dir, &err), &err);
	told(report_page_add(dir, &err), &err);
	alarm(0);
}

static void be_fifo(const char *path, const char *base)
{
	(void)base;
	assert_int_equal(mkfifo(path, 0600), 0);
}

static void be_folder(const char *path, const char *base)
{
	(void)base;
	assert_int_equal(mkdir(path, 0700), 0);
}

static void be_link_out(const char *path, const char *base)
{
	_free_ char *secret = browser_path(base, "secret");

	assert_int_equal(symlink(secret, path), 0);
}

static void be_link_up(const char *path, const char *base)
{
	(void)base;
	assert_int_equal(symlink(strstr(path, "plots/") ? "../../secret" : "../secret", path), 0);
}

static void be_device(const char *path, const char *base)
{
	(void)base;
	assert_int_equal(symlink("/dev/zero", path), 0);
}

static void be_hole(const char *path, const char *base)
{
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)base;
	assert_true(fd >= 0);
	/* Where no file may be that long, a shorter one does. */
	if (ftruncate(fd, HOLE_BYTES))
		assert_int_equal(ftruncate(fd, HOLE_BYTES >> 8), 0);
}

static void be_loop(const char *path, const char *base)
{
	(void)base;
	assert_int_equal(symlink(strrchr(path, '/') + 1, path), 0);
}

static void (*const shapes[])(const char *, const char *) = {
	be_fifo, be_folder, be_link_out, be_link_up, be_device, be_hole, be_loop,
};

static void drawn_folder(const char *base, const char *name)
{
	_free_ char *dir = browser_path(base, name);
	struct err err = {};

	make_folder(base, &sound, name);
	if (plot_folder(dir, &err) && err.class != ERR_NEED)
		fail_msg("%s", err.text);
	if (report_page_add(dir, &err))
		fail_msg("%s", err.text);
}

/* Those beside the folder are as they were, and what they hold is nowhere in the page. */
static void assert_untouched(const char *base, const char *dir)
{
	_free_ char *secret = browser_path(base, "secret"), *text = NULL, *page = NULL;
	_free_ char *page_path = browser_path(dir, REPORT_PAGE);
	struct err err = {};
	struct stat status;

	assert_int_equal(file_read(secret, &text, NULL, &err), 0);
	assert_string_equal(text, SECRET);
	if (lstat(page_path, &status) || !S_ISREG(status.st_mode) || status.st_size > 1 << 24)
		return;
	assert_int_equal(file_read(page_path, &page, NULL, &err), 0);
	/* As it is, and as base64. */
	assert_null(strstr(page, SECRET));
	assert_null(strstr(page, "bm9ib2R5J3MgYnVzaW5lc3M"));
}

/* gnuplot is only for what it draws: the rest is tried without it, in a tenth of the time. */
static void try_shape(const char *base, const char *name,
		      void (*shape)(const char *path, const char *base))
{
	_free_ char *dir = browser_path(base, "one"), *path = browser_path(dir, name);
	_free_ char *folders = strdup(getenv("PATH"));

	if (!strstr(name, "plots/"))
		setenv("PATH", "/nonexistent", 1);
	drawn_folder(base, "one");
	unlink(path);
	shape(path, base);
	use_all(dir);
	assert_untouched(base, dir);
	file_remove_tree(dir);
	setenv("PATH", folders, 1);
}

static void test_shapes(void **state)
{
	append(*state, "secret", SECRET);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		for (size_t j = 0; j < ARRAY_SIZE(shapes); j++)
			try_shape(*state, names[i], shapes[j]);
}

static size_t count_files(const char *dir)
{
	_closedir_ DIR *open = opendir(dir);
	size_t count = 0;

	assert_non_null(open);
	while (readdir(open))
		count++;
	return count - 2;
}

/* What is written into plots/ would be written elsewhere. */
static void test_plots_elsewhere(void **state)
{
	const char *base = *state;
	_free_ char *dir = browser_path(base, "one"), *plots = browser_path(dir, "plots");
	_free_ char *elsewhere = browser_path(base, "elsewhere");
	struct err err = {};

	append(base, "secret", SECRET);
	drawn_folder(base, "one");
	file_remove_tree(plots);
	assert_int_equal(mkdir(elsewhere, 0700), 0);
	assert_int_equal(symlink("../elsewhere", plots), 0);
	assert_true(plot_folder(dir, &err) < 0);
	assert_non_null(strstr(err.text, "plots"));
	use_all(dir);
	assert_int_equal(count_files(elsewhere), 0);
}

/* Scripts in the folder are drawn over, not run; nor are programs that lie beside them. */
static void test_nothing_is_run(void **state)
{
	static const char *const scripts[] = { "plots/path.gp", "plots/segments.gp", ".gnuplot",
					       "gnuplotrc", "plots/.gnuplot" };
	const char *base = *state;
	_free_ char *dir = browser_path(base, "one"), *canary = browser_path(base, "canary");
	_free_ char *script = NULL;

	drawn_folder(base, "one");
	assert_true(asprintf(&script, "system \"touch %s\"\n! touch %s\n", canary, canary) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		_free_ char *name = NULL;

		assert_true(asprintf(&name, "one/%s", scripts[i]) > 0);
		append(base, name, script);
	}
	use_all(dir);
	assert_int_equal(access(canary, F_OK), -1);
}

/* Names that are paths: of what is measured, and of what is read beside the folder. */
static void test_names_are_no_paths(void **state)
{
	static const char path[] = "../../../../../../tmp/labrun-test-traversal";
	const struct synthetic about = {
		.title = path,
		.topology = path,
		.reference = path,
		.segments = { "../../x", "/etc/x", path },
		.means_ns = { 3000, 12000, 2900 },
		.batches = 2,
		.iterations = 5,
	};
	const char *base = *state;
	_free_ char *dir = browser_path(base, "one");
	_json_ json_t *summary = NULL;
	size_t before;

	make_folder(base, &about, "one");
	summary = load(base, "one/summary.json");
	json_object_set_new(summary, "experiment", json_string(path));
	store(base, "one/summary.json", summary);
	before = count_files(base);
	use_all(dir);
	assert_int_equal(count_files(base), before);
	assert_int_equal(access("/tmp/labrun-test-traversal", F_OK), -1);
}

/* At the ends of what doubles can hold, in all that is measured and declared: arithmetic that
 * overflows, JSON whose shortest form is longer than it was. */
static void test_edge_numbers(void **state)
{
	static const double edges[] = { 5e-324,	 1e-323, 1e-310, 1e-300,   1e-17, 1e17,
					1.7e308, 1e308,	 1e300,	 -1.7e308, -0.0,  9e15 };
	const char *base = *state;
	_free_ char *dir = browser_path(base, "one"), *folders = strdup(getenv("PATH"));

	/* gnuplot is for another test. */
	setenv("PATH", "/nonexistent", 1);
	for (size_t i = 0; i < ARRAY_SIZE(edges); i++) {
		_json_ json_t *summary = NULL, *experiment = NULL;
		json_t *series;

		make_folder(base, &sound, "one");
		summary = load(base, "one/summary.json");
		experiment = load(base, "one/experiment.json");
		series = json_array_get(
			json_object_get(json_array_get(json_object_get(summary, "cells"), 0),
					"series"),
			i % 3);
		json_object_set_new(series, "mean", json_real(edges[i]));
		json_object_set_new(series, "p50", json_real(edges[i]));
		json_object_set_new(series, "ci95", json_pack("[f, f]", -edges[i], edges[i]));
		json_object_set_new(series, "batches",
				    json_pack("[f, f, f]", edges[i], 0.0, edges[i]));
		json_object_set_new(experiment, "loss_tolerance", json_real(edges[i]));
		store(base, "one/summary.json", summary);
		store(base, "one/experiment.json", experiment);
		append(base, "one/samples.csv",
		       "0,0,99,veth1,request,1e308\n"
		       "0,0,100,veth1,request,-1e308\n"
		       "0,0,101,bridge,request,5e-324\n");
		use_all(dir);
		file_remove_tree(dir);
	}
	setenv("PATH", folders, 1);
}

/* Ends by being killed. */
static void keep_changing(const char *path)
{
	for (unsigned i = 0;; i++) {
		if (truncate(path, (long)(i * 997 % 9000)) && i > 1000000000)
			_exit(1);
	}
}

static void test_changing_files(void **state)
{
	const char *base = *state;
	_free_ char *dir = browser_path(base, "one");

	for (size_t i = 0; i < 8; i++) {
		_free_ char *path = browser_path(dir, names[i]);
		pid_t changer;

		drawn_folder(base, "one");
		changer = fork();
		if (!changer)
			keep_changing(path);
		use_all(dir);
		kill(changer, SIGKILL);
		assert_int_equal(waitpid(changer, NULL, 0), changer);
		file_remove_tree(dir);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shapes, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_plots_elsewhere, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_is_run, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_names_are_no_paths, folder_setup,
						folder_teardown),
		cmocka_unit_test_setup_teardown(test_edge_numbers, folder_setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_changing_files, folder_setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
