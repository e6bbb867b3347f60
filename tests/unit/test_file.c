// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/cleanup.h"
#include "harness/environment.h"
#include "harness/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* All that these tests write, and all that they have removed, is under `base`. */
struct fixture {
	char base[FOLDER_BYTES], dir[96];
};

static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	snprintf(fixture->dir, sizeof(fixture->dir), "%s/dir", fixture->base);
	*state = fixture;
	return 0;
}

static bool there(const char *path)
{
	return !access(path, F_OK);
}

static void test_file(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *fifo = NULL, *text = NULL;
	struct err err = { 0 };

	assert_true(asprintf(&fifo, "%s/fifo", fixture->base) > 0);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(file_read(fifo, &text, NULL, &err), -EINVAL);
	assert_int_equal(file_read(fixture->base, &text, NULL, &err), -EISDIR);
	assert_int_equal(file_read("/nonexistent", &text, NULL, &err), -ENOENT);
	assert_int_equal(err.class, ERR_USAGE);
}

/* Neither a short file where there was room for a part, nor a special file removed. */
static void test_file_write(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *fifo = NULL, *plain = NULL;
	char text[8192] = "";
	struct err err = { 0 };
	int reader;

	assert_true(asprintf(&fifo, "%s/fifo", fixture->base) > 0);
	assert_true(asprintf(&plain, "%s/plain", fixture->base) > 0);
	memset(text, 'x', sizeof(text));
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	reader = open(fifo, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	assert_int_equal(file_write(fifo, "", 0, &err), 0);
	close(reader);
	assert_true(there(fifo));
	assert_int_equal(file_write(fixture->base, "x", 1, &err), -EISDIR);
	assert_true(there(fixture->base));
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 4096, RLIM_INFINITY });
	assert_int_equal(file_write(plain, text, sizeof(text), &err), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
	assert_false(there(plain));
	assert_non_null(strstr(err.text, plain));
}

/* A link in a folder to be removed must not take what it points to along. */
static void test_remove_tree(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *outside = NULL, *link = NULL, *kept = NULL;
	struct err err;

	assert_true(asprintf(&outside, "%s/outside", fixture->base) > 0);
	assert_true(asprintf(&link, "%s/link", fixture->dir) > 0);
	assert_int_equal(file_make_dirs(outside, NULL, &err), 0);
	assert_int_equal(file_make_dirs(fixture->dir, NULL, &err), 0);
	assert_true(asprintf(&kept, "%s/kept", outside) > 0);
	assert_int_equal(file_write(kept, "kept", 4, &err), 0);
	assert_int_equal(symlink(outside, link), 0);
	assert_int_equal(file_remove_tree(fixture->dir), 0);
	assert_false(there(fixture->dir));
	assert_true(there(kept));
	assert_int_equal(file_remove_tree(fixture->dir), 0);
}

static void test_data_dir(void **state)
{
	_free_ char *dir = NULL, *path = NULL;

	(void)state;
	setenv("LABRUN_DATA", "/data", 1);
	path = file_data_path("plots", "style", ".gp");
	assert_string_equal(path, "/data/plots/style.gp");
	unsetenv("LABRUN_DATA");
	dir = file_data_dir();
	assert_non_null(dir);
}

static void test_environment(void **state)
{
	static const char *const argv[] = { "labrun", "x.json", NULL };
	struct environment_start start;
	_json_ json_t *json = environment_gather(argv, 7, &start);
	_free_ char *text = NULL;
	char host[256] = "";

	(void)state;
	environment_finish(json, &start);
	assert_true(json_is_string(json_object_get(json_object_get(json, "kernel"), "release")));
	assert_true(json_is_string(json_object_get(json, "ended")));
	assert_int_equal(json_integer_value(json_object_get(json, "seed")), 7);
	assert_int_equal(json_array_size(json_object_get(json, "argv")), 2);
	assert_false(json_is_array(json_object_get(json, "steal_percent")));
	assert_true(json_is_array(json_object_get(json_object_get(json, "quietness"), "findings")));
	gethostname(host, sizeof(host) - 1);
	text = json_dumps(json, 0);
	if (strlen(host) > 6)
		assert_null(strstr(text, host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_file_write, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_remove_tree, setup, folder_teardown),
		cmocka_unit_test(test_data_dir),
		cmocka_unit_test(test_environment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
