// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/vm.h"
#include "harness/vm_image.h"
#include "harness/vm_packages.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

struct fixture {
	char folder[FOLDER_BYTES], path[96];
};

static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	snprintf(fixture->path, sizeof(fixture->path), "%s/image", fixture->folder);
	*state = fixture;
	return 0;
}

static int check(const struct fixture *fixture, const void *bytes, size_t size, const char *says)
{
	char release[VM_RELEASE_BYTES] = "";
	struct err err = { 0 };
	int code;

	assert_int_equal(file_write(fixture->path, bytes, size, &err), 0);
	code = vm_image_check(fixture->path, release, &err);
	if (code) {
		assert_int_equal(err.class, ERR_USAGE);
		assert_null(strchr(err.text, '\n'));
	}
	if (!strstr(code ? err.text : release, says))
		fail_msg("says '%s', not '%s'", code ? err.text : release, says);
	return code;
}

static void put16(char *bytes, size_t at, unsigned value)
{
	bytes[at] = (char)value;
	bytes[at + 1] = (char)(value >> 8);
}

static void make_bzimage(char *bytes, size_t size)
{
	memset(bytes, 0, size);
	bytes[0x1f1] = 1;
	put16(bytes, 0x1f4, (unsigned)(size - 1024) / 16);
	put16(bytes, 0x1fe, 0xaa55);
	memcpy(bytes + 0x202, "HdrS", 4);
	put16(bytes, 0x206, 0x20f);
	put16(bytes, 0x20e, 0x100);
	put16(bytes, 0x236, 1);
	strcpy(bytes + 0x300, "6.1.0-test (builder)");
}

static void test_bzimage(void **state)
{
	struct fixture *fixture = *state;
	char bytes[4096];

	make_bzimage(bytes, sizeof(bytes));
	assert_int_equal(check(fixture, bytes, sizeof(bytes), "6.1.0-test"), 0);
	assert_int_equal(check(fixture, bytes, sizeof(bytes) - 16, "is cut short"), -EINVAL);
	check(fixture, bytes, 0x202, "neither a bzImage nor");
	check(fixture, bytes, 0, "is empty");
	put16(bytes, 0x236, 0);
	check(fixture, bytes, sizeof(bytes), "another architecture");
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + 56, "ARM\x64", 4);
	check(fixture, bytes, sizeof(bytes), "another architecture");
}

static size_t make_elf(char *bytes, unsigned machine, unsigned note_type)
{
	Elf64_Ehdr elf = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			   .e_type = ET_EXEC,
			   .e_machine = (Elf64_Half)machine,
			   .e_phoff = sizeof(elf),
			   .e_phentsize = sizeof(Elf64_Phdr),
			   .e_phnum = 1 };
	struct {
		Elf64_Nhdr head;
		char name[4], value[4];
	} note = { { 4, 4, note_type }, "Xen", "" };
	const size_t at = sizeof(elf) + sizeof(Elf64_Phdr);
	Elf64_Phdr segment = { .p_type = PT_NOTE, .p_offset = at, .p_filesz = sizeof(note) };

	memcpy(bytes, &elf, sizeof(elf));
	memcpy(bytes + sizeof(elf), &segment, sizeof(segment));
	memcpy(bytes + at, &note, sizeof(note));
	strcpy(bytes + at + sizeof(note), "Linux version %s, Linux version 6.2-elf (x)");
	return at + sizeof(note) + 64;
}

static void test_elf(void **state)
{
	struct fixture *fixture = *state;
	char bytes[1024] = "";
	size_t size = make_elf(bytes, EM_X86_64, 18);

	assert_int_equal(check(fixture, bytes, size, "6.2-elf"), 0);
	check(fixture, bytes, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 4, "is cut short");
	check(fixture, bytes, 40, "is cut short");
	check(fixture, bytes, sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr) + 24, "not a Linux kernel");
	check(fixture, bytes, make_elf(bytes, EM_X86_64, 17), "no PVH note");
	check(fixture, bytes, make_elf(bytes, EM_AARCH64, 18), "another architecture");
}

