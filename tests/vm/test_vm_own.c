// SPDX-License-Identifier: GPL-2.0-only
/*
 * `labrun run --vm=PATH --modules DIR`: a kernel of one's own. It is the fetched one's files,
 * copied to where nothing says what they are; and what may be wrong with such files is told in one
 * line, before anything is booted.
 */
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm.h"
#include "harness/vm_cache.h"
#include "tests/netns/leak_fixture.h"
#include "tests/netns/result_fixture.h"

#include <elf.h>
#include <fts.h>
#include <grp.h>

#define QEMU "qemu-system-x86_64"
#define NOBODY 65534

static struct vm_kernel fetched; /* the one that is copied */

static void need_kernel(void)
{
	struct err err = {};

	if (!proc_exists(QEMU))
		skip_because(QEMU " is not installed");
	if (vm_kernel_find(&fetched, "6.1", NULL, &err))
		skip_because("%s", err.text);
}

/* The first of so many parts. */
static void copy_part(const char *from, const char *to, unsigned parts)
{
	_unmap_ struct vm_file file = {};
	struct err err = {};

	if (vm_file_map(&file, from, &err) ||
	    file_write(to, (const char *)file.bytes, file.size / parts, &err))
		fail_msg("%s", err.text);
}

static void copy(const char *from, const char *to)
{
	copy_part(from, to, 1);
}

static void copy_tree(const char *from, const char *to)
{
	FTS *tree =
		fts_open((char *const[]){ (char *)from, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	assert_non_null(tree);
	while ((entry = fts_read(tree))) {
		_free_ char *target = NULL;

		assert_true(asprintf(&target, "%s%s", to, entry->fts_path + strlen(from)) > 0);
		if (entry->fts_info == FTS_D)
			make_path(target);
		else if (entry->fts_info == FTS_F)
			copy(entry->fts_path, target);
	}
	fts_close(tree);
}

/* A file that lies beside the fetched kernel's image. */
static char *beside_image(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%.*s/%s", (int)(strrchr(fetched.image, '/') - fetched.image),
			     fetched.image, name) > 0);
	return path;
}

/* Into the test's folder: bzImage, vmlinux if there is one, and the folder modules. */
static void copy_kernel(void)
{
	_free_ char *image = NULL, *elf = NULL;

	need_kernel();
	image = beside_image(VM_CACHE_IMAGE);
	elf = beside_image(VM_CACHE_ELF);
	copy(image, "bzImage");
	if (exists(elf))
		copy(elf, "vmlinux");
	copy_tree(fetched.modules, "modules");
}

static void done(void)
{
	vm_kernel_done(&fetched);
}

static void assert_measured_on(const char *folder, const char *version)
{
	_json_ json_t *summary = read_json(folder, "summary.json");
	_json_ json_t *environment = read_json(folder, "environment.json");
	const json_t *kernel =
		json_object_get(json_array_get(json_object_get(environment, "vm"), 0), "kernel");
	const json_t *booted = json_object_get(environment, "kernel");

	if (!is_valid(summary))
		fail_msg("%s is not valid", folder);
	assert_near(number_of(json_object_get(cell_of(summary, 0), "loss"), "received"), 10, 0);
	assert_string_equal(json_string_value(json_object_get(kernel, "version")), version);
	/* From the image alone: what it is named, and what booted. */
	assert_string_equal(json_string_value(json_object_get(kernel, "release")), fetched.release);
	assert_string_equal(json_string_value(json_object_get(booted, "release")), fetched.release);
	assert_true(json_is_null(json_object_get(kernel, "package")));
	assert_int_equal(strlen(json_string_value(json_object_get(kernel, "sha256"))), 64);
}

#define OWN "--modules", "modules", "--batches", "1", "--iterations", "10", "--no-charts", "--quiet"

static void test_own(void **state)
{
	static const char *const images[] = { "bzImage", "vmlinux" };

	(void)state;
	copy_kernel();
	for (size_t i = 0; i < ARRAY_SIZE(images); i++) {
		_finished_ struct finished finished = {};
		char vm[32];

		if (!exists(images[i]))
			continue;
		snprintf(vm, sizeof(vm), "--vm=./%s", images[i]);
		finished =
			labrun("run", vm, "bridge", OWN, "--out", images[i][0] == 'b' ? "b" : "v");
		assert_measured(finished);
		assert_measured_on(images[i][0] == 'b' ? "b" : "v", images[i]);
	}
	done();
}

