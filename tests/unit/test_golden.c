// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people are told about experiment files, to the last character. tests/golden/bad holds one
 * file a rule with what `labrun check` says to it, good what `labrun plan` prints and the file with
 * its defaults. A rule is added by adding two files; LABRUN_GOLDEN_UPDATE=1 writes what is
 * expected from what is said, to be read before it is committed.
 */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/file.h"
#include "harness/plan.h"

#include <fcntl.h>
#include <string.h>

#define BAD "tests/golden/bad"
#define GOOD "tests/golden/good"

/* What a verb printed while the standard streams were ours. */
struct capture {
	FILE *out, *err, *old_out, *old_err;
	char *out_text, *err_text;
	size_t out_bytes, err_bytes;
};

static void capture_start(struct capture *capture)
{
	*capture = (struct capture){ .old_out = stdout, .old_err = stderr };
	capture->out = open_memstream(&capture->out_text, &capture->out_bytes);
	capture->err = open_memstream(&capture->err_text, &capture->err_bytes);
	assert_true(capture->out && capture->err);
	stdout = capture->out;
	stderr = capture->err;
}

static void capture_stop(struct capture *capture)
{
	stdout = capture->old_out;
	stderr = capture->old_err;
	fclose(capture->out);
	fclose(capture->err);
}

static void capture_done(struct capture *capture)
{
	free(capture->out_text);
	free(capture->err_text);
}

static enum outcome run_verb(enum outcome (*verb)(int, char **), const char *path,
			     struct capture *capture)
{
	char name[] = "verb", *owned = strdup(path), *argv[] = { name, owned, NULL };
	enum outcome outcome;

	capture_start(capture);
	outcome = verb(2, argv);
	capture_stop(capture);
	free(owned);
	return outcome;
}

/* Each line in which the two differ. */
static void print_difference(const char *expected, const char *said)
{
	for (unsigned line = 1; *expected || *said; line++) {
		size_t left = strcspn(expected, "\n"), right = strcspn(said, "\n");

		if (left != right || memcmp(expected, said, left)) {
			print_error("  line %u\n", line);
			if (*expected)
				print_error("  - %.*s\n", (int)left, expected);
			if (*said)
				print_error("  + %.*s\n", (int)right, said);
		}
		expected += left + (expected[left] == '\n');
		said += right + (said[right] == '\n');
	}
}

/* The file beside x.json that tells what is expected: x.expect. */
static char *expect_path(const char *path)
{
	char *text;

	if (asprintf(&text, "%.*s.expect", (int)(strlen(path) - strlen(".json")), path) < 0)
		abort();
	return text;
}

static unsigned compare(const char *path, const char *said)
{
	_free_ char *expect = expect_path(path), *expected = NULL;
	struct err err;

	if (getenv("LABRUN_GOLDEN_UPDATE")) {
		if (file_write(expect, said, strlen(said), &err))
			fail_msg("%s", err.text);
		return 0;
	}
	if (file_read(expect, &expected, NULL, &err)) {
		print_error("%s: %s\n  it says:\n%s", path, err.text, said);
		return 1;
	}
	if (!strcmp(expected, said))
		return 0;
	print_error("%s: not as in %s (- expected, + said):\n", path, expect);
	print_difference(expected, said);
	return 1;
}

static int is_json(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 5 && !strcmp(entry->d_name + length - 5, ".json");
}

static int is_expect(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 7 && !strcmp(entry->d_name + length - 7, ".expect");
}

/* Visits the files of a folder in the order of their names; returns how many visits failed. */
static unsigned each_file(const char *folder, int (*filter)(const struct dirent *),
			  unsigned (*visit)(const char *path))
{
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, filter, alphasort);
	unsigned failed = 0;

	assert_true(count > 0 || getenv("LABRUN_GOLDEN_UPDATE"));
	for (int i = 0; i < count; i++) {
		_free_ char *path = NULL;

		if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			abort();
		failed += visit(path);
		free(entries[i]);
	}
	free(entries);
	return failed;
}

static unsigned visit_bad(const char *path)
{
	struct capture capture;
	enum outcome outcome = run_verb(cmd_check, path, &capture);
	unsigned failed = compare(path, capture.err_text);

	if (outcome != OUTCOME_USAGE || capture.out_bytes) {
		print_error("%s: passes for a good file\n", path);
		failed = 1;
	}
	capture_done(&capture);
	return failed;
}

static void test_bad(void **state)
{
	(void)state;
	assert_int_equal(each_file(BAD, is_json, visit_bad), 0);
}

