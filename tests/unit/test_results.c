// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/csv.h"
#include "harness/file.h"
#include "tests/unit/synthetic.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct synthetic small = {
	.title = "Small",
	.segments = { "veth1", "bridge", "veth2" },
	.means_ns = { 3000, 12000, 2900.5 },
	.span = "whole",
	.services = 2,
	.batches = 3,
	.iterations = 20,
};

struct fixture {
	char base[FOLDER_BYTES], dir[96], partial[112];
};

static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	snprintf(fixture->dir, sizeof(fixture->dir), "%s/run", fixture->base);
	snprintf(fixture->partial, sizeof(fixture->partial), "%s.partial", fixture->dir);
	*state = fixture;
	return 0;
}

static void write_small(const char *dir)
{
	struct err err = { 0 };

	if (synthetic_write(&small, dir, NULL, &err))
		fail_msg("%s", err.text);
}

static void write_text(const char *dir, const char *name, const char *text)
{
	_free_ char *path = NULL;
	struct err err;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static char *read_text(const char *dir, const char *name)
{
	_free_ char *path = NULL;
	char *text = NULL;
	struct err err;

	assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
	if (file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	return text;
}

static bool there(const char *path)
{
	return !access(path, F_OK);
}

static void test_round_trip(void **state)
{
	struct fixture *fixture = *state;
	_result_folder_ struct result_folder folder = { 0 };
	struct samples *samples = samples_new();
	_json_ json_t *written = NULL, *again = NULL;
	struct plan plan;
	struct err err = { 0 };

	assert_int_equal(synthetic_write(&small, fixture->dir, &written, &err), 0);
	assert_false(there(fixture->partial));
	if (result_folder_read(&folder, fixture->dir, &err))
		fail_msg("%s", err.text);
	/* The same doubles, through text. */
	assert_true(json_equal(folder.summary, written));
	if (result_folder_samples(samples, &folder, &err))
		fail_msg("%s", err.text);
	synthetic_plan(&small, &plan);
	again = synthetic_summary(&small, &plan, samples);
	assert_true(json_equal(again, written));
	synthetic_plan_done(&plan);
	samples_free(samples);
}

static void test_calibration(void **state)
{
	struct fixture *fixture = *state;
	_free_ struct probe_block *blocks = NULL;
	struct err err = { 0 };
	size_t count = 0;

	write_small(fixture->dir);
	assert_int_equal(result_calibration_read(&blocks, &count, fixture->dir, &err), 0);
	assert_int_equal(count, 3);
	assert_int_equal(blocks[2].condition, BLOCK_FULL);
	assert_int_equal(blocks[2].packet_ns, 7900);
}

static void expect_line(const char *dir, const char *name, const char *line)
{
	_free_ char *text = read_text(dir, name);

	if (strncmp(text, line, strlen(line)))
		fail_msg("%s begins with: %.80s", name, text);
}

static void test_tables(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *batches = NULL;

	write_small(fixture->dir);
	expect_line(fixture->dir, "samples.csv",
		    "cell,batch,iteration,series,direction,value\n0,0,0,veth1,request,");
	expect_line(fixture->dir, "counters.csv", "cell,batch,name,value\n0,0,sent,20\n");
	expect_line(fixture->dir, "calibration.csv",
		    "round,condition,packets,events,packet_ns\n0,off,1000,0,7000\n");
	expect_line(fixture->dir, "hist.csv",
		    "cell,series,direction,scale,low,high,count\n0,veth1,request,log2,0,1,0\n");
	batches = read_text(fixture->dir, "batches.csv");
	/* A label with commas and quotes. */
	assert_non_null(
		strstr(batches, "cell,factors,series,direction,unit,b1,b2,b3\n0,\"{\"\"topology"));
}

static void test_numbers(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ 1234567, "1234567" },
		{ -3, "-3" },
		{ 0.1, "0.1" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e300, "1e+300" },
		{ 5e-324, "4.94065645841247e-324" },
		{ 2900.5, "2900.5" },
		{ NAN, "" },
		{ INFINITY, "" },
		{ 9007199254740993.0, "9007199254740992" },
	};
	char text[CSV_NUMBER_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(csv_number(cases[i].value, text), cases[i].text);
		if (*text)
			assert_true(strtod(text, NULL) == cases[i].value);
	}
}