/* What the payload says decides; a bad one leaves nothing behind. */
static void test_extract(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *target = NULL;
	char bytes[4096];
	struct err err = { 0 };

	assert_true(asprintf(&target, "%s/vmlinux", fixture->folder) > 0);
	make_bzimage(bytes, sizeof(bytes));
	put16(bytes, 0x248, 64);
	put16(bytes, 0x24c, 512);
	assert_int_equal(file_write(fixture->path, bytes, sizeof(bytes), &err), 0);
	assert_int_equal(vm_image_extract(fixture->path, target, &err), -EBADMSG);
	memcpy(bytes + 1024 + 64, "\x1f\x8b\x08", 3);
	assert_int_equal(file_write(fixture->path, bytes, sizeof(bytes), &err), 0);
	assert_int_not_equal(vm_image_extract(fixture->path, target, &err), 0);
	unlink(fixture->path);
	assert_int_equal(rmdir(fixture->folder), 0);
}

static const char list[] =
	"Package: linux-image-6.1.0-9-cloud-amd64\n"
	"Version: 6.1.27-1\n"
	"Depends: kmod\n"
	"\n"
	"Package: linux-image-6.1.0-56-cloud-amd64\n"
	"Version: 6.1.190-1\n"
	"\n"
	"Package: linux-image-6.1.0-56-cloud-amd64\n"
	"Version: 6.1.192-2\n"
	"\n"
	"Package: linux-image-6.1.0-99-cloud-amd64-dbg\n"
	"Version: 6.1.999-1\n"
	"\n"
	"Package: linux-image-6.12-cloud-amd64\n"
	"Version: 6.12.200-1\n"
	"\n"
	"Package: linux-image-7.2.12+deb13-cloud-amd64\n"
	"Version: 7.2.12-1\n"
	"Depends: dracut | x (>= 1), linux-base-7.2.12+deb13-cloud-amd64 (= 7.2.12-1),"
	" linux-modules-7.2.12+deb13-cloud-amd64 (= 7.2.12-1)\n"
	"\n"
	"Package: linux-modules-7.2.12+deb13-cloud-amd64\n"
	"Version: 7.2.12-1\n"
	"\n"
	"Package: linux-base-7.2.12+deb13-cloud-amd64\n"
	"Version: 7.2.12-1\n";

static void test_packages(void **state)
{
	struct fixture *fixture = *state;
	const struct vm_package *image, *parts[8];
	struct vm_packages packages;
	_free_ char *path = NULL;
	struct err err = { 0 };

	assert_true(asprintf(&path, "%s/some_Packages", fixture->folder) > 0);
	assert_int_equal(file_write(path, list, strlen(list), &err), 0);
	assert_int_equal(vm_packages_read(&packages, fixture->folder, &err), 0);
	image = vm_packages_newest(&packages, "6.1");
	assert_non_null(image);
	assert_string_equal(vm_package_release(image), "6.1.0-56-cloud-amd64");
	assert_string_equal(image->version, "6.1.192-2");
	assert_int_equal(vm_packages_parts(&packages, image, parts, 8), 1);
	image = vm_packages_newest(&packages, "6.1.0-9-cloud-amd64");
	assert_non_null(image);
	assert_string_equal(image->version, "6.1.27-1");
	assert_null(vm_packages_newest(&packages, "6.12"));
	image = vm_packages_newest(&packages, "7.2");
	assert_non_null(image);
	assert_int_equal(vm_packages_parts(&packages, image, parts, 8), 3);
	assert_string_equal(parts[2]->name, "linux-modules-7.2.12+deb13-cloud-amd64");
	assert_int_equal(vm_packages_parts(&packages, image, parts, 2), 2);
	vm_packages_done(&packages);
}

/* A fetched kernel as the cache has it. */
static void put_kernel(const char *cache, const char *release, const char *version)
{
	_free_ char *folder = NULL, *json = NULL, *path = NULL, *image = NULL, *modules = NULL;
	struct err err;
	char bytes[4096];

	make_bzimage(bytes, sizeof(bytes));
	assert_true(asprintf(&folder, "%s/labrun/kernels/%s", cache, release) > 0);
	assert_true(asprintf(&modules, "%s/modules", folder) > 0);
	assert_true(asprintf(&path, "%s/kernel.json", folder) > 0);
	assert_true(asprintf(&image, "%s/vmlinuz", folder) > 0);
	assert_true(asprintf(&json,
			     "{\"version\":\"%s\",\"release\":\"%s\",\"package\":\"p\","
			     "\"package_version\":\"1\",\"fetched_utc\":\"\"}",
			     version, release) > 0);
	assert_int_equal(file_make_dirs(modules, NULL, &err), 0);
	assert_int_equal(file_write(path, json, strlen(json), &err), 0);
	assert_int_equal(file_write(image, bytes, sizeof(bytes), &err), 0);
	free(path);
	assert_true(asprintf(&path, "%s/modules.dep", modules) > 0);
	assert_int_equal(file_write(path, "", 0, &err), 0);
}

