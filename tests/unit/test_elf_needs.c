// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/elf_needs.h"
#include "harness/file.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>

#define OWN "/proc/self/exe"

#define _needs_ __attribute__((cleanup(elf_needs_done)))

static bool is_listed(const struct elf_needs *needs, const char *path)
{
	char real[PATH_MAX], other[PATH_MAX];

	if (!realpath(path, real))
		return false;
	if (needs->interpreter && realpath(needs->interpreter, other) && !strcmp(real, other))
		return true;
	for (size_t i = 0; i < needs->count; i++)
		if (realpath(needs->libraries[i].path, other) && !strcmp(real, other))
			return true;
	return false;
}

static int check_loaded(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	/* Neither this program itself nor what the kernel maps has a path. */
	if (info->dlpi_name[0] == '/' && !is_listed(context, info->dlpi_name))
		fail_msg("%s is loaded but not listed", info->dlpi_name);
	return 0;
}

/* What the loader has loaded for this very program. */
static void test_own(void **state)
{
	_needs_ struct elf_needs needs = { 0 };
	struct err err = { 0 };
	size_t count;

	(void)state;
	assert_int_equal(elf_needs_add(&needs, OWN, &err), 0);
	assert_non_null(needs.interpreter);
	assert_int_equal(access(needs.interpreter, X_OK), 0);
	dl_iterate_phdr(check_loaded, &needs);
	for (size_t i = 0; i < needs.count; i++)
		assert_int_equal(access(needs.libraries[i].path, R_OK), 0);
	count = needs.count;
	assert_int_equal(elf_needs_add(&needs, OWN, &err), 0);
	assert_int_equal(needs.count, count);
}

/* In memory: a thousand files are tried. */
struct fixture {
	int fd;
	char path[64];
	char *bytes;
	size_t size;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	struct err err = { 0 };

	fixture->fd = memfd_create("elf", MFD_CLOEXEC);
	assert_true(fixture->fd >= 0);
	snprintf(fixture->path, sizeof(fixture->path), "/proc/self/fd/%d", fixture->fd);
	assert_int_equal(file_read(OWN, &fixture->bytes, &fixture->size, &err), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	close(fixture->fd);
	free(fixture->bytes);
	free(fixture);
	return 0;
}

static int try_bytes(const struct fixture *fixture, size_t size, struct err *err)
{
	_needs_ struct elf_needs needs = { 0 };

	assert_int_equal(file_write(fixture->path, fixture->bytes, size, err), 0);
	return elf_needs_add(&needs, fixture->path, err);
}

static void test_missing(void **state)
{
	struct fixture *fixture = *state;
	char *name = memmem(fixture->bytes, fixture->size, "libcmocka.so", 12);
	struct err err = { 0 };

	assert_non_null(name);
	name[3] = 'x';
	assert_int_equal(try_bytes(fixture, fixture->size, &err), -ENOENT);
	assert_non_null(strstr(err.text, "libxmocka.so"));
}

static void test_not_elf(void **state)
{
	struct fixture *fixture = *state;
	_needs_ struct elf_needs needs = { 0 };
	struct err err = { 0 };

	assert_int_equal(try_bytes(fixture, 0, &err), -ENOEXEC);
	assert_int_equal(try_bytes(fixture, 63, &err), -ENOEXEC);
	memcpy(fixture->bytes, "#!/bin/sh\n", 10);
	assert_int_equal(try_bytes(fixture, fixture->size, &err), -ENOEXEC);
	assert_int_equal(elf_needs_add(&needs, "/nonexistent", &err), -ENOENT);
	assert_int_equal(elf_needs_add(&needs, "/tmp", &err), -EISDIR);
}

/* Whatever is in the headers, nothing is read that is not there. */
static void test_damaged(void **state)
{
	struct fixture *fixture = *state;
	unsigned long long random = 1;
	struct err err = { 0 };

	/* The front holds the headers; the rest is long. */
	if (fixture->size > 64 << 10)
		fixture->size = 64 << 10;
	for (int i = 0; i < 1000; i++) {
		size_t at[4];
		char kept[4];

		for (int j = 0; j < 4; j++) {
			random = random * 6364136223846793005ull + 1442695040888963407ull;
			at[j] = (random >> 33) % (j < 3 ? 1024 : fixture->size);
			kept[j] = fixture->bytes[at[j]];
			fixture->bytes[at[j]] = (char)(random >> 24);
		}
		try_bytes(fixture, fixture->size, &err);
		for (int j = 3; j >= 0; j--)
			fixture->bytes[at[j]] = kept[j];
	}
	for (size_t size = 0; size < 4096; size += 13)
		try_bytes(fixture, size, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own),
		cmocka_unit_test_setup_teardown(test_missing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_not_elf, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
