// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a machine may lack when a kernel is fetched or a guest is run: the network, apt, room on a
 * disk, a whole cache; or time, when it is killed while it fills the cache. Each ends in one clear
 * line and the right status, without anything half-written in the cache and without a QEMU left.
 *
 * The cache is a folder of the test's own, with the fetched kernels linked into it.
 */
#include "harness/proc.h"
#include "harness/vm.h"
#include "harness/vm_cache.h"
#include "tests/netns/leak_fixture.h"
#include "tests/netns/result_fixture.h"
#include "tests/vm/need_fixture.h"

#define KERNELS "cache/labrun/kernels"
#define INITRAMFS "cache/labrun/initramfs"

static char *real_kernels; /* before the cache became another one */

static void settle_cache(const struct work *work)
{
	_free_ char *cache = vm_path(work->folder, "cache");

	make_path("cache/labrun");
	setenv("XDG_CACHE_HOME", cache, 1);
}

static void link_kernels(void)
{
	if (symlink(real_kernels, KERNELS))
		fail_msg(KERNELS ": %m");
	need_kernel("6.1");
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip_because("a network or disk of its own needs root");
}

static void need_apt(void)
{
	if (!proc_exists("apt-get"))
		skip_because("apt-get is not installed");
	if (access("/usr/share/keyrings/debian-archive-keyring.gpg", R_OK))
		skip_because("debian-archive-keyring is not installed");
}

/* Nothing but the lock. */
static void assert_only_lock(const char *folder)
{
	_free_ char *lock = vm_path(folder, ".lock");

	assert_true(exists(lock));
	assert_int_equal(count_entries(folder), 1);
}

static void without_network(void)
{
	if (unshare(CLONE_NEWNET))
		_exit(125);
}

/* What a fetch that was killed has left goes with the next one, whatever comes of that. */
static void test_no_network(void **state)
{
	_finished_ struct finished fetch = {}, run = {};

	need_root();
	need_apt();
	settle_cache(*state);
	make_path(KERNELS "/" VM_CACHE_PARTIAL "killed/out");
	fetch = labrun_as(without_network, "vm", "fetch", "6.1");
	assert_status(fetch, 4);
	assert_one_line(fetch.error, "cannot fetch kernel 6.1: apt-get: ");
	assert_string_equal(fetch.out, "");
	assert_only_lock(KERNELS);
	if (!proc_exists(QEMU))
		skip_because(QEMU " is not installed");
	run = labrun_as(without_network, "run", "--vm=6.1", "vxlan", QUICK, "--out", "r");
	assert_status(run, 77);
	assert_one_line(run.error, "get it with 'labrun vm fetch 6.1'");
	assert_int_equal(count_entries("."), 1);
}

static void without_programs(void)
{
	setenv("PATH", "/nonexistent", 1);
}

static void test_no_apt(void **state)
{
	_finished_ struct finished fetch = {};

	need_apt();
	settle_cache(*state);
	fetch = labrun_as(without_programs, "vm", "fetch", "6.1");
	assert_status(fetch, 77);
	assert_one_line(fetch.error, "apt-get is not installed");
	assert_only_lock(KERNELS);
}

static void mount_small(const char *path, const char *size)
{
	make_path(path);
	if (mount("tmpfs", path, "tmpfs", 0, size))
		fail_msg("mount %s: %m", path);
}

static void test_full_cache(void **state)
{
	_finished_ struct finished fetch = {}, run = {};

	need_root();
	need_apt();
	mount_small("cache", "size=2m");
	settle_cache(*state);
	fetch = labrun("vm", "fetch", "6.1");
	assert_status(fetch, 4);
	assert_one_line(fetch.error, "' has 2 MiB free, ");
	assert_only_lock(KERNELS);
	remove_tree(KERNELS);
	link_kernels();
	run = labrun("run", "--vm=6.1", "vxlan", QUICK, "--quiet", "--out", "r");
	assert_status(run, 4);
	assert_one_line(run.error, "No space left on device");
	assert_says(run.error, "cannot make the initramfs in '");
	assert_only_lock(INITRAMFS);
	assert_int_equal(count_entries("."), 1);
	assert_int_equal(umount("cache"), 0);
}

/* The results' disk has no room for what a guest is started with. */
static void test_full_results(void **state)
{
	_holdings_ struct holdings *before = NULL;
	_finished_ struct finished run = {};

	need_root();
	settle_cache(*state);
	link_kernels();
	mount_small("out", "size=1m");
	before = holdings_new();
	run = labrun("run", "--vm=6.1", "vxlan", QUICK, "--no-charts", "--quiet", "--out", "out/r");
	assert_status(run, 4);
	assert_says(run.out, "failed: kernel 6.1, boot 1: 'out/r.partial/scratch/");
	assert_says(run.out, "No space left on device");
	assert_string_equal(unwarned(run.error), "");
	assert_nothing_left(before);
	assert_int_equal(count_entries("out"), 1);
	assert_int_equal(umount("out"), 0);
}

/* A folder as `vm fetch` leaves it, with links to all but what is damaged. */
static void damage_kernel(const char *name)
{
	static const char *const parts[] = { VM_CACHE_JSON, VM_CACHE_MODULES, VM_CACHE_IMAGE };
	_free_ char *folder = NULL;
	struct vm_kernel kernel = {};
	struct err err = {};

	assert_int_equal(vm_kernel_find(&kernel, "6.1", NULL, &err), 0);
	folder = realpath(kernel.image, NULL);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(unlink(KERNELS), 0);
	make_path(KERNELS "/6.1");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		_free_ char *from = vm_path(folder, parts[i]);
		_free_ char *to = vm_path(KERNELS "/6.1", parts[i]);

		if (strcmp(parts[i], name) && symlink(from, to))
			fail_msg("%s: %m", to);
	}
	vm_kernel_done(&kernel);
}

