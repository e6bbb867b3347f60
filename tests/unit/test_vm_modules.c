// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"
#include "tests/unit/folder.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_modinfo.h"
#include "harness/vm_modules.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

struct fixture {
	char folder[FOLDER_BYTES];
};

static int setup(void **state)
{
	struct fixture *fixture = folder_fixture(sizeof(*fixture));

	*state = fixture;
	return 0;
}

static void put(const struct fixture *fixture, const char *name, const char *bytes, size_t count)
{
	_free_ char *path = vm_path(fixture->folder, name), *folder = strdup(path);
	struct err err;

	*strrchr(folder, '/') = '\0';
	assert_int_equal(file_make_dirs(folder, NULL, &err), 0);
	assert_int_equal(file_write(path, bytes, count, &err), 0);
}

static void put_text(const struct fixture *fixture, const char *name, const char *text)
{
	put(fixture, name, text, strlen(text));
}

/* The modules' names found, in order, as one text. */
static void assert_found(const struct fixture *fixture, const char *const *names,
			 const char *expected)
{
	struct vm_modules modules;
	char found[512] = "";
	struct err err = { 0 };

	if (vm_modules_find(&modules, fixture->folder, names, &err))
		fail_msg("%s", err.text);
	for (size_t i = 0; i < modules.count; i++) {
		_free_ char *name = vm_module_name(modules.paths[i]);

		snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", i ? " " : "",
			 name);
	}
	vm_modules_done(&modules);
	assert_string_equal(found, expected);
}

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void test_find(void **state)
{
	struct fixture *fixture = *state;
	struct vm_modules modules;
	struct err err = { 0 };

	put_text(fixture, "modules.dep",
		 "kernel/net/a.ko: kernel/net/b-b.ko.xz kernel/net/c.ko\n"
		 "kernel/net/b-b.ko.xz: kernel/net/c.ko\n"
		 "kernel/net/c.ko:\n"
		 "kernel/net/round.ko: kernel/net/about.ko\n"
		 "kernel/net/about.ko: kernel/net/round.ko\n"
		 "kernel/net/soft.ko:\n"
		 "kernel/arch/x86/crypto/crc-fast.ko:\n"
		 "kernel/crypto/crc_generic.ko:\n");
	put_text(fixture, "modules.softdep",
		 "# a comment\nsoftdep soft pre: crc nowhere post: a\nsoftdep c post: soft\n");
	put_text(fixture, "modules.alias", "alias crc crc_fast\nalias crc crc_generic\n");
	put_text(fixture, "modules.builtin", "kernel/net/built-in.ko\n");
	assert_found(fixture, NAMES("a"), "c b_b a");
	assert_found(fixture, NAMES("c", "a", "a"), "c b_b a");
	assert_found(fixture, NAMES("b_b"), "c b_b");
	assert_found(fixture, NAMES("b-b", "built_in"), "c b_b");
	assert_found(fixture, NAMES("round"), "about round");
	assert_found(fixture, NAMES("soft"), "crc_generic soft");
	assert_found(fixture, NAMES("crc"), "crc_generic");
	assert_found(fixture, NAMES("?nowhere", "c"), "c");
	assert_int_equal(vm_modules_find(&modules, fixture->folder, NAMES("c", "nowhere"), &err),
			 -EOPNOTSUPP);
	assert_int_equal(err.class, ERR_NEED);
	assert_non_null(strstr(err.text, "'nowhere'"));
	assert_int_equal(vm_modules_find(&modules, "/nonexistent", NAMES("c"), &err), -EINVAL);
}

/* The least that is a module: a header, .modinfo, the names of both sections, and their headers. */
static size_t make_module(char *bytes, const char *info, size_t info_bytes, bool with_signature)
{
	static const char names[] = "\0.modinfo\0.shstrtab";
	static const char marker[] = "~Module signature appended~\n";
	const size_t header = sizeof(Elf64_Ehdr), table = header + info_bytes + sizeof(names);
	Elf64_Ehdr elf = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			   .e_type = ET_REL,
			   .e_machine = EM_X86_64,
			   .e_ehsize = sizeof(elf),
			   .e_shoff = table,
			   .e_shentsize = sizeof(Elf64_Shdr),
			   .e_shnum = 3,
			   .e_shstrndx = 2 };
	Elf64_Shdr sections[3] = { { .sh_type = SHT_NULL },
				   { .sh_type = SHT_PROGBITS,
				     .sh_name = 1,
				     .sh_offset = header,
				     .sh_size = info_bytes },
				   { .sh_type = SHT_STRTAB,
				     .sh_name = 10,
				     .sh_offset = header + info_bytes,
				     .sh_size = sizeof(names) } };
	size_t size = table + sizeof(sections);

	memcpy(bytes, &elf, header);
	memcpy(bytes + header, info, info_bytes);
	memcpy(bytes + header + info_bytes, names, sizeof(names));
	memcpy(bytes + table, sections, sizeof(sections));
	if (!with_signature)
		return size;
	/* 7 bytes of signature, then struct module_signature, then the marker. */
	memcpy(bytes + size, "PKCS#7.\0\0\2\0\0\0\0\0\0\0\0\7", 7 + 12);
	memcpy(bytes + size + 19, marker, strlen(marker));
	return size + 19 + strlen(marker);
}

