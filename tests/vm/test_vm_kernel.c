// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each fetched kernel boots an initramfs made by vm_initramfs_make(). "This program" in it is this
 * test, so as PID 1 it loads the modules and runs the tools, and says on the console what came of
 * it.
 */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm.h"
#include "harness/vm_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static int load(const char *path)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd >= 0 && !syscall(SYS_finit_module, fd, "", 0) ? 0 : -errno;
}

static void load_all(void)
{
	_fclose_ FILE *list = fopen("/modules.list", "re");
	char line[128];

	while (list && fgets(line, sizeof(line), list)) {
		line[strcspn(line, "\n")] = '\0';
		printf("MODULE %s %d\n", line, load(line));
	}
}

static void __attribute__((noreturn)) guest(void)
{
	static const char *const nft[] = { "nft", "add", "table", "ip", "x", NULL };
	char line[128] = "";
	struct err err = { 0 };

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	load_all();
	printf("NFT %d %s\n",
	       proc_first_line(&(struct proc){ .argv = nft, .netns_fd = -1 }, line, sizeof(line),
			       &err),
	       err.text);
	printf("DATA %d\n", access("/data/topologies/topology.schema.json", R_OK) ? -errno : 0);
	fflush(stdout);
	for (;;)
		reboot(RB_AUTOBOOT);
}

static void run_qemu(const struct vm_kernel *kernel, const char *initramfs, const char *console)
{
	_free_ char *serial = NULL;
	const char *argv[] = { "timeout",
			       "-k",
			       "5",
			       "120",
			       "qemu-system-x86_64",
			       "-nodefaults",
			       "-display",
			       "none",
			       "-no-reboot",
			       "-machine",
			       "q35",
			       "-cpu",
			       "max",
			       "-m",
			       "512",
			       "-serial",
			       NULL,
			       "-kernel",
			       kernel->image,
			       "-initrd",
			       initramfs,
			       "-append",
			       "console=ttyS0 panic=-1 loglevel=4",
			       NULL };
	struct err err = { 0 };

	assert_true(asprintf(&serial, "file:%s", console) > 0);
	argv[16] = serial;
	if (proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, &err))
		fail_msg("%s", err.text);
}

/* Every line of the guest ends in 0 or in what went wrong. */
static void assert_console(const struct vm_kernel *kernel, const char *console)
{
	_free_ char *text = NULL;
	unsigned modules = 0;
	bool nft, data;
	struct err err = { 0 };
	char *save;

	assert_int_equal(file_read(console, &text, NULL, &err), 0);
	nft = strstr(text, "NFT 0 ") != NULL;
	data = strstr(text, "DATA 0") != NULL;
	for (char *line = strtok_r(text, "\r\n", &save); line;
	     line = strtok_r(NULL, "\r\n", &save)) {
		if (!strncmp(line, "NFT", 3) || !strncmp(line, "MODULE", 6))
			modules++;
		if (!strncmp(line, "MODULE", 6) && strcmp(line + strlen(line) - 2, " 0"))
			fail_msg("%s: %s", kernel->release, line);
	}
	if (!nft || !data || modules < 8)
		fail_msg("%s: nft %d, data %d, %u lines", kernel->release, nft, data, modules);
}

static void boot(const struct vm_kernel *kernel)
{
	static const char *const tools[] = { "nft", "?iptables-legacy-restore", NULL };
	static const char *const modules[] = { "vxlan",	   "br_netfilter", "nft_chain_nat",
					       "nft_masq", "xt_LOG",	   "?netkit",
					       NULL };
	const struct vm_initramfs what = { .kernel = kernel, .modules = modules, .tools = tools };
	char hash[VM_HASH_BYTES], again[VM_HASH_BYTES];
	char console[] = "/tmp/labrun-test-console.XXXXXX";
	_free_ char *path = NULL, *same = NULL;
	struct err err = { 0 };
	int fd;

	if (vm_initramfs_make(&what, &path, hash, &err))
		fail_msg("%s", err.text);
	/* What is damaged is made again, with the same bytes. */
	assert_int_equal(truncate(path, 4096), 0);
	assert_int_equal(vm_initramfs_make(&what, &same, again, &err), 0);
	assert_string_equal(path, same);
	assert_string_equal(hash, again);
	fd = mkstemp(console);
	assert_true(fd >= 0);
	close(fd);
	run_qemu(kernel, path, console);
	assert_console(kernel, console);
	unlink(console);
}

/* The fetched kernels in a cache of our own: this test damages it. */
static int setup(void **state)
{
	char *base = strdup("/tmp/labrun-test-vm.XXXXXX");
	_free_ char *kernels = NULL, *folder = NULL, *link = NULL;
	struct err err;

	if (!base || !mkdtemp(base) || vm_cache_folder("kernels", false, &kernels, &err))
		return -1;
	folder = vm_path(base, "labrun");
	link = vm_path(folder, "kernels");
	setenv("XDG_CACHE_HOME", base, 1);
	*state = base;
	return mkdir(folder, 0777) || symlink(kernels, link) ? -1 : 0;
}

static int teardown(void **state)
{
	file_remove_tree(*state);
	free(*state);
	return 0;
}

static void test_boot(void **state)
{
	struct vm_kernel *kernels;
	struct err err = { 0 };
	size_t count;

	(void)state;
	if (!proc_exists("qemu-system-x86_64") || !proc_exists("nft"))
		skip_because("QEMU or nft is not installed");
	assert_int_equal(vm_kernel_list(&kernels, &count, &err), 0);
	if (count == 0) {
		free(kernels);
		skip_because("no kernel is fetched: labrun vm fetch 6.1");
	}
	for (size_t i = 0; i < count; i++) {
		boot(&kernels[i]);
		vm_kernel_done(&kernels[i]);
	}
	free(kernels);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test_setup_teardown(test_boot, setup,
									    teardown) };

	if (getpid() == 1)
		guest();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