/* A child's own, before it becomes the program. */
static void become_nobody(void)
{
	if (setenv("XDG_CACHE_HOME", "/tmp/labrun-test-cache", 1) ||
	    setenv("HOME", "/nonexistent", 1) || setgroups(0, NULL) || setgid(NOBODY) ||
	    setuid(NOBODY))
		_exit(125);
}

static void test_ordinary_user(void **state)
{
	_finished_ struct finished can = {}, finished = {};
	struct stat status;

	(void)state;
	need_kernel();
	done();
	if (geteuid() != 0)
		skip_because("becoming another user needs root");
	can = labrun_as(become_nobody, "--version");
	if (can.status)
		skip_because("an ordinary user cannot run %s", getenv("LABRUN"));
	copy_kernel();
	assert_int_equal(chmod(".", 0777), 0);
	finished = labrun_as(become_nobody, "run", "--vm=./bzImage", "bridge", OWN, "--out", "r");
	assert_measured(finished);
	assert_measured_on("r", "bzImage");
	assert_int_equal(stat("r/summary.json", &status), 0);
	assert_int_equal(status.st_uid, NOBODY);
	remove_tree("/tmp/labrun-test-cache");
	done();
}

static void write_bytes(const char *path, const void *bytes, size_t count)
{
	struct err err;

	assert_int_equal(file_write(path, bytes, count, &err), 0);
}

/* What an arm64 kernel begins with: Documentation/arch/arm64/booting.rst; and its vmlinux. */
static void put_foreign(void)
{
	char image[4096] = "MZ";
	Elf64_Ehdr elf = { .e_type = ET_DYN,
			   .e_machine = EM_AARCH64,
			   .e_phentsize = sizeof(Elf64_Phdr) };

	memcpy(image + 56, "ARM\x64", 4);
	write_bytes("Image", image, sizeof(image));
	memcpy(elf.e_ident, ELFMAG, SELFMAG);
	elf.e_ident[EI_CLASS] = ELFCLASS64;
	elf.e_ident[EI_DATA] = ELFDATA2LSB;
	write_bytes("vmlinux.arm64", &elf, sizeof(elf));
}

/* The same modules under a release of the same length: each says which one it is for. */
static void put_other_release(void)
{
	_free_ char *magic = NULL;
	_unmap_ struct vm_file file = {};
	_free_ char *bytes = NULL;
	struct err err = {};
	char *at;

	assert_true(asprintf(&magic, "vermagic=%s ", fetched.release) > 0);
	if (vm_file_map(&file, "modules/kernel/drivers/net/veth.ko", &err))
		fail_msg("%s", err.text);
	bytes = malloc(file.size);
	memcpy(bytes, file.bytes, file.size);
	at = memmem(bytes, file.size, magic, strlen(magic));
	assert_non_null(at);
	at[strlen("vermagic=")] = '5';
	make_path("other/kernel");
	write_bytes("other/kernel/veth.ko", bytes, file.size);
	write_text("other/modules.dep", "kernel/veth.ko:\n");
}

static void put_bad_files(void)
{
	copy_kernel();
	write_text("empty", "");
	write_text("text", "no kernel\n");
	copy_part("bzImage", "cut", 2);
	if (exists("vmlinux"))
		copy_part("vmlinux", "vmlinux.cut", 2);
	put_foreign();
	put_other_release();
	make_path("folder");
	make_path("lacking");
	write_text("lacking/modules.dep", "kernel/drivers/net/veth.ko:\n");
	make_path("without");
	write_text("without/modules.dep", "");
}

static const struct refusal {
	const char *vm, *modules;
	int status;
	const char *says;
} refusals[] = {
	{ "./nothing", "modules", 2, "cannot read './nothing': No such file or directory" },
	{ "nothing", "modules", 2, "'nothing' is neither a kernel version such as 6.1 nor a file" },
	{ "./folder", "modules", 2, "cannot read './folder': Is a directory" },
	{ "./empty", "modules", 2, "'./empty' is empty" },
	{ "./text", "modules", 2, "'./text' is neither a bzImage nor an ELF kernel" },
	{ "./cut", "modules", 2, "'./cut' is cut short" },
	{ "./vmlinux.cut", "modules", 2, "'./vmlinux.cut' is cut short" },
	{ "./Image", "modules", 2, "'./Image' is for another architecture, not x86-64" },
	{ "./vmlinux.arm64", "modules", 2, "'./vmlinux.arm64' is for another architecture" },
	{ "./bzImage", "nothing", 2, "'nothing' is not a folder of kernel modules" },
	{ "./bzImage", "folder", 2, "'folder' is not a folder of kernel modules: no modules.dep" },
	{ "./bzImage", "lacking", 2,
	  "'lacking/kernel/drivers/net/veth.ko' is in modules.dep, but" },
	{ "./bzImage", "other", 2, "the modules in 'other' are for kernel 5." },
	{ "./bzImage", "without", 77, "this kernel has no module 'veth'" },
	{ "6.1", "modules", 2, "a folder of modules goes with a kernel given by its path" },
};

