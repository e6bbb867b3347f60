// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/cpio.h"
#include "harness/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* All that these tests write is under `base`; `out` is an empty folder to unpack into. */
struct fixture {
	char base[64], out[96], archive[96];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	/* In memory if there is such a folder: thousands of files come and go. */
	snprintf(fixture->base, sizeof(fixture->base), "%s/labrun-test-cpio.XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	assert_non_null(mkdtemp(fixture->base));
	snprintf(fixture->out, sizeof(fixture->out), "%s/out", fixture->base);
	snprintf(fixture->archive, sizeof(fixture->archive), "%s/archive", fixture->base);
	assert_int_equal(mkdir(fixture->out, 0777), 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	file_remove_tree(fixture->base);
	free(fixture);
	return 0;
}

static char *join(const char *folder, const char *name)
{
	char *path;

	assert_true(asprintf(&path, "%s/%s", folder, name) > 0);
	return path;
}

static void put_text(const char *folder, const char *name, const char *text)
{
	_free_ char *path = join(folder, name);
	struct err err;

	assert_int_equal(file_write(path, text, strlen(text), &err), 0);
}

static bool has_text(const char *folder, const char *name, const char *text)
{
	_free_ char *path = join(folder, name), *found = NULL;
	struct err err;

	return !file_read(path, &found, NULL, &err) && !strcmp(found, text);
}

/* One entry as any writer may make it. */
struct raw {
	const char *name;
	unsigned mode, links;
	const char *text;
};

static void put_raw(FILE *file, const struct raw *raw)
{
	size_t name_bytes = strlen(raw->name) + 1, text_bytes = strlen(raw->text);

	fprintf(file, "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x", 1u, raw->mode,
		0u, 0u, raw->links, 0u, text_bytes, 0u, 0u, 0u, 0u, name_bytes, 0u);
	fwrite(raw->name, 1, name_bytes, file);
	while (ftell(file) % 4)
		fputc(0, file);
	fwrite(raw->text, 1, text_bytes, file);
	while (ftell(file) % 4)
		fputc(0, file);
}

static void write_raw(const struct fixture *fixture, const struct raw *entries, size_t count)
{
	static const struct raw trailer = { "TRAILER!!!", 0, 1, "" };
	FILE *file = fopen(fixture->archive, "we");

	assert_non_null(file);
	for (size_t i = 0; i < count; i++)
		put_raw(file, &entries[i]);
	put_raw(file, &trailer);
	assert_int_equal(fclose(file), 0);
}

/* A new file each time: a disk is waited for when an old one is cut and written again. */
static void put_archive(const struct fixture *fixture, const char *bytes, size_t count)
{
	struct err err;

	unlink(fixture->archive);
	assert_int_equal(file_write(fixture->archive, bytes, count, &err), 0);
}

/* The same tree, made in another order, packed to the same bytes; and back. */
static void test_round_trip(void **state)
{
	static const char *const names[] = { "b", "a", "c.sh" };
	struct fixture *fixture = *state;
	char *packed[2];
	size_t sizes[2];
	struct err err = { 0 };

	for (int round = 0; round < 2; round++) {
		_free_ char *tree = join(fixture->base, round ? "tree1" : "tree0");
		_free_ char *inner = join(tree, "inner"), *script = join(tree, "c.sh");
		_free_ char *link = join(tree, "link");
		struct cpio cpio;
		FILE *file;

		assert_int_equal(mkdir(tree, 0700), 0);
		assert_int_equal(mkdir(inner, 0700), 0);
		for (int i = 0; i < 3; i++)
			put_text(tree, names[round ? 2 - i : i], "text");
		put_text(inner, "empty", "");
		assert_int_equal(chmod(script, 0755), 0);
		assert_int_equal(symlink("/etc/passwd", link), 0);
		file = open_memstream(&packed[round], &sizes[round]);
		cpio_begin(&cpio, file);
		assert_int_equal(cpio_add_tree(&cpio, "top", tree, &err), 0);
		assert_int_equal(cpio_end(&cpio, &err), 0);
		fclose(file);
	}
	assert_int_equal(sizes[0], sizes[1]);
	assert_memory_equal(packed[0], packed[1], sizes[0]);
	assert_int_equal(sizes[0] % CPIO_ALIGN, 0);
	assert_memory_equal(packed[0], "07070100000001000041ED0000000000000000", 38);
	put_archive(fixture, packed[0], sizes[0]);
	assert_int_equal(cpio_unpack(fixture->archive, fixture->out, &err), 0);
	assert_true(has_text(fixture->out, "top/a", "text"));
	assert_true(has_text(fixture->out, "top/inner/empty", ""));
	assert_false(has_text(fixture->out, "top/link", ""));
	{
		_free_ char *script = join(fixture->out, "top/c.sh");
		_free_ char *plain = join(fixture->out, "top/a");

		assert_int_equal(access(script, X_OK), 0);
		assert_int_equal(access(plain, X_OK), -1);
	}
	free(packed[0]);
	free(packed[1]);
}

static void test_refused(void **state)
{
	static const struct raw cases[] = {
		{ "../x", S_IFREG | 0644, 1, "x" },
		{ "a/../../x", S_IFREG | 0644, 1, "x" },
		{ "..", S_IFDIR | 0755, 2, "" },
		{ "/tmp/x", S_IFREG | 0644, 1, "x" },
		{ "a//x", S_IFREG | 0644, 1, "x" },
		{ "./x", S_IFREG | 0644, 1, "x" },
		{ "a/", S_IFREG | 0644, 1, "x" },
		{ "", S_IFREG | 0644, 1, "x" },
		{ ".", S_IFREG | 0644, 1, "x" },
		{ "x\033[2J", S_IFREG | 0644, 1, "x" },
		{ "x", S_IFLNK | 0777, 1, "/etc/passwd" },
		{ "x", S_IFREG | 0644, 2, "" },
		{ "x", S_IFBLK | 0644, 1, "" },
		{ "x", S_IFCHR | 0644, 1, "" },
		{ "x", S_IFIFO | 0644, 1, "" },
		{ "x", 0644, 1, "" },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { 0 };

		write_raw(fixture, &cases[i], 1);
		if (cpio_unpack(fixture->archive, fixture->out, &err) != -EPERM)
			fail_msg("case %zu: '%s' is not refused", i, cases[i].name);
		assert_int_equal(rmdir(fixture->out), 0);
		assert_int_equal(mkdir(fixture->out, 0777), 0);
	}
}

/* Neither what is there is replaced nor a link in the folder followed. */
static void test_in_the_way(void **state)
{
	static const struct raw twice[] = { { "x", S_IFREG | 0644, 1, "1" },
					    { "x", S_IFREG | 0644, 1, "2" } };
	static const struct raw through = { "link/x", S_IFREG | 0644, 1, "x" };
	struct fixture *fixture = *state;
	_free_ char *link = join(fixture->out, "link"), *leaked = join(fixture->base, "x");
	struct err err = { 0 };

	write_raw(fixture, twice, 2);
	assert_int_equal(cpio_unpack(fixture->archive, fixture->out, &err), -EEXIST);
	assert_true(has_text(fixture->out, "x", "1"));
	assert_int_equal(symlink(fixture->base, link), 0);
	write_raw(fixture, &through, 1);
	assert_int_equal(cpio_unpack(fixture->archive, fixture->out, &err), -ENOTDIR);
	assert_int_equal(access(leaked, F_OK), -1);
}

/* Cut at every byte: an error, and of the files only whole ones. */
static void test_cut_short(void **state)
{
	static const struct raw entries[] = { { "d", S_IFDIR | 0755, 2, "" },
					      { "d/one", S_IFREG | 0644, 1, "first" },
					      { "d/two", S_IFREG | 0644, 1, "second" } };
	struct fixture *fixture = *state;
	_free_ char *whole = NULL;
	struct err err = { 0 };
	size_t size;

	write_raw(fixture, entries, ARRAY_SIZE(entries));
	assert_int_equal(file_read(fixture->archive, &whole, &size, &err), 0);
	for (size_t cut = 0; cut <= size; cut++) {
		_free_ char *one = join(fixture->out, "d/one"), *two = join(fixture->out, "d/two");
		int code;

		put_archive(fixture, whole, cut);
		code = cpio_unpack(fixture->archive, fixture->out, &err);
		assert_int_equal(code, cut == size ? 0 : -EBADMSG);
		assert_true(access(one, F_OK) || has_text(fixture->out, "d/one", "first"));
		assert_true(access(two, F_OK) || has_text(fixture->out, "d/two", "second"));
		file_remove_tree(fixture->out);
		assert_int_equal(mkdir(fixture->out, 0777), 0);
	}
}

/* Any byte changed may be an error, never a crash or a file outside. */
static void test_damaged(void **state)
{
	static const struct raw entry = { "d/one", S_IFREG | 0644, 1, "first" };
	struct fixture *fixture = *state;
	_free_ char *whole = NULL;
	struct err err = { 0 };
	size_t size;

	write_raw(fixture, &entry, 1);
	assert_int_equal(file_read(fixture->archive, &whole, &size, &err), 0);
	for (size_t i = 0; i < size; i++) {
		const char kept = whole[i];

		whole[i] = (char)(kept ^ (1 << i % 7));
		put_archive(fixture, whole, size);
		cpio_unpack(fixture->archive, fixture->out, &err);
		file_remove_tree(fixture->out);
		assert_int_equal(mkdir(fixture->out, 0777), 0);
		whole[i] = kept;
	}
}

static void test_full(void **state)
{
	FILE *full = fopen("/dev/full", "we");
	struct cpio cpio;
	struct err err = { 0 };

	(void)state;
	if (!full)
		skip_because("no /dev/full");
	cpio_begin(&cpio, full);
	assert_int_equal(cpio_add_folder(&cpio, "a", &err), 0);
	assert_int_equal(cpio_end(&cpio, &err), -ENOSPC);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_in_the_way, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_damaged, setup, teardown),
		cmocka_unit_test(test_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
