// SPDX-License-Identifier: GPL-2.0-only
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm.h"
#include "harness/vm_cache.h"
#include "harness/vm_init.h"
#include "harness/vm_qemu.h"
#include "tests/test.h"
#include "tests/vm/guest_fixture.h"

#include <errno.h>

#define DEADLINE_S 60

struct fixture {
	struct vm_kernel kernel;
	char *initramfs;
	char hash[VM_HASH_BYTES];
	char work[64], files[80];
	const char *accelerator, *why; /* why: what is missing */
	struct err err;
};

/* What a boot told, and what it is told back. */
struct heard {
	char lines[4][64];
	size_t line_count, tick_count;
	bool stop, kill;
};

static void kill_child(void)
{
	char path[64], text[32] = "";
	_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	file = fopen(path, "re");
	if (file && fgets(text, sizeof(text), file))
		kill(atoi(text), SIGKILL);
}

static int hear(void *context, const char *line, struct err *err)
{
	struct heard *heard = context;

	if (!line)
		heard->tick_count++;
	else if (heard->line_count++ < 4)
		snprintf(heard->lines[heard->line_count - 1], sizeof(heard->lines[0]), "%s", line);
	if (heard->kill && !line)
		kill_child();
	return heard->stop ? err_interrupted(err) : 0;
}

static struct fixture *fixture_of(void **state)
{
	struct fixture *fixture = *state;

	if (fixture->why)
		skip_because("%s", fixture->why);
	file_remove_tree(fixture->work);
	assert_int_equal(file_make_dirs(fixture->files, NULL, &fixture->err), 0);
	return fixture;
}

static struct vm_boot boot_of(const struct fixture *fixture, const char *const *argv,
			      struct heard *heard)
{
	return (struct vm_boot){ .kernel = &fixture->kernel,
				 .initramfs = fixture->initramfs,
				 .work = fixture->work,
				 .argv = argv,
				 .files = fixture->files,
				 .accelerator = fixture->accelerator,
				 .memory_mib = 512,
				 .deadline_s = DEADLINE_S,
				 .progress = heard ? hear : NULL,
				 .context = heard };
}

static char *read_work(const struct fixture *fixture, const char *name)
{
	_free_ char *path = NULL;
	char *text = NULL;
	size_t length;
	struct err err;

	assert_true(asprintf(&path, "%s/%s", fixture->work, name) > 0);
	if (file_read(path, &text, &length, &err))
		fail_msg("%s", err.text);
	return text;
}

/* Only what is named may be left in the work folder: no initrd, no window. */
static void assert_left(const struct fixture *fixture, size_t expected)
{
	_closedir_ DIR *dir = opendir(fixture->work);
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	assert_int_equal(count, expected);
}

static void test_results_come_back(void **state)
{
	static const char *const argv[] = { "results", "two words", NULL };
	struct fixture *fixture = fixture_of(state);
	struct heard heard = { 0 };
	struct vm_boot boot = boot_of(fixture, argv, &heard);
	_free_ char *path = NULL, *samples = NULL, *out = NULL, *chart = NULL;
	int status = -1;

	assert_true(asprintf(&path, "%s/experiment.json", fixture->files) > 0);
	assert_int_equal(file_write(path, "{}", 2, &fixture->err), 0);
	if (vm_boot(&boot, &status, &fixture->err))
		fail_msg("%s", fixture->err.text);
	assert_int_equal(status, 7);
	samples = read_work(fixture, "results/samples.csv");
	assert_int_equal(strlen(samples), GUEST_BIG_BYTES);
	assert_int_equal(strspn(samples, "x"), GUEST_BIG_BYTES);
	chart = read_work(fixture, "results/plots/chart.svg");
	assert_string_equal(chart, "<svg/>\n");
	out = read_work(fixture, "stdout");
	assert_string_equal(out, "said on stdout\n");
	assert_int_equal(heard.line_count, 2);
	assert_string_equal(heard.lines[0], "first");
	assert_string_equal(heard.lines[1], "second two words");
	assert_left(fixture, 4);
}