static unsigned visit_good(const char *path)
{
	_free_ char *json = NULL, *said = NULL;
	struct plan *plan = NULL;
	struct capture capture;
	struct err err = {};
	unsigned failed;

	if (run_verb(cmd_plan, path, &capture) != OUTCOME_OK ||
	    plan_load(&plan, path, NULL, stderr, &err)) {
		print_error("%s: is refused:\n%s%s\n", path, capture.err_text, err.text);
		capture_done(&capture);
		return 1;
	}
	json = json_dumps(plan->experiment_json, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
	if (!json || asprintf(&said, "%s%s\n", capture.out_text, json) < 0)
		abort();
	failed = compare(path, said) + (capture.err_bytes != 0);
	plan_free(plan);
	capture_done(&capture);
	return failed;
}

static void test_good(void **state)
{
	(void)state;
	assert_int_equal(each_file(GOOD, is_json, visit_good), 0);
}

/* An answer without its question was left behind when a file was renamed. */
static unsigned visit_expect(const char *path)
{
	_free_ char *json = NULL;

	if (asprintf(&json, "%.*s.json", (int)(strlen(path) - strlen(".expect")), path) < 0)
		abort();
	if (!access(json, R_OK))
		return 0;
	print_error("%s: there is no %s\n", path, json);
	return 1;
}

static void test_no_orphans(void **state)
{
	(void)state;
	assert_int_equal(each_file(BAD, is_expect, visit_expect), 0);
	assert_int_equal(each_file(GOOD, is_expect, visit_expect), 0);
}

/* What ships must be good whatever else is. */
static unsigned visit_shipped(const char *path)
{
	struct capture capture;
	bool good = run_verb(cmd_check, path, &capture) == OUTCOME_OK;

	if (!good && !strstr(path, ".schema.json"))
		print_error("%s", capture.err_text);
	capture_done(&capture);
	return !good && !strstr(path, ".schema.json");
}

static void test_shipped(void **state)
{
	(void)state;
	assert_int_equal(each_file("experiments", is_json, visit_shipped), 0);
	assert_int_equal(each_file("topologies", is_json, visit_shipped), 0);
}

/* A file made for one check, and what is said to it after its name; the file is gone after. */
static void check_made(const char *bytes, size_t length, const char *expected)
{
	char path[] = "/tmp/labrun-golden-XXXXXX.json", told[600];
	int fd = mkstemps(path, strlen(".json"));
	struct capture capture;
	enum outcome outcome;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
	outcome = run_verb(cmd_check, path, &capture);
	unlink(path);
	snprintf(told, sizeof(told), "%s%s\n", path, expected);
	assert_string_equal(capture.err_text, told);
	assert_int_equal(outcome, OUTCOME_USAGE);
	capture_done(&capture);
}

static void test_deeply_nested(void **state)
{
	char *text = malloc(100000);

	(void)state;
	assert_non_null(text);
	memset(text, '[', 100000);
	check_made(text, 100000, ":1:2049: error: maximum parsing depth reached near '['");
	/* As deep as is let through, where the parser's own recursion must hold. */
	memset(text + 2000, ']', 2000);
	check_made(text, 4000, ":1:1: error: expected an object, not a list");
	free(text);
}

static void test_not_json(void **state)
{
	const char elf[] = "\x7f"
			   "ELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03";

	(void)state;
	check_made(elf, sizeof(elf), ":1:1: error: '[' or '{' expected near '\\x7f'");
	check_made("\xff\xfe{\0}\0", 6, ":1:1: error: unable to decode byte 0xff");
}

static void test_huge(void **state)
{
	char path[] = "/tmp/labrun-golden-XXXXXX.json", told[200];
	int fd = mkstemps(path, strlen(".json"));
	struct capture capture;

	(void)state;
	assert_true(fd >= 0);
	/* A hole, which costs nothing. */
	assert_int_equal(ftruncate(fd, (3 << 20)), 0);
	close(fd);
	assert_int_equal(run_verb(cmd_check, path, &capture), OUTCOME_USAGE);
	unlink(path);
	snprintf(told, sizeof(told), "labrun: '%s' is larger than 2 MiB\n", path);
	assert_string_equal(capture.err_text, told);
	capture_done(&capture);
}

static void test_no_file(void **state)
{
	struct capture capture;

	(void)state;
	assert_int_equal(run_verb(cmd_check, BAD "/no-such.json", &capture), OUTCOME_USAGE);
	assert_string_equal(capture.err_text, "labrun: " BAD "/no-such.json: no such file\n");
	capture_done(&capture);
	assert_int_equal(run_verb(cmd_check, BAD, &capture), OUTCOME_USAGE);
	assert_string_equal(capture.err_text, "labrun: cannot read '" BAD "': Is a directory\n");
	capture_done(&capture);
}

/* Paths in what is expected are relative to the source tree. */
static int enter_source_tree(void **state)
{
	_free_ char *dir = file_data_dir();

	(void)state;
	return access(BAD, R_OK) ? chdir(dir) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad),	      cmocka_unit_test(test_good),
		cmocka_unit_test(test_no_orphans),    cmocka_unit_test(test_shipped),
		cmocka_unit_test(test_deeply_nested), cmocka_unit_test(test_not_json),
		cmocka_unit_test(test_huge),	      cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, enter_source_tree, NULL);
}
