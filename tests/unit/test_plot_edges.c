// SPDX-License-Identifier: GPL-2.0-only
/* Charts of what does not fit: intervals beyond an axis, captions beyond a line. */
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/file.h"
#include "harness/plot.h"
#include "harness/proc.h"
#include "tests/unit/synthetic.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct fixture {
	char base[FOLDER_BYTES], *dir, *gp, *svg;
};

static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	assert_true(asprintf(&fixture->dir, "%s/run", fixture->base) > 0);
	*state = fixture;
	if (!proc_exists("gnuplot"))
		skip_because("gnuplot is not installed");
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	free(fixture->dir);
	free(fixture->gp);
	free(fixture->svg);
	return folder_teardown(state);
}

static json_t *load(const struct fixture *fixture, const char *name, char **ret_path)
{
	json_t *json;

	assert_true(asprintf(ret_path, "%s/%s", fixture->dir, name) > 0);
	json = json_load_file(*ret_path, 0, NULL);
	assert_non_null(json);
	return json;
}

static char *read_chart(const struct fixture *fixture, const char *name)
{
	_free_ char *path = NULL;
	char *text = NULL;
	struct err err = {};

	assert_true(asprintf(&path, "%s/plots/%s", fixture->dir, name) > 0);
	if (file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	return text;
}

/* Writes the folder with that interval for all that the first cell has, and draws it. */
static void plot_with(struct fixture *fixture, const struct synthetic *about, double low,
		      double high, const char *chart)
{
	_free_ char *path = NULL, *gp = NULL, *svg = NULL;
	_json_ json_t *summary = NULL;
	struct err err = {};
	json_t *series;
	size_t i;

	if (synthetic_write(about, fixture->dir, NULL, &err))
		fail_msg("%s", err.text);
	summary = load(fixture, "summary.json", &path);
	json_array_foreach (
		json_object_get(json_array_get(json_object_get(summary, "cells"), 0), "series"), i,
		series)
		json_object_set_new(series, "ci95", json_pack("[f, f]", low, high));
	assert_int_equal(json_dump_file(summary, path, 0), 0);
	if (plot_folder(fixture->dir, &err))
		fail_msg("%s", err.text);
	assert_true(asprintf(&gp, "%s.gp", chart) > 0 && asprintf(&svg, "%s.svg", chart) > 0);
	fixture->gp = read_chart(fixture, gp);
	fixture->svg = read_chart(fixture, svg);
}

/* The axis of the first panel, and the first row that has an interval. */
static void read_axis(const struct fixture *fixture, char axis, double *ret)
{
	char set[16];
	const char *at;

	snprintf(set, sizeof(set), "set %crange [", axis);
	at = strstr(fixture->gp, set);
	assert_non_null(at);
	assert_int_equal(sscanf(at + strlen(set), "%lf:%lf]", &ret[0], &ret[1]), 2);
}

static void read_interval(const struct fixture *fixture, double *ret)
{
	const char *at = strstr(fixture->gp, "$data1 << END\n");
	double x, y;

	assert_non_null(at);
	for (at = strchr(at, '\n') + 1; strncmp(at, "END\n", 4); at = strchr(at, '\n') + 1)
		if (sscanf(at, "%lf %lf %lf %lf", &x, &y, &ret[0], &ret[1]) == 4 &&
		    isfinite(ret[0]) && isfinite(ret[1]))
			return;
	fail_msg("no interval");
}

/* gnuplot caps an end that is on the axis; one beyond it is cut off, and has none. */
static void test_rates(void **state)
{
	static const struct synthetic about = {
		.title = "Flat out", .bulk = true, .modes = 2, .batches = 3, .iterations = 1
	};
	struct fixture *fixture = *state;
	double axis[2], interval[2];

	plot_with(fixture, &about, -5e6, 9e6, "rates");
	read_axis(fixture, 'x', axis);
	read_interval(fixture, interval);
	assert_true(interval[0] < axis[0] && interval[1] > axis[1]);
	/* Near, so that nothing is lost to the precision of a picture's places. */
	assert_true(interval[0] > axis[0] - 10 * axis[1] && interval[1] < 10 * axis[1]);
}

static void test_sweep_log(void **state)
{
	static const struct synthetic about = { .title = "Sweep",
						.topology = "bridge",
						.segments = { "veth1", "bridge" },
						.means_ns = { 3100, 12000 },
						.services = 9,
						.batches = 3,
						.iterations = 5 };
	struct fixture *fixture = *state;
	double axis[2], interval[2];

	plot_with(fixture, &about, -400, 3e6, "sweep");
	assert_non_null(strstr(fixture->gp, "'set logscale y'"));
	read_axis(fixture, 'y', axis);
	read_interval(fixture, interval);
	assert_true(interval[0] > 0 && interval[0] < axis[0]);
}

/* A long kernel's name pushes the rest to a second line, not off the page. */
static void test_caption(void **state)
{
	static const struct synthetic about = {
		.title = "Flat out", .bulk = true, .modes = 2, .batches = 3, .iterations = 1
	};
	struct fixture *fixture = *state;
	_free_ char *path = NULL;
	_json_ json_t *environment = NULL;
	struct err err = {};
	char *text;

	plot_with(fixture, &about, 0.9e6, 1.1e6, "rates");
	text = read_chart(fixture, "rates.svg");
	environment = load(fixture, "environment.json", &path);
	json_object_set_new(json_object_get(environment, "kernel"), "release",
			    json_string("6.18.44-cloud-amd64-of-somebodys-own-and-patched-often"));
	assert_int_equal(json_dump_file(environment, path, 0), 0);
	if (plot_folder(fixture->dir, &err))
		fail_msg("%s", err.text);
	free(fixture->svg);
	fixture->svg = read_chart(fixture, "rates.svg");
	assert_non_null(strstr(text, "Faint: each batch."));
	assert_non_null(strstr(fixture->svg, "each batch."));
	assert_non_null(strstr(fixture->svg, "6.18.44-cloud-amd64-of-somebodys-own"));
	assert_string_not_equal(strstr(text, "viewBox"), strstr(fixture->svg, "viewBox"));
	free(text);
}

static off_t size_of(const struct fixture *fixture, const char *name)
{
	_free_ char *path = NULL;
	struct stat status;

	assert_true(asprintf(&path, "%s/plots/%s", fixture->dir, name) > 0);
	assert_int_equal(stat(path, &status), 0);
	return status.st_size;
}

/* As on a full disk: the script is written, the image is not, and gnuplot says nothing. */
static void test_no_room(void **state)
{
	const struct synthetic about = {
		.title = "Flat out", .bulk = true, .batches = 3, .iterations = 1, .modes = 2
	};
	struct fixture *fixture = *state;
	struct rlimit before, limit;
	struct err err = {};
	int code;

	if (synthetic_write(&about, fixture->dir, NULL, &err) || plot_folder(fixture->dir, &err))
		fail_msg("%s", err.text);
	assert_true(size_of(fixture, "batches.gp") < size_of(fixture, "batches.png"));
	assert_true(size_of(fixture, "rates.gp") < size_of(fixture, "batches.png"));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	limit = before;
	limit.rlim_cur = (rlim_t)size_of(fixture, "batches.png") - 1;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	code = plot_folder(fixture->dir, &err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_DFL);
	assert_int_equal(code, -EIO);
	assert_non_null(strstr(err.text, "unfinished"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rates, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sweep_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_caption, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_room, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
