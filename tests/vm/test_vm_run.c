// SPDX-License-Identifier: GPL-2.0-only
/*
 * `labrun run --vm` as its users see it: the same kind of folder as a native run gives, from any
 * kernel and for anybody, one line for what is missing or dies, nothing left behind; and an exact
 * run gives the same bytes whatever else the machine does.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/vm/folder_fixture.h"

#include <grp.h>
#include <sys/prctl.h>

#define NOBODY 65534
#define ITERATIONS 5

/* What a child does before it becomes the program takes no arguments. */
static char *cache_kernels, *cache_home;

static void test_folder(void **state)
{
	static const char *const experiments[] = { "vxlan", "nat" };

	(void)state;
	need_kernel("6.1");
	for (size_t i = 0; i < ARRAY_SIZE(experiments); i++) {
		_finished_ struct finished finished =
			labrun("run", "--vm=6.1", experiments[i], QUICK, "--out", experiments[i]);

		assert_measured(finished);
		assert_folder(experiments[i], "vm", "6.1", 40);
	}
	/* Beside the results nothing is left. */
	assert_int_equal(count_entries("."), ARRAY_SIZE(experiments));
}

static void measure(const char *kernel, const char *experiment)
{
	_finished_ struct finished finished = {};
	char vm[PATH_MAX], out[32];
	static unsigned number;

	snprintf(vm, sizeof(vm), "--vm=%s", kernel);
	snprintf(out, sizeof(out), "r%u", number++);
	finished = labrun("run", vm, experiment, "--batches", "1", "--iterations", "5",
			  "--no-charts", "--quiet", "--out", out);
	if (finished.status != 1 && finished.status != 0)
		fail_msg("%s on %s: %d: %s", experiment, kernel, finished.status, finished.error);
	assert_folder(out, "vm", kernel, ITERATIONS);
}

static const char *kernel_now;

static void measure_file(const char *path)
{
	measure(kernel_now, path);
}

/* $LABRUN_TEST_KERNELS names what is fetched: then each experiment there is on each of them. */
static void test_every_kernel(void **state)
{
	static const char *const few[] = { "vxlan", "nat", "host-rules" };
	const char *given = getenv("LABRUN_TEST_KERNELS");
	_free_ char *names = strdup(given ? given : "6.1");
	char *save;

	(void)state;
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		need_kernel(name);
		kernel_now = name;
		if (given)
			each_file("experiments", measure_file);
		for (size_t i = 0; !given && i < ARRAY_SIZE(few); i++)
			measure(name, few[i]);
	}
}

/* Root's own cache is in a folder that nobody else may enter: its kernels are shown elsewhere, in a
 * view of the child's own. */
static void become_nobody(void)
{
	_free_ char *shown = vm_path(cache_home, "labrun/kernels");

	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount(cache_kernels, shown, NULL, MS_BIND, NULL) ||
	    mount(NULL, shown, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) ||
	    setenv("XDG_CACHE_HOME", cache_home, 1) || setenv("HOME", "/nonexistent", 1) ||
	    setgroups(0, NULL) || setgid(NOBODY) || setuid(NOBODY))
		_exit(125);
}

static void find_cache(const char *folder)
{
	struct err err = {};

	assert_int_equal(vm_cache_folder("kernels", false, &cache_kernels, &err), 0);
	cache_home = vm_path(folder, "cache");
	make_path("cache/labrun/kernels");
	if (chmod("cache/labrun", 0777) || chmod(".", 0777))
		fail_msg("chmod: %m");
}

static void test_ordinary_user(void **state)
{
	_finished_ struct finished can = {}, finished = {};
	const struct work *work = *state;
	struct stat status;

	need_kernel("6.1");
	if (geteuid() != 0)
		skip_because("becoming another user needs root");
	find_cache(work->folder);
	can = labrun_as(become_nobody, "vm", "list");
	if (can.status || !strstr(can.out, "6.1"))
		skip_because("an ordinary user cannot read %s or its kernels", getenv("LABRUN"));
	finished = labrun_as(become_nobody, "run", "--vm=6.1", "vxlan", QUICK, "--out", "r");
	assert_measured(finished);
	assert_folder("r", "vm", "6.1", 40);
	assert_int_equal(stat("r/summary.json", &status), 0);
	assert_int_equal(status.st_uid, NOBODY);
	free(cache_kernels);
	free(cache_home);
}