static void test_existing_refused(void **state)
{
	struct fixture *fixture = *state;
	struct err err = { 0 };

	assert_int_equal(mkdir(fixture->dir, 0777), 0);
	assert_int_equal(synthetic_write(&small, fixture->dir, NULL, &err), -EINVAL);
	assert_int_equal(err.class, ERR_USAGE);
	assert_non_null(strstr(err.text, "exists already"));
	assert_int_equal(synthetic_write(&small, fixture->partial, NULL, &err), -EINVAL);
	assert_int_equal(synthetic_write(&small, "", NULL, &err), -EINVAL);
}

/* A run that stops (or is killed) in the middle; `finish`: after a cell was finished. */
static void abandon(const char *dir, bool finish, bool killed)
{
	pid_t child = fork();
	int status;

	if (!child) {
		struct samples *samples = samples_new();
		struct results *results = NULL;
		struct plan plan;
		struct err err;

		synthetic_plan(&small, &plan);
		if (results_open(&results, &plan, dir, &err))
			_exit(1);
		synthetic_job(&small, samples, 0, 0);
		if (results_append(results, samples, finish ? &(struct job){ 0, 0 } : NULL, NULL,
				   &err))
			_exit(1);
		if (killed)
			raise(SIGKILL);
		results_free(results);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(killed ? WIFSIGNALED(status) : WIFEXITED(status) && !WEXITSTATUS(status));
}

static void test_partial(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *nested = NULL, *top = NULL;
	struct result_folder folder;
	struct err err = { 0 };

	abandon(fixture->dir, false, false);
	assert_false(there(fixture->partial));
	abandon(fixture->dir, true, false);
	assert_true(there(fixture->partial));
	assert_int_equal(result_folder_read(&folder, fixture->partial, &err), -EINVAL);
	result_folder_done(&folder);
	assert_int_equal(synthetic_write(&small, fixture->dir, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "did not finish"));
	/* Folders made on the way are taken back. */
	assert_true(asprintf(&top, "%s/a", fixture->base) > 0);
	assert_true(asprintf(&nested, "%s/b/c", top) > 0);
	abandon(nested, false, false);
	assert_false(there(top));
}

static void test_dead_removed(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *kept = NULL, *foreign = NULL, *other = NULL;

	assert_true(asprintf(&other, "%s/other", fixture->base) > 0);
	assert_true(asprintf(&kept, "%s/kept", fixture->base) > 0);
	assert_true(asprintf(&foreign, "%s/foreign.partial", fixture->base) > 0);
	abandon(kept, true, true);
	abandon(fixture->dir, false, true);
	assert_int_equal(mkdir(foreign, 0777), 0);
	write_text(foreign, "thesis.tex", "years of work");
	assert_true(there(fixture->partial));
	write_small(other);
	assert_false(there(fixture->partial));
	assert_true(there(foreign));
	free(kept);
	assert_true(asprintf(&kept, "%s/kept.partial", fixture->base) > 0);
	assert_true(there(kept));
	/* One's own dead and empty one is in nobody's way. */
	abandon(fixture->dir, false, true);
	write_small(fixture->dir);
}

static void test_alive_kept(void **state)
{
	struct fixture *fixture = *state;
	_results_ struct results *results = NULL;
	_free_ char *other = NULL;
	struct err err = { 0 };
	struct plan plan;

	synthetic_plan(&small, &plan);
	assert_int_equal(results_open(&results, &plan, fixture->dir, &err), 0);
	assert_string_equal(results_path(results), fixture->partial);
	assert_true(asprintf(&other, "%s/other", fixture->base) > 0);
	write_small(other);
	assert_true(there(fixture->partial));
	assert_int_equal(synthetic_write(&small, fixture->dir, NULL, &err), -EINVAL);
	assert_non_null(strstr(err.text, "another run"));
	synthetic_plan_done(&plan);
}

/* A limit on the size of files stands in for a full disk: the same path through write(). */
static void test_disk_full(void **state)
{
	struct fixture *fixture = *state;
	pid_t child = fork();
	int status;

	if (!child) {
		struct err err = { 0 };

		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4096, 4096 });
		if (!synthetic_write(&small, fixture->dir, NULL, &err))
			_exit(1);
		_exit(strstr(err.text, "run.partial/samples.csv") && strstr(err.text, "large") ? 0
											       : 2);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_false(there(fixture->dir));
}