/* A signal is labrun's end and not the guest's. */
static void test_crash_is_a_status(void **state)
{
	static const char *const argv[] = { "crash", NULL };
	struct fixture *fixture = fixture_of(state);
	struct vm_boot boot = boot_of(fixture, argv, NULL);
	int status = -1;

	if (vm_boot(&boot, &status, &fixture->err))
		fail_msg("%s", fixture->err.text);
	assert_int_equal(status, 128 + SIGSEGV);
}

/* What does not fit into the window's log is dropped, and nothing waits for anybody. */
static void test_chatter_is_cut_off(void **state)
{
	static const char *const argv[] = { "chatter", NULL };
	struct fixture *fixture = fixture_of(state);
	struct heard heard = { 0 };
	struct vm_boot boot = boot_of(fixture, argv, &heard);
	int status = -1;

	if (vm_boot(&boot, &status, &fixture->err))
		fail_msg("%s", fixture->err.text);
	assert_int_equal(status, 0);
	assert_in_range(heard.line_count, 10000, 99999);
	assert_string_equal(heard.lines[3], "line 3 of far too many");
}

static void assert_fails(struct fixture *fixture, const char *what, struct vm_boot boot,
			 const char *expected)
{
	const char *const argv[] = { what, NULL };
	int status = -1;

	boot.argv = argv;
	assert_true(vm_boot(&boot, &status, &fixture->err) < 0);
	if (!strstr(fixture->err.text, expected))
		fail_msg("'%s' says nothing of '%s'", fixture->err.text, expected);
	assert_int_equal(status, -1);
	assert_left(fixture, 2);
}

static void test_panic(void **state)
{
	struct fixture *fixture = fixture_of(state);

	assert_fails(fixture, "panic", boot_of(fixture, NULL, NULL), "the guest's kernel");
	assert_non_null(strstr(fixture->err.text, "sysrq"));
	assert_non_null(strstr(fixture->err.text, "; the console ends with: "));
}

static void test_out_of_memory(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct vm_boot boot = boot_of(fixture, NULL, NULL);

	boot.memory_mib = 256;
	assert_fails(fixture, "eat", boot, "the guest ran out of memory");
	assert_non_null(strstr(fixture->err.text, "; the console ends with: "));
}

static void test_hang(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct heard heard = { 0 };
	struct vm_boot boot = boot_of(fixture, NULL, &heard);

	boot.deadline_s = 3;
	assert_fails(fixture, "hang", boot, "the guest hung: not done after 3 s");
	/* Every second, but on a busy machine one may come late. */
	assert_in_range(heard.tick_count, 1, 3);
}

/* The part of the cached bzImage that is packed: its own code unpacks it, and stands still. */
static void test_damaged_kernel(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct vm_kernel damaged = fixture->kernel;
	struct vm_boot boot = boot_of(fixture, NULL, NULL);
	_free_ char *path = vm_path(fixture->files, "damaged"), *bytes = NULL, *whole = NULL;
	size_t length;

	assert_true(asprintf(&whole, "%.*s/" VM_CACHE_IMAGE,
			     (int)(strrchr(damaged.image, '/') - damaged.image),
			     damaged.image) > 0);
	assert_int_equal(file_read(whole, &bytes, &length, &fixture->err), 0);
	memset(bytes + length / 2, 'x', 4096);
	assert_int_equal(file_write(path, bytes, length, &fixture->err), 0);
	damaged.image = path;
	boot.kernel = &damaged;
	boot.deadline_s = 6;
	assert_fails(fixture, "none", boot, "the kernel never started its init");
	assert_non_null(strstr(fixture->err.text, "its console is empty"));
}

static void test_no_init_is_a_panic(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct vm_boot boot = boot_of(fixture, NULL, NULL);
	_free_ char *empty = NULL;

	assert_true(asprintf(&empty, "%s/empty", fixture->files) > 0);
	assert_int_equal(file_write(empty, "", 0, &fixture->err), 0);
	boot.initramfs = empty;
	assert_fails(fixture, "none", boot, "the guest's kernel panicked: Kernel panic");
}