static void test_refused(void **state)
{
	(void)state;
	put_bad_files();
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *refusal = &refusals[i];
		_finished_ struct finished finished = {};
		char vm[64];

		if (strstr(refusal->vm, "vmlinux.cut") && !exists("vmlinux.cut"))
			continue;
		snprintf(vm, sizeof(vm), "--vm=%s", refusal->vm);
		finished = labrun("run", vm, "--modules", refusal->modules, "bridge", "--out", "r");
		assert_status(finished, refusal->status);
		assert_one_line(finished.error, refusal->says);
		assert_string_equal(finished.out, "");
		assert_false(exists("r"));
		assert_false(exists("r.partial"));
	}
	done();
}

/* All drivers of a lab's devices are modules there: it boots, and can build nothing. */
static void test_without_modules(void **state)
{
	_finished_ struct finished finished = {}, native = {};

	(void)state;
	copy_kernel();
	finished = labrun("run", "--vm=./bzImage", "bridge", QUICK, "--quiet", "--out", "r");
	assert_status(finished, 4);
	assert_says(finished.out, "this kernel has no veth devices");
	assert_says(finished.out, "no --modules: it has only what is built in");
	native = labrun("run", "--modules", "modules", "bridge", QUICK, "--quiet", "--out", "n");
	assert_status(native, 2);
	assert_says(native.error, "--modules is for --vm");
	done();
}

/* veth's first instruction of its own becomes one that no processor has. */
static void break_veth(void)
{
	static const char path[] = "modules/kernel/drivers/net/veth.ko";
	static const unsigned char load_rdi[] = { 0x48, 0xc7, 0xc7 }, ud2[] = { 0x0f, 0x0b };
	_unmap_ struct vm_file file = {};
	_free_ char *bytes = NULL;
	struct err err = {};
	const Elf64_Shdr *sections;
	bool found = false;

	if (vm_file_map(&file, path, &err))
		fail_msg("%s", err.text);
	bytes = malloc(file.size);
	memcpy(bytes, file.bytes, file.size);
	sections = (const Elf64_Shdr *)(bytes + ((const Elf64_Ehdr *)bytes)->e_shoff);
	for (unsigned i = 0; i < ((const Elf64_Ehdr *)bytes)->e_shnum; i++) {
		const Elf64_Shdr *names = &sections[((const Elf64_Ehdr *)bytes)->e_shstrndx];
		const char *name = bytes + names->sh_offset + sections[i].sh_name;
		char *at = NULL;

		if (!strcmp(name, ".init.text"))
			at = memmem(bytes + sections[i].sh_offset, sections[i].sh_size, load_rdi,
				    sizeof(load_rdi));
		if (at)
			memcpy(at, ud2, sizeof(ud2));
		found |= at != NULL;
	}
	assert_true(found);
	write_bytes(path, bytes, file.size);
}

/* The kernel's own fault, as a module under work has it: where it was, and the console's end. */
static void test_oops(void **state)
{
	_holdings_ struct holdings *before = NULL;
	_finished_ struct finished finished = {};

	(void)state;
	copy_kernel();
	break_veth();
	before = holdings_new();
	finished = labrun("run", "--vm=./bzImage", "bridge", OWN, "--out", "r");
	assert_status(finished, 4);
	assert_says(finished.out, "failed: kernel bzImage, boot 1: the guest's kernel panicked: "
				  "invalid opcode: 0000");
	assert_says(finished.out, "RIP: 0010:veth_init+0x5");
	assert_says(finished.out, "; the console ends with: ");
	assert_string_equal(unwarned(finished.error), "");
	assert_nothing_left(before);
	done();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_own),	    program_test(test_ordinary_user),
		program_test(test_refused), program_test(test_without_modules),
		program_test(test_oops),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