struct hostile {
	const char *file, *text, *said;
};

#define SAMPLES "cell,batch,iteration,series,direction,value\n"
static const struct hostile hostiles[] = {
	{ "samples.csv", "", "samples.csv:1: the header is not" },
	{ "samples.csv", "cell,batch\n", "samples.csv:1: the header is not" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,request,1\n9,0,0,veth1,request,1\n",
	  "samples.csv:3: cell: \"9\" is not a whole number up to 1" },
	{ "samples.csv", SAMPLES "0,3,0,veth1,request,1\n", "samples.csv:2: batch: \"3\"" },
	{ "samples.csv", SAMPLES "0,-1,0,veth1,request,1\n", "samples.csv:2: batch: \"-1\"" },
	{ "samples.csv", SAMPLES "0,0,4294967296,veth1,request,1\n", "iteration" },
	{ "samples.csv", SAMPLES "0,0,0,veth9,request,1\n", "series \"veth9\" request is not in" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,sideways,1\n", "series \"veth1\" sideways" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,request,nan\n", "value: \"nan\" is not a number" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,request,1e999\n", "is not a number" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,request,0x10\n", "is not a number" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,request\n", "5 fields, the header has 6" },
	{ "samples.csv", SAMPLES "0,0,0,\"veth1,request,1\n", "a quote" },
	{ "samples.csv", SAMPLES "0,0,0,veth1,request,12", "samples.csv:2: the file ends in the" },
	{ "counters.csv", "cell,batch,name,value\n0,0,sent,many\n",
	  "counters.csv:2: value: \"many\"" },
	{ "summary.json", "{", "summary.json:1:1: " },
	{ "summary.json", "[]", "summary.json: not an object" },
	{ "summary.json",
	  "{\"format\":2,\"experiment\":\"x\",\"mode\":\"vm\",\"valid\":true,\"cells\":[]}",
	  "format 2, this labrun reads format 1" },
	{ "summary.json",
	  "{\"format\":1,\"experiment\":\"x\",\"mode\":\"vm\",\"valid\":true,\"cells\":[]}",
	  "no cells" },
	{ "summary.json",
	  "{\"format\":1,\"experiment\":\"x\",\"mode\":\"vm\",\"valid\":true,\"cells\":[{"
	  "\"factors\":{},"
	  "\"series\":[{\"name\":7}]}]}",
	  "cells[0].series[0]: \"name\" is not a string" },
	{ "environment.json", "nonsense", "environment.json:1:" },
};

static void test_hostile(void **state)
{
	struct fixture *fixture = *state;

	write_small(fixture->dir);
	for (size_t i = 0; i < ARRAY_SIZE(hostiles); i++) {
		_free_ char *before = read_text(fixture->dir, hostiles[i].file);
		struct samples *samples = samples_new();
		struct err err = { 0 };

		write_text(fixture->dir, hostiles[i].file, hostiles[i].text);
		assert_int_equal(result_samples_read(samples, fixture->dir, &err), -EINVAL);
		if (!strstr(err.text, hostiles[i].said))
			fail_msg("case %zu: %s", i, err.text);
		assert_int_equal(err.class, ERR_USAGE);
		write_text(fixture->dir, hostiles[i].file, before);
		samples_free(samples);
	}
}

static void test_no_folder(void **state)
{
	struct fixture *fixture = *state;
	struct result_folder folder;
	struct err err = { 0 };

	assert_int_equal(result_folder_read(&folder, fixture->base, &err), -EINVAL);
	assert_non_null(strstr(err.text, "is not a result folder"));
	result_folder_done(&folder);
	assert_int_equal(result_folder_read(&folder, "/nonexistent", &err), -EINVAL);
	assert_int_equal(err.class, ERR_USAGE);
	result_folder_done(&folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_calibration, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, folder_teardown),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test_setup_teardown(test_existing_refused, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_partial, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_dead_removed, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_alive_kept, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_disk_full, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_hostile, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_no_folder, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
