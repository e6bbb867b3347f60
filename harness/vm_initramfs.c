// SPDX-License-Identifier: GPL-2.0-only
/*
 * The initramfs in the cache: initramfs/SHA256.cpio, and for each set of inputs seen a small file
 * SHA256.key, named by their sizes and times, that says which archive they made. An archive is used
 * only after its bytes were hashed again: an exact result hangs on them.
 */
#include "harness/vm.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/vm_cache.h"
#include "harness/vm_contents.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define KEPT 8
#define KEPT_KEYS 64

static char *name_in(const char *folder, const char *hash, const char *suffix)
{
	char *path;

	if (asprintf(&path, "%s/%s%s", folder, hash, suffix) < 0)
		abort();
	return path;
}

/* Used now, and so the last to be removed. */
static void touch(const char *path)
{
	utimensat(AT_FDCWD, path, NULL, 0);
}

static bool is_whole(const char *path, const char *hash)
{
	char found[VM_HASH_BYTES];
	struct err ignored;

	return !access(path, R_OK) && !sha256_file(path, found, &ignored) && !strcmp(found, hash);
}

static bool look_up(const char *folder, const char *key, char **ret_path, char *ret_hash)
{
	_free_ char *key_path = name_in(folder, key, ".key"), *text = NULL, *path = NULL;
	struct err ignored;
	size_t length;

	if (file_read(key_path, &text, &length, &ignored) || length != VM_HASH_BYTES - 1 ||
	    strspn(text, "0123456789abcdef") != length)
		return false;
	path = name_in(folder, text, ".cpio");
	if (!is_whole(path, text))
		return false;
	touch(path);
	touch(key_path);
	memcpy(ret_hash, text, VM_HASH_BYTES);
	*ret_path = steal_ptr(path);
	return true;
}

struct aged {
	char *path;
	struct timespec time;
};

static int newest_first(const void *a, const void *b)
{
	const struct timespec *x = &((const struct aged *)a)->time;
	const struct timespec *y = &((const struct aged *)b)->time;

	if (x->tv_sec != y->tv_sec)
		return x->tv_sec < y->tv_sec ? 1 : -1;
	return (x->tv_nsec < y->tv_nsec) - (x->tv_nsec > y->tv_nsec);
}

static void add_aged(struct aged **files, size_t *count, const char *folder, const char *name)
{
	_free_ char *path = vm_path(folder, name);
	struct aged *grown;
	struct stat status;

	if (lstat(path, &status))
		return;
	grown = reallocarray(*files, *count + 1, sizeof(*grown));
	if (!grown)
		abort();
	*files = grown;
	grown[(*count)++] = (struct aged){ steal_ptr(path), status.st_mtim };
}

/* Keeps the newest; what cannot be removed stays. */
static void prune(const char *folder, const char *suffix, size_t kept)
{
	_closedir_ DIR *dir = opendir(folder);
	_free_ struct aged *files = NULL;
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir))) {
		const char *dot = strrchr(entry->d_name, '.');

		if (dot && !strcmp(dot, suffix))
			add_aged(&files, &count, folder, entry->d_name);
	}
	if (count)
		qsort(files, count, sizeof(*files), newest_first);
	for (size_t i = 0; i < count; i++) {
		if (i >= kept)
			unlink(files[i].path);
		free(files[i].path);
	}
}

static int write_archive(const struct vm_contents *contents, const char *path, struct err *err)
{
	FILE *file = fopen(path, "we");
	struct cpio cpio;
	int code;

	if (!file)
		return err_errno(err, -errno, "cannot write '%s'", path);
	cpio_begin(&cpio, file);
	code = vm_contents_write(contents, &cpio, err);
	if (fclose(file) && !code)
		code = err_errno(err, -errno, "cannot write '%s'", path);
	return code;
}

static int write_key(const char *folder, const char *key, const char *hash, struct err *err)
{
	_free_ char *partial = name_in(folder, VM_CACHE_PARTIAL, "key");
	_free_ char *path = name_in(folder, key, ".key");
	int code = file_write(partial, hash, strlen(hash), err);

	if (!code && rename(partial, path))
		code = err_errno(err, -errno, "cannot write '%s'", path);
	return code;
}

/* With the lock held: the one unfinished archive has one name. */
static int make(const struct vm_contents *contents, const char *folder, const char *key,
		char **ret_path, char *ret_hash, struct err *err)
{
	_free_ char *partial = name_in(folder, VM_CACHE_PARTIAL, "cpio"), *path = NULL;
	int code;

	vm_cache_sweep(folder);
	code = write_archive(contents, partial, err);
	if (!code)
		code = sha256_file(partial, ret_hash, err);
	if (!code) {
		path = name_in(folder, ret_hash, ".cpio");
		if (rename(partial, path))
			code = err_errno(err, -errno, "cannot write '%s'", path);
	}
	if (!code)
		code = write_key(folder, key, ret_hash, err);
	if (code) {
		vm_cache_sweep(folder);
		return err_wrap(err, code, "cannot make the initramfs in '%s'", folder);
	}
	prune(folder, ".cpio", KEPT);
	prune(folder, ".key", KEPT_KEYS);
	*ret_path = steal_ptr(path);
	return 0;
}

int vm_initramfs_make(const struct vm_initramfs *what, char **ret_path,
		      char ret_hash[VM_HASH_BYTES], struct err *err)
{
	__attribute__((cleanup(vm_contents_done))) struct vm_contents contents = { 0 };
	_free_ char *folder = NULL, *text = NULL;
	char key[VM_HASH_BYTES];
	_close_ int lock = -1;
	int code = vm_cache_folder("initramfs", true, &folder, err);

	if (!code)
		code = vm_contents_gather(&contents, what, err);
	if (!code)
		code = vm_contents_key(&contents, &text, err);
	if (code)
		return code;
	sha256_bytes(text, strlen(text), key);
	if (look_up(folder, key, ret_path, ret_hash))
		return 0;
	code = vm_cache_lock(folder, &lock, err);
	if (code)
		return code;
	/* Another may have made it while we waited. */
	if (look_up(folder, key, ret_path, ret_hash))
		return 0;
	return make(&contents, folder, key, ret_path, ret_hash, err);
}