static void test_killed_qemu(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct heard heard = { .kill = true };

	assert_fails(fixture, "hang", boot_of(fixture, NULL, &heard),
		     "QEMU was killed by signal 9");
}

static void test_refused_by_qemu(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct vm_kernel broken = fixture->kernel;
	struct vm_boot boot = boot_of(fixture, NULL, NULL);

	broken.image = (char *)"/dev/null";
	boot.kernel = &broken;
	assert_fails(fixture, "none", boot, "QEMU ended with status 1: ");
}

/* What progress returns is returned, and no QEMU is left. */
static void test_progress_ends_it(void **state)
{
	struct fixture *fixture = fixture_of(state);
	struct heard heard = { .stop = true };
	char path[64], text[32] = "";
	_fclose_ FILE *children = NULL;

	assert_fails(fixture, "hang", boot_of(fixture, NULL, &heard), "interrupted");
	assert_int_equal(fixture->err.class, ERR_INTERRUPTED);
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	children = fopen(path, "re");
	assert_non_null(children);
	assert_null(fgets(text, sizeof(text), children));
}

static char *boot_exactly(struct fixture *fixture, unsigned long seed, char **ret_console)
{
	static const char *const argv[] = { "random", NULL };
	struct vm_boot boot = boot_of(fixture_of((void *[]){ fixture }), argv, NULL);
	int status = -1;

	boot.exact = true;
	boot.seed = seed;
	if (vm_boot(&boot, &status, &fixture->err))
		fail_msg("%s", fixture->err.text);
	assert_int_equal(status, 0);
	*ret_console = read_work(fixture, "console.txt");
	return read_work(fixture, "stdout");
}

static void test_exact_boots_are_equal(void **state)
{
	struct fixture *fixture = fixture_of(state);
	_free_ char *console1 = NULL, *console2 = NULL, *console3 = NULL;
	_free_ char *one = boot_exactly(fixture, 1, &console1);
	_free_ char *again = boot_exactly(fixture, 1, &console2);
	_free_ char *other = boot_exactly(fixture, 2, &console3);

	assert_string_equal(one, again);
	assert_string_equal(console1, console2);
	/* The seed reaches the guest's own randomness. */
	assert_int_not_equal(strncmp(one, other, 16), 0);
}

static int set_up(void **state)
{
	static const char *const modules[] = { "veth", "vxlan", "nf_conntrack", NULL };
	static const char *const tools[] = { NULL };
	static struct fixture fixture;
	const struct vm_initramfs what = { .kernel = &fixture.kernel,
					   .modules = modules,
					   .tools = tools };

	*state = &fixture;
	snprintf(fixture.work, sizeof(fixture.work), "/tmp/labrun-vm-%d", getpid());
	snprintf(fixture.files, sizeof(fixture.files), "%s/files", fixture.work);
	if (!proc_exists(VM_QEMU))
		fixture.why = VM_QEMU " is not installed";
	else if (vm_kernel_find(&fixture.kernel, "6.1", NULL, &fixture.err) ||
		 vm_initramfs_make(&what, &fixture.initramfs, fixture.hash, &fixture.err))
		fixture.why = fixture.err.text;
	else
		fixture.accelerator = vm_accelerator();
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;

	file_remove_tree(fixture->work);
	vm_kernel_done(&fixture->kernel);
	free(fixture->initramfs);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_results_come_back),
		cmocka_unit_test(test_crash_is_a_status),
		cmocka_unit_test(test_chatter_is_cut_off),
		cmocka_unit_test(test_panic),
		cmocka_unit_test(test_out_of_memory),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_damaged_kernel),
		cmocka_unit_test(test_no_init_is_a_panic),
		cmocka_unit_test(test_killed_qemu),
		cmocka_unit_test(test_refused_by_qemu),
		cmocka_unit_test(test_progress_ends_it),
		cmocka_unit_test(test_exact_boots_are_equal),
	};

	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		vm_init_main();
	if (!strcmp(argv[0], VM_GUEST_PROGRAM))
		return guest_main(argc, argv);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