#define INFO(text) text, sizeof(text)

static void test_signature(void **state)
{
	char bytes[1024];
	size_t whole = make_module(bytes, INFO("license=GPL\0depends="), true);
	size_t plain = make_module(bytes, INFO("license=GPL\0depends="), false);
	struct vm_file file = { (const unsigned char *)bytes, plain };
	struct vm_modinfo info;

	(void)state;
	assert_int_equal(vm_module_unsigned_size(&file), plain);
	file.size = whole;
	assert_int_equal(vm_module_unsigned_size(&file), plain);
	assert_true(vm_modinfo_find(&file, &info));
	assert_string_equal(vm_modinfo_next(&info, "license", NULL), "GPL");
	assert_string_equal(vm_modinfo_next(&info, "depends", NULL), "");
	assert_null(vm_modinfo_next(&info, "depend", NULL));
	/* A length that reaches beyond the file's start is no signature. */
	bytes[plain + 15] = 0x7f;
	assert_int_equal(vm_module_unsigned_size(&file), whole);
	for (size_t cut = 0; cut < plain; cut++) {
		file.size = cut;
		assert_false(vm_modinfo_find(&file, &info));
	}
}

static void put_module(const struct fixture *fixture, const char *name, const char *info,
		       size_t info_bytes, const char *packer)
{
	_free_ char *path = vm_path(fixture->folder, name);
	const char *const argv[] = { packer, "-q", path, NULL };
	char bytes[1024];
	struct err err;

	put(fixture, name, bytes, make_module(bytes, info, info_bytes, true));
	if (packer && proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, &err))
		fail_msg("%s", err.text);
}

static bool there(const struct fixture *fixture, const char *name)
{
	_free_ char *path = vm_path(fixture->folder, name);

	return !access(path, F_OK);
}

static void test_prepare(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *one = vm_path(fixture->folder, "kernel/net/one.ko"), *bytes = NULL;
	const char *packer = proc_exists("xz") ? "xz" : NULL;
	struct err err = { 0 };
	size_t size;

	put_module(fixture, "kernel/net/one.ko",
		   INFO("depends=two,far\0softdep=pre: plain\0alias=pci:v1\0alias=uno"), packer);
	put_module(fixture, "kernel/net/two.ko", INFO("depends="), NULL);
	put_module(fixture, "kernel/drivers/gpu/far.ko", INFO("depends=farther"), packer);
	put_module(fixture, "kernel/drivers/gpu/farther.ko", INFO("depends="), NULL);
	put_module(fixture, "kernel/drivers/gpu/alias.ko", INFO("depends=\0alias=plain"), NULL);
	put_module(fixture, "kernel/drivers/gpu/other.ko", INFO("depends=one"), packer);
	if (vm_modules_prepare(fixture->folder, &err))
		fail_msg("%s", err.text);
	assert_false(there(fixture, "kernel/drivers/gpu/other.ko"));
	assert_false(there(fixture, "kernel/net/one.ko.xz"));
	assert_found(fixture, NAMES("uno"), "alias two farther far one");
	assert_int_equal(vm_module_read(one, &bytes, &size, &err), 0);
	assert_true(size < 1024 && !memmem(bytes, size, "~Module", 7));
	put_text(fixture, "kernel/net/bad.ko", "no module");
	assert_int_equal(vm_modules_prepare(fixture->folder, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "bad.ko"));
}

/* A folder of the user's own may hold them packed and signed. */
static void test_read_packed(void **state)
{
	struct fixture *fixture = *state;
	_free_ char *path = vm_path(fixture->folder, "one.ko.xz"), *bytes = NULL;
	struct err err = { 0 };
	char plain[1024];
	size_t size;

	if (!proc_exists("xz"))
		skip_because("xz is not installed");
	put_module(fixture, "one.ko", INFO("depends="), "xz");
	assert_int_equal(vm_module_read(path, &bytes, &size, &err), 0);
	assert_int_equal(size, make_module(plain, INFO("depends="), false));
	assert_memory_equal(bytes, plain, size);
	assert_true(there(fixture, "one.ko.xz"));
	put_text(fixture, "one.ko.xz", "not xz");
	free(steal_ptr(bytes));
	assert_int_not_equal(vm_module_read(path, &bytes, &size, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_find, setup, folder_teardown),
		cmocka_unit_test(test_signature),
		cmocka_unit_test_setup_teardown(test_prepare, setup, folder_teardown),
		cmocka_unit_test_setup_teardown(test_read_packed, setup, folder_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