static void assert_damaged(void)
{
	_finished_ struct finished run = labrun("run", "--vm=6.1", "vxlan", QUICK, "--out", "r");

	assert_status(run, 77);
	assert_one_line(run.error,
			"kernel 6.1 is damaged: get it again with 'labrun vm fetch 6.1'");
	assert_int_equal(count_entries("."), 1);
}

static void test_damaged_image(void **state)
{
	settle_cache(*state);
	link_kernels();
	damage_kernel(VM_CACHE_IMAGE);
	write_text(KERNELS "/6.1/" VM_CACHE_IMAGE, "MZ, and no more: the disk was full");
	assert_damaged();
}

static void test_damaged_modules(void **state)
{
	settle_cache(*state);
	link_kernels();
	damage_kernel(VM_CACHE_MODULES);
	make_path(KERNELS "/6.1/" VM_CACHE_MODULES);
	write_text(KERNELS "/6.1/" VM_CACHE_MODULES "/modules.dep",
		   "kernel/drivers/net/veth.ko:\n");
	assert_damaged();
}

/* An archive is named by its digest. */
static void assert_whole(const char *name)
{
	_free_ char *path = vm_path(INITRAMFS, name);
	char hash[VM_HASH_BYTES];
	struct err err;

	if (!strstr(name, ".cpio") || !strncmp(name, VM_CACHE_PARTIAL, strlen(VM_CACHE_PARTIAL)))
		return;
	assert_int_equal(sha256_file(path, hash, &err), 0);
	if (strncmp(hash, name, strlen(hash)))
		fail_msg("%s is half-written", name);
}

static unsigned look_at_cache(void)
{
	_closedir_ DIR *dir = opendir(INITRAMFS);
	struct dirent *entry;
	unsigned partial = 0;

	while (dir && (entry = readdir(dir))) {
		assert_whole(entry->d_name);
		partial += !strncmp(entry->d_name, VM_CACHE_PARTIAL, strlen(VM_CACHE_PARTIAL));
	}
	return partial;
}

/* Before, while and after the initramfs is written: what is there is whole, and the next run makes
 * what is missing and clears what is not. */
static void test_killed_filling_the_cache(void **state)
{
	static const int moments_ms[] = { 10, 20, 30, 45, 60, 80, 110 };
	_holdings_ struct holdings *before = NULL;
	_finished_ struct finished run = {};

	settle_cache(*state);
	link_kernels();
	before = holdings_new();
	for (size_t i = 0; i < ARRAY_SIZE(moments_ms) * soak_factor(); i++) {
		_finished_ struct finished killed = {};
		struct running running;

		run_start(&running, NULL,
			  (const char *const[]){ "run", "--vm=6.1", "vxlan", QUICK, "--quiet",
						 "--out", "r", NULL });
		run_ended(&running, moments_ms[i % ARRAY_SIZE(moments_ms)]);
		kill(running.pid, SIGKILL);
		killed = run_wait(&running);
		assert_status(killed, -SIGKILL);
		look_at_cache();
		assert_nothing_left(before);
		remove_tree("r.partial");
	}
	run = labrun("run", "--vm=6.1", "vxlan", QUICK, "--no-charts", "--quiet", "--out", "r");
	assert_measured(run);
	assert_int_equal(look_at_cache(), 0);
}

/* More nodes than fit into a guest: it is the guest that ends, and says of what. */
static void test_out_of_memory(void **state)
{
	_finished_ struct finished run = {};

	if (!getenv("LABRUN_TEST_SOAK"))
		skip_because("a guest that fills its memory takes 15 s: LABRUN_TEST_SOAK=1");
	settle_cache(*state);
	link_kernels();
	make_path("topologies");
	write_text("topologies/crowd.json",
		   "{\"name\": \"crowd\", \"nodes\": {\"a\": {}, \"b\": {}, "
		   "\"n{i}\": {\"repeat\": 9000}}, "
		   "\"links\": [{\"endpoints\": [\"a:eth0\", \"b:eth0\"], "
		   "\"addresses\": [[\"198.18.0.1/24\"], [\"198.18.0.2/24\"]]}]}");
	write_text("crowd.json", "{\"name\": \"crowd\", \"topology\": \"crowd\", "
				 "\"load\": {\"kind\": \"ping\", \"from\": \"a\", "
				 "\"to\": \"b\"}, \"batches\": 1}");
	run = labrun("run", "--vm=6.1", "crowd.json", "--quiet", "--out", "r");
	assert_status(run, 4);
	assert_says(run.out, "the guest ran out of memory: Out of memory: Killed process");
	assert_says(run.out, "(labrun)");
	assert_says(run.out, "; the console ends with: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_no_network),
		program_test(test_no_apt),
		program_test(test_full_cache),
		program_test(test_full_results),
		program_test(test_damaged_image),
		program_test(test_damaged_modules),
		program_test(test_killed_filling_the_cache),
		program_test(test_out_of_memory),
	};
	struct err err = {};
	int status = run_prepare();

	if (!status && vm_cache_folder("kernels", false, &real_kernels, &err))
		status = 77;
	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
