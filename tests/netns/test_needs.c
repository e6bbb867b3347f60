// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is said and left when something is missing: a right, a tool, room on the disk.
 */
#include "tests/netns/result_fixture.h"

#include <grp.h>

#define NOBODY 65534

static void become_nobody(void)
{
	if (setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(125);
}

/* Skips where the program lies in a folder that others may not read. */
#define need_nobody()                                                                              \
	do {                                                                                       \
		_finished_ struct finished can_ = labrun_as(become_nobody, "--version");           \
		if (geteuid() != 0)                                                                \
			skip_because("becoming another user needs root");                          \
		if (can_.status == 126)                                                            \
			skip_because("an ordinary user cannot read %s", getenv("LABRUN"));         \
		if (chmod(".", 0777))                                                              \
			fail_msg("chmod: %m");                                                     \
	} while (0)

static void test_ordinary_user(void **state)
{
	_finished_ struct finished shell = {}, run = {}, check = {};

	(void)state;
	need_nobody();
	shell = labrun_as(become_nobody, "shell", "routed", "--", "ip", "netns", "exec", "vm",
			  "ping", "-c1", "-W5", "198.18.8.8");
	assert_status(shell, 0);
	assert_says(shell.out, "1 received");
	run = labrun_as(become_nobody, "run", "routed", "--quiet", "--out", "r");
	assert_status(run, 77);
	assert_one_line(run.error, "root");
	assert_string_equal(run.out, "");
	check = labrun_as(become_nobody, "check", "routed");
	assert_status(check, 0);
	assert_int_equal(count_entries("."), 0);
}

/* Without probes nothing needs root: the load's own numbers are had by anybody. */
static void test_ordinary_user_without_probes(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_nobody();
	finished = labrun_as(become_nobody, "run", "nat", QUICK, "--quiet", "--set", "probes=[]",
			     "--out", "r");
	assert_measured(finished);
	summary = read_json("r", "summary.json");
	assert_true(is_valid(summary));
	assert_near(number_of(find_series(cell_of(summary, 0), "rtt", "both"), "n"), 40, 0);
}

static void hide(const char *const *paths)
{
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		_exit(125);
	for (; *paths; paths++)
		if (exists(*paths) && mount("/dev/null", *paths, NULL, MS_BIND, NULL))
			_exit(125);
}

static void hide_nft(void)
{
	hide((const char *const[]){ "/usr/sbin/nft", "/usr/local/sbin/nft", "/usr/bin/nft",
				    "/usr/local/bin/nft", NULL });
}

static void hide_gnuplot(void)
{
	hide((const char *const[]){ "/usr/bin/gnuplot", "/usr/local/bin/gnuplot",
				    "/usr/bin/gnuplot-nox", NULL });
}

static void test_without_nft(void **state)
{
	_finished_ struct finished nat = {}, trace = {}, shell = {};

	(void)state;
	need_tracing();
	nat = labrun_as(hide_nft, "run", "nat", "--quiet", QUICK, "--out", "r");
	assert_status(nat, 77);
	assert_one_line(nat.error, "nft");
	trace = labrun_as(hide_nft, "trace", "nat");
	assert_status(trace, 77);
	shell = labrun_as(hide_nft, "shell", "nat", "true");
	assert_status(shell, 77);
	assert_one_line(shell.error, "nft");
	assert_int_equal(count_entries("."), 0);
}

/* A guest only has the devices; that is said before anything is built or calibrated. */
static void test_virtio_uplink(void **state)
{
	_finished_ struct finished run = {}, shell = {}, reproduce = {}, plan = {};

	(void)state;
	run = labrun("run", "nat", "--set", "topology.uplink=virtio", "--out", "r");
	assert_status(run, 77);
	assert_one_line(run.error, "--vm");
	assert_string_equal(run.out, "");
	reproduce = labrun("reproduce", "uplink", "--out", "r");
	assert_status(reproduce, 77);
	assert_one_line(reproduce.error, "--vm");
	write_text("virtio.json", "{ \"name\": \"t\", \"uplink\": \"virtio\", \"nodes\": {"
				  " \"a\": {}, \"b\": {} }, \"links\": [{ \"endpoints\": ["
				  "\"a:eth0\", \"b:eth0\"], \"uplink\": true }] }");
	shell = labrun("shell", "./virtio.json", "--", "true");
	assert_status(shell, 77);
	assert_one_line(shell.error, "--vm");
	plan = labrun("plan", "uplink");
	assert_status(plan, 0);
	assert_says(plan.out, "--vm");
	assert_int_equal(count_entries("."), 1);
}

static void test_without_gnuplot(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;
	glob_t found;

	(void)state;
	need_tracing();
	finished = labrun_as(hide_gnuplot, "run", "routed", "--quiet", QUICK, "--out", "r");
	assert_measured(finished);
	assert_one_line(unwarned(finished.error), "no charts");
	summary = read_json("r", "summary.json");
	assert_true(is_valid(summary));
	assert_true(exists("r/samples.csv"));
	assert_int_equal(glob("r/plots/*.svg", 0, NULL, &found), GLOB_NOMATCH);
}

static void test_plot_again(void **state)
{
	_finished_ struct finished run = {}, plot = {};

	(void)state;
	need_tracing();
	run = labrun_as(hide_gnuplot, "run", "routed", "--quiet", QUICK, "--out", "r");
	assert_measured(run);
	plot = labrun("plot", "r");
	if (plot.status == 77)
		skip_because("%s", plot.error);
	assert_status(plot, 0);
	assert_true(exists("r/plots/path.svg"));
}

/* The folder is whole, or is not there and one line says why. */
static void assert_whole_or_not(const struct finished *finished, const char *folder)
{
	char partial[64];

	if (exists(folder)) {
		assert_measured(*finished);
		return;
	}
	assert_status(*finished, 4);
	if (count_lines(unwarned(finished->error)) != 1)
		fail_msg("not one line: %s", finished->error);
	snprintf(partial, sizeof(partial), "%s.partial/finished.jobs", folder);
	assert_true(count_entries("disk") == 0 || exists(partial));
}

/* A disk that is full at the first byte, at the last, and at places between; likewise of files. */
static void test_full_disk(void **state)
{
	static const char *const sizes[] = { "nr_inodes=2", "nr_inodes=3",  "nr_inodes=4",
					     "nr_inodes=6", "nr_inodes=10", "nr_inodes=14",
					     "size=4k",	    "size=16k",	    "size=64k",
					     "size=96k",    "size=160k",    "size=4m" };

	(void)state;
	need_tracing();
	assert_int_equal(mkdir("disk", 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		_finished_ struct finished finished = {};

		assert_int_equal(mount("tmpfs", "disk", "tmpfs", 0, sizes[i]), 0);
		finished = labrun("run", "routed", "--quiet", QUICK, "--out", "disk/r");
		assert_whole_or_not(&finished, "disk/r");
		if (finished.status == 4 && !strstr(finished.error, "gnuplot"))
			assert_says(finished.error, "No space left on device");
		assert_int_equal(umount("disk"), 0);
	}
}

static void test_read_only_disk(void **state)
{
	_finished_ struct finished given = {}, chosen = {};

	(void)state;
	need_tracing();
	assert_int_equal(mkdir("disk", 0755), 0);
	assert_int_equal(mount("tmpfs", "disk", "tmpfs", MS_RDONLY, NULL), 0);
	given = labrun("run", "routed", "--quiet", QUICK, "--out", "disk/r");
	assert_status(given, 4);
	assert_one_line(given.error, "Read-only file system");
	assert_int_equal(chdir("disk"), 0);
	chosen = labrun("run", "routed", "--quiet", QUICK);
	assert_int_equal(chdir(".."), 0);
	assert_int_equal(umount("disk"), 0);
	assert_status(chosen, 4);
	assert_one_line(chosen.error, "Read-only file system");
}

static void output_to_full_device(void)
{
	if (dup2(open("/dev/full", O_WRONLY | O_CLOEXEC), STDOUT_FILENO) < 0)
		_exit(125);
}

static void test_output_that_is_not_taken(void **state)
{
	static const char *const usages[][6] = {
		{ "list" },
		{ "doctor" },
		{ "trace", "routed" },
		{ "run", "routed", "--quiet", "--out", "r" },
	};

	(void)state;
	need_tracing();
	for (size_t i = 0; i < ARRAY_SIZE(usages); i++) {
		_finished_ struct finished finished = run_as(output_to_full_device, usages[i]);

		assert_status(finished, 4);
		assert_one_line(unwarned(finished.error), "stdout");
	}
}

static void ignore_children(void)
{
	signal(SIGCHLD, SIG_IGN);
}

static void close_streams(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
}

/* Callers leave odd things behind: with children ignored nobody can be waited for. */
static void test_started_with_children_ignored(void **state)
{
	_finished_ struct finished run = {}, nat = {};

	(void)state;
	need_tracing();
	run = labrun_as(ignore_children, "run", "routed", "--quiet", QUICK, "--out", "r");
	assert_measured(run);
	nat = labrun_as(ignore_children, "shell", "nat", "true");
	assert_status(nat, 0);
}

/* The next file opened must not take the place of a stream, and be printed into. */
static void test_started_without_streams(void **state)
{
	_finished_ struct finished finished = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	finished = labrun_as(close_streams, "run", "routed", QUICK, "--out", "r");
	assert_status(finished, 4);
	summary = read_json("r", "summary.json");
	assert_true(is_valid(summary));
	assert_int_equal(count_entries("."), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_ordinary_user),
		program_test(test_ordinary_user_without_probes),
		program_test(test_without_nft),
		program_test(test_virtio_uplink),
		program_test(test_without_gnuplot),
		program_test(test_plot_again),
		program_test(test_full_disk),
		program_test(test_read_only_disk),
		program_test(test_output_that_is_not_taken),
		program_test(test_started_with_children_ignored),
		program_test(test_started_without_streams),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
