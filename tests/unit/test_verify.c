// SPDX-License-Identifier: GPL-2.0-only
/*
 * A folder as labrun wrote it is verified; whatever is then changed in it is found and named, with
 * SHA256SUMS left alone by its digest, with SHA256SUMS forged by making it again.
 */
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/file.h"
#include "harness/plot.h"
#include "harness/proc.h"
#include "harness/report_page.h"
#include "harness/results_manifest.h"
#include "harness/verify.h"
#include "tests/unit/synthetic.h"

#include <fcntl.h>
#include <sys/stat.h>

static const struct synthetic small = {
	.title = "Small",
	.segments = { "veth1", "bridge", "veth2" },
	.means_ns = { 3000, 12000, 2900.5 },
	.batches = 3,
	.iterations = 20,
	.calibrated = true,
};

struct fixture {
	char base[FOLDER_BYTES], dir[96], scratch[96];
};

/* What is made meanwhile is made under our base, so that leftovers can be counted. */
static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));
	struct err err = { 0 };

	snprintf(fixture->dir, sizeof(fixture->dir), "%s/run", fixture->base);
	snprintf(fixture->scratch, sizeof(fixture->scratch), "%s/scratch", fixture->base);
	assert_int_equal(mkdir(fixture->scratch, 0700), 0);
	setenv("TMPDIR", fixture->scratch, 1);
	if (synthetic_write(&small, fixture->dir, NULL, &err))
		fail_msg("%s", err.text);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (rmdir(fixture->scratch))
		fail_msg("something is left in %s", fixture->scratch);
	return folder_teardown(state);
}

static json_t *verify(const struct fixture *fixture)
{
	struct err err = { 0 };
	json_t *report;

	if (verify_folder(&report, fixture->dir, &err))
		fail_msg("%s", err.text);
	return report;
}

static char *path_in(const struct fixture *fixture, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", fixture->dir, name) > 0);
	return path;
}

/* The first place where `from` stands in the file. */
static void replace(const struct fixture *fixture, const char *name, const char *from,
		    const char *to)
{
	_free_ char *path = path_in(fixture, name), *text = NULL, *changed = NULL;
	struct err err;
	char *at;

	assert_int_equal(file_read(path, &text, NULL, &err), 0);
	at = strstr(text, from);
	if (!at)
		fail_msg("no %s in %s", from, name);
	assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >
		    0);
	assert_int_equal(file_write(path, changed, strlen(changed), &err), 0);
}

static void forge_manifest(const struct fixture *fixture)
{
	_close_ int fd = open(fixture->dir, O_RDONLY | O_DIRECTORY);
	struct err err;

	assert_int_equal(manifest_write(fd, fixture->dir, &err), 0);
}

static bool finds(const json_t *report, const char *file)
{
	const json_t *finding;
	size_t i;

	json_array_foreach (json_object_get(report, "findings"), i, finding)
		if (!strcmp(json_string_value(json_object_get(finding, "file")), file))
			return true;
	return false;
}

#define assert_found(report, file)                                                                 \
	do {                                                                                       \
		assert_false(verify_passed(report));                                               \
		if (!finds(report, file))                                                          \
			fail_msg("%s is not named: %s", file, json_dumps(report, 0));              \
	} while (0)

static void test_verified(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *report = verify(fixture);

	if (!verify_passed(report))
		fail_msg("%s", json_dumps(report, 0));
	assert_string_equal(json_string_value(json_object_get(report, "manifest")), "matches");
	assert_int_equal(json_integer_value(json_object_get(report, "listed")), 9);
	assert_int_equal(json_array_size(json_object_get(report, "recomputed")), 9);
}

static void test_charts(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *report = NULL, *again = NULL;
	struct err err = { 0 };

	if (!proc_exists("gnuplot"))
		skip_because("gnuplot is not installed");
	setenv("LABRUN_DATA", ".", 0);
	if (plot_folder(fixture->dir, &err))
		fail_msg("%s", err.text);
	report = verify(fixture);
	if (!verify_passed(report))
		fail_msg("%s", json_dumps(report, 0));
	assert_true(json_array_size(json_object_get(report, "recomputed")) >= 9 + 3 * 3);
	assert_int_equal(json_array_size(json_object_get(report, "not_compared")), 0);
	replace(fixture, "plots/segments.svg", "#ffffff", "#fffffe");
	replace(fixture, "plots/batches.svg", "GNUPLOT ", "GNUPLOT 1");
	forge_manifest(fixture);
	again = verify(fixture);
	assert_found(again, "plots/segments.svg");
	/* Another gnuplot is no fault. */
	assert_false(finds(again, "plots/batches.svg"));
	assert_int_equal(json_array_size(json_object_get(again, "not_compared")), 2);
}

static void test_report(void **state)
{
	struct fixture *fixture = *state;
	_json_ json_t *report = NULL, *again = NULL, *other = NULL;
	struct err err = { 0 };

	if (report_page_add(fixture->dir, &err))
		fail_msg("%s", err.text);
	report = verify(fixture);
	if (!verify_passed(report))
		fail_msg("%s", json_dumps(report, 0));
	assert_int_equal(json_array_size(json_object_get(report, "recomputed")), 9 + 1);
	replace(fixture, "report.html", "veth2", "veth3");
	forge_manifest(fixture);
	again = verify(fixture);
	assert_found(again, "report.html");
	/* Another labrun is no fault. */
	replace(fixture, "report.html", "content=\"labrun ", "content=\"labrun 9");
	forge_manifest(fixture);
	other = verify(fixture);
	assert_true(verify_passed(other));
	assert_int_equal(json_array_size(json_object_get(other, "not_compared")), 1);
}