static void assert_refused(const char *vm, int status, const char *word)
{
	_finished_ struct finished finished = {};

	if (!proc_exists(QEMU))
		skip_because(QEMU " is not installed");
	finished = labrun("run", vm, "vxlan", QUICK);
	assert_status(finished, status);
	assert_one_line(finished.error, word);
	assert_string_equal(finished.out, "");
}

static void test_kernel_missing(void **state)
{
	(void)state;
	assert_refused("--vm=9.9", 77, "labrun vm fetch 9.9");
	assert_int_equal(count_entries("."), 0);
}

static void test_kernel_is_text(void **state)
{
	(void)state;
	write_text("notes.txt", "this boots nothing\n");
	assert_refused("--vm=./notes.txt", 2, "notes.txt");
	assert_int_equal(count_entries("."), 1);
}

/* The run needs sha256sum before it needs QEMU; the rest is found in any sbin. */
static void without_qemu(void)
{
	setenv("PATH", "tools", 1);
}

static void test_qemu_missing(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_kernel("6.1");
	if (!access("/usr/local/sbin/" QEMU, X_OK) || !access("/usr/sbin/" QEMU, X_OK))
		skip_because(QEMU " is where it is looked for whatever PATH says");
	if (mkdir("tools", 0755) || symlink("/usr/bin/sha256sum", "tools/sha256sum"))
		fail_msg("tools: %m");
	finished =
		labrun_as(without_qemu, "run", "--vm=6.1", "vxlan", QUICK, "--quiet", "--out", "r");
	assert_status(finished, 77);
	assert_one_line(finished.error, QEMU);
	assert_int_equal(count_entries("."), 1);
}

/* The guest's, which has a window, among the first children of first children; 0: not there yet. */
static pid_t find_qemu(pid_t pid)
{
	char path[64], text[8192];
	size_t length;

	do {
		snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
		pid = read_start(path, text, sizeof(text)) ? atoi(text) : 0;
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		length = pid ? read_start(path, text, sizeof(text)) : 0;
	} while (pid && !memmem(text, length, "id=window", strlen("id=window")));
	return pid;
}

/* Starts a run that takes minutes, and waits for its QEMU. */
static pid_t start_long(struct running *running)
{
	uint64_t deadline = clock_ms() + 60000;
	pid_t qemu = 0;

	run_start(running, NULL,
		  (const char *const[]){ "run", "--vm=6.1", "routed", "--batches", "100",
					 "--iterations", "1000", "--quiet", "--out", "r", NULL });
	while (!qemu && clock_ms() < deadline && !run_ended(running, 10))
		qemu = find_qemu(running->pid);
	if (!qemu)
		fail_msg("no QEMU came up: %s", run_wait(running).error);
	return qemu;
}

/* In the firmware, in the kernel's boot, in the measurement. */
static void end_at_moments(bool ends_qemu, int number, int status)
{
	_holdings_ struct holdings *before = NULL;

	need_kernel("6.1");
	before = holdings_new();
	for (int i = 0; i < 3; i++) {
		_finished_ struct finished finished = {};
		struct running running;
		pid_t qemu = start_long(&running);

		run_ended(&running, 800 * i);
		kill(ends_qemu ? qemu : running.pid, number);
		finished = run_wait(&running);
		assert_status(finished, status);
		assert_nothing_left(before);
		if (ends_qemu)
			assert_says(finished.out, "QEMU was killed by signal 9\n");
		if (count_lines(unwarned(finished.error)) > 1)
			fail_msg("not one line: %s", finished.error);
		if (status == 130)
			assert_int_equal(count_entries("."), 0);
		remove_tree("r");
	}
}

static void test_interrupt(void **state)
{
	(void)state;
	end_at_moments(false, SIGINT, 130);
}

static void test_kill_labrun(void **state)
{
	(void)state;
	end_at_moments(false, SIGKILL, -SIGKILL);
}

static void test_kill_qemu(void **state)
{
	(void)state;
	end_at_moments(true, SIGKILL, 4);
}