static void test_find(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *damaged = NULL;
	struct vm_kernel kernel, *kernels;
	struct err err = { 0 };
	size_t count;

	setenv("XDG_CACHE_HOME", fixture->folder, 1);
	assert_int_equal(vm_kernel_find(&kernel, "6.1", NULL, &err), -EOPNOTSUPP);
	assert_int_equal(err.class, ERR_NEED);
	assert_non_null(strstr(err.text, "labrun vm fetch 6.1"));
	put_kernel(fixture->folder, "6.1.0-9-cloud-amd64", "6.1");
	put_kernel(fixture->folder, "6.1.0-56-cloud-amd64", "6.1");
	put_kernel(fixture->folder, "6.12.3-cloud-amd64", "6.12");
	put_kernel(fixture->folder, "partial.abc", "6.1");
	assert_int_equal(vm_kernel_list(&kernels, &count, &err), 0);
	assert_int_equal(count, 3);
	assert_string_equal(kernels[1].release, "6.1.0-56-cloud-amd64");
	for (size_t i = 0; i < count; i++)
		vm_kernel_done(&kernels[i]);
	free(kernels);
	assert_int_equal(vm_kernel_find(&kernel, "6.1", NULL, &err), 0);
	assert_string_equal(kernel.version, "6.1");
	assert_string_equal(kernel.release, "6.1.0-56-cloud-amd64");
	assert_string_equal(kernel.package, "p 1");
	vm_kernel_done(&kernel);
	assert_int_equal(vm_kernel_find(&kernel, "6.1.0-9-cloud-amd64", NULL, &err), 0);
	vm_kernel_done(&kernel);
	assert_int_equal(vm_kernel_find(&kernel, "vxlan", NULL, &err), -EINVAL);
	assert_int_equal(err.class, ERR_USAGE);
	assert_true(asprintf(&damaged, "%s/labrun/kernels/6.12.3-cloud-amd64/vmlinuz",
			     fixture->folder) > 0);
	assert_int_equal(truncate(damaged, 100), 0);
	assert_int_equal(vm_kernel_find(&kernel, "6.12", NULL, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "is damaged"));
	free(damaged);
	assert_true(asprintf(&damaged, "%s/labrun/kernels/6.1.0-9-cloud-amd64/modules/modules.dep",
			     fixture->folder) > 0);
	assert_int_equal(file_write(damaged, "kernel/x.ko:\n", 13, &err), 0);
	assert_int_equal(vm_kernel_find(&kernel, "6.1.0-9-cloud-amd64", NULL, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.text, "is damaged"));
	assert_non_null(strstr(err.text, "kernel/x.ko"));
}

static void test_own(void **state)
{
	struct fixture *fixture = *state;
	struct vm_kernel kernel;
	struct err err = { 0 };
	char bytes[4096];

	make_bzimage(bytes, sizeof(bytes));
	assert_int_equal(file_write(fixture->path, bytes, sizeof(bytes), &err), 0);
	assert_int_equal(vm_kernel_find(&kernel, fixture->path, NULL, &err), 0);
	assert_string_equal(kernel.version, "image");
	assert_string_equal(kernel.release, "6.1.0-test");
	assert_null(kernel.modules);
	vm_kernel_done(&kernel);
	assert_int_equal(vm_kernel_find(&kernel, fixture->path, fixture->folder, &err), -EINVAL);
	assert_non_null(strstr(err.text, "no modules.dep"));
	assert_int_equal(vm_kernel_find(&kernel, "/nonexistent/x", NULL, &err), -ENOENT);
	assert_int_equal(vm_kernel_find(&kernel, "6.1", fixture->folder, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_bzimage, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_elf, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_extract, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_packages, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_find, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_own, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