/* Its digest alone tells of what nothing else does. */
static void test_each_file(void **state)
{
	static const char *const files[] = {
		"batches.csv",	 "calibration.csv",  "counters.csv",
		"hist.csv",	 "samples.csv",	     "summary.json",
		"topology.json", "environment.json", "experiment.json"
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_free_ char *path = path_in(fixture, files[i]), *text = NULL;
		_json_ json_t *report = NULL;
		struct err err;
		size_t length;

		assert_int_equal(file_read(path, &text, &length, &err), 0);
		assert_int_equal(file_write(path, text, length - 2, &err), 0);
		report = verify(fixture);
		assert_found(report, files[i]);
		assert_int_equal(file_write(path, text, length, &err), 0);
	}
}

static void test_forged(void **state)
{
	static const struct {
		const char *file, *from, *to, *found;
	} rows[] = {
		{ "samples.csv", "0,0,0,veth1,request,", "0,0,0,veth1,request,1", "summary.json" },
		{ "counters.csv", "0,0,received,20", "0,0,received,19", "summary.json" },
		{ "calibration.csv", ",7900", ",7901", "summary.json" },
		{ "summary.json", "\"valid\": true", "\"valid\": false", "summary.json" },
		{ "summary.json", "\"mode\": \"native\"", "\"mode\": \"exact\"", "summary.json" },
		{ "batches.csv", "0,,veth1,request,ns,", "0,,veth1,request,ns,1", "batches.csv" },
		{ "hist.csv", "log2,0,1,0", "log2,0,1,1", "hist.csv" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_json_ json_t *report = NULL, *restored = NULL;

		replace(fixture, rows[i].file, rows[i].from, rows[i].to);
		forge_manifest(fixture);
		report = verify(fixture);
		assert_string_equal(json_string_value(json_object_get(report, "manifest")),
				    "matches");
		assert_found(report, rows[i].found);
		replace(fixture, rows[i].file, rows[i].to, rows[i].from);
		forge_manifest(fixture);
		restored = verify(fixture);
		assert_true(verify_passed(restored));
	}
}

static void test_comes_and_goes(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *stray = path_in(fixture, "stray"), *hist = path_in(fixture, "hist.csv");
	_json_ json_t *report = NULL;
	struct err err;

	assert_int_equal(file_write(stray, "", 0, &err), 0);
	assert_int_equal(unlink(hist), 0);
	/* What is no regular file is not read. */
	assert_int_equal(mkfifo(hist, 0600), 0);
	report = verify(fixture);
	assert_found(report, "stray");
	assert_found(report, "hist.csv");
}

static void test_without_manifest(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *manifest = path_in(fixture, MANIFEST_NAME);
	_json_ json_t *report = NULL, *forged = NULL;

	assert_int_equal(unlink(manifest), 0);
	report = verify(fixture);
	assert_true(verify_passed(report));
	assert_string_equal(json_string_value(json_object_get(report, "manifest")), "none");
	replace(fixture, "batches.csv", "0,,veth1,request,ns,", "0,,veth1,request,ns,1");
	forged = verify(fixture);
	assert_found(forged, "batches.csv");
}

static void test_broken_manifest(void **state)
{
	static const char digest[] =
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct fixture *fixture = *state;
	_free_ char *path = path_in(fixture, MANIFEST_NAME), *twice = NULL;
	const char *texts[] = { "", "x\n", digest, NULL };

	assert_true(asprintf(&twice, "%s  a\n%s  a\n", digest, digest) > 0);
	texts[3] = twice;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		_json_ json_t *report = NULL;
		struct err err;

		assert_int_equal(file_write(path, texts[i], strlen(texts[i]), &err), 0);
		report = verify(fixture);
		assert_false(verify_passed(report));
	}
}

static void test_sha256sum_agrees(void **state)
{
	const char *const argv[] = { "sha256sum", "--strict", "-c", MANIFEST_NAME, NULL };
	struct fixture *fixture = *state;
	_close_ int back = open(".", O_RDONLY | O_DIRECTORY);
	struct err err = { 0 };
	int code;

	if (!proc_exists("sha256sum"))
		skip_because("sha256sum is not installed");
	assert_int_equal(chdir(fixture->dir), 0);
	code = proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, &err);
	assert_int_equal(fchdir(back), 0);
	if (code)
		fail_msg("%s", err.text);
}

static void test_no_folder(void **state)
{
	struct fixture *fixture = *state;
	json_t *report = NULL;
	struct err err = { 0 };

	assert_true(verify_folder(&report, fixture->base, &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
	assert_true(verify_folder(&report, "/nonexistent", &err) < 0);
	assert_int_equal(err.class, ERR_USAGE);
}

#define verify_test(body) cmocka_unit_test_setup_teardown(body, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		verify_test(test_verified),	    verify_test(test_charts),
		verify_test(test_report),	    verify_test(test_each_file),
		verify_test(test_forged),	    verify_test(test_comes_and_goes),
		verify_test(test_without_manifest), verify_test(test_broken_manifest),
		verify_test(test_sha256sum_agrees), verify_test(test_no_folder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