/* Does nothing but be in the way, until its parent ends it or dies. */
static pid_t start_busy(int core)
{
	pid_t pid = fork();
	cpu_set_t set;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	CPU_ZERO(&set);
	CPU_SET(core, &set);
	/* A core that is not ours to use is busy enough. */
	sched_setaffinity(0, sizeof(set), &set);
	for (volatile unsigned long i = 0;; i++)
		;
}

static void assert_same(const char *first, const char *second, const char *name)
{
	_free_ char *path = vm_path(first, name), *other_path = vm_path(second, name);
	_unmap_ struct vm_file file = {}, other = {};
	struct err err = {};
	size_t at = 0;

	if (vm_file_map(&file, path, &err) || vm_file_map(&other, other_path, &err))
		fail_msg("%s", err.text);
	while (at < file.size && at < other.size && file.bytes[at] == other.bytes[at])
		at++;
	if (at < file.size || at < other.size)
		fail_msg("%s and %s differ at byte %zu", path, other_path, at);
}

static void assert_exact_run(const char *set, const char *first, const char *out)
{
	_finished_ struct finished finished =
		labrun("run", "--vm=6.1", "--exact", "--set", "seeds=2", "--set", "iterations=20",
		       "--set", set, "routed", "--no-charts", "--quiet", "--out", out);

	assert_measured(finished);
	assert_folder(out, "exact", "6.1", 40);
	assert_same(first, out, "samples.csv");
	assert_same(first, out, "summary.json");
}

static void test_exact_is_the_same(void **state)
{
	unsigned count = getenv("LABRUN_TEST_SOAK") ? 10 : 3;
	int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
	_free_ pid_t *busy = calloc((size_t)cores, sizeof(*busy));

	(void)state;
	need_kernel("6.1");
	fflush(NULL);
	for (int i = 0; i < cores; i++)
		busy[i] = start_busy(i);
	for (unsigned i = 0; i < count; i++) {
		char out[16];

		snprintf(out, sizeof(out), "r%u", i);
		assert_exact_run("topology.uplink=veth", "r0", out);
		*out = 'v';
		assert_exact_run("topology.uplink=virtio", "v0", out);
	}
	for (int i = 0; i < cores; i++) {
		kill(busy[i], SIGKILL);
		waitpid(busy[i], NULL, 0);
	}
}

static size_t batches_of(const json_t *summary)
{
	json_t *series = find_series(cell_of(summary, 0), "rtt", "both");

	return json_array_size(json_object_get(series, "batches"));
}

/* The guest ends by the precision that was asked for, here at the cap; exact mode has its seeds. */
static void test_until(void **state)
{
	static const char until[] = "until={\"ci_half_width\":\"0.01%\",\"max_batches\":9}";
	_finished_ struct finished vm = {}, exact = {};
	_json_ json_t *vm_summary = NULL, *exact_summary = NULL;
	json_t *stopped;

	(void)state;
	need_kernel("6.1");
	vm = labrun("run", "--vm=6.1", "vxlan", "--set", until, "--iterations", "5", "--no-charts",
		    "--out", "vm");
	assert_measured(vm);
	vm_summary = read_json("vm", "summary.json");
	stopped = json_object_get(cell_of(vm_summary, 0), "stopped");
	assert_int_equal(batches_of(vm_summary), 9);
	assert_string_equal(json_string_value(json_object_get(stopped, "reason")), "max_batches");
	exact = labrun("run", "--exact", "vxlan", "--set", until, "--set", "seeds=2",
		       "--iterations", "5", "--no-charts", "--out", "exact");
	assert_measured(exact);
	assert_says(exact.error, "exact mode has its batches from seeds (2), not from until");
	exact_summary = read_json("exact", "summary.json");
	assert_int_equal(batches_of(exact_summary), 2);
	assert_null(json_object_get(cell_of(exact_summary, 0), "stopped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_folder),	   program_test(test_every_kernel),
		program_test(test_ordinary_user),  program_test(test_kernel_missing),
		program_test(test_kernel_is_text), program_test(test_qemu_missing),
		program_test(test_interrupt),	   program_test(test_kill_labrun),
		program_test(test_kill_qemu),	   program_test(test_exact_is_the_same),
		program_test(test_until),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
