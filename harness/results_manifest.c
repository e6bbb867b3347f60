// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_manifest.h"

#include "harness/cleanup.h"
#include "harness/folder.h"
#include "harness/results_partial.h"
#include "harness/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* More than any result folder has: a stranger's must not keep us for hours, and a file of a
 * terabyte may be one hole. */
#define MAX_FILES 20000
#define MAX_DEPTH 4
#define MAX_BYTES (16ull << 30)

struct entry {
	char *name; /* from the folder */
	char digest[SHA256_TEXT_BYTES]; /* "": of what is no regular file */
};

struct manifest {
	struct entry *entries;
	size_t count;
	uint64_t bytes; /* of all files */
};

static void manifest_done(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->count; i++)
		free(manifest->entries[i].name);
	free(manifest->entries);
}
#define _manifest_ __attribute__((cleanup(manifest_done)))

/* Takes `name`. */
static struct entry *add(struct manifest *manifest, char *name)
{
	struct entry *entry;

	manifest->entries =
		reallocarray(manifest->entries, manifest->count + 1, sizeof(*manifest->entries));
	if (!manifest->entries || !name)
		abort();
	entry = &manifest->entries[manifest->count++];
	*entry = (struct entry){ .name = name };
	return entry;
}

static int compare_entries(const void *left, const void *right)
{
	return strcmp(((const struct entry *)left)->name, ((const struct entry *)right)->name);
}

static void sort(struct manifest *manifest)
{
	if (manifest->count)
		qsort(manifest->entries, manifest->count, sizeof(*manifest->entries),
		      compare_entries);
}

static char *below(const char *prefix, const char *name)
{
	char *path;

	if (asprintf(&path, "%s%s", prefix, name) < 0)
		abort();
	return path;
}

/* These go when the folder is whole, and one that is killed on its way may leave them. */
static bool is_own(const char *name)
{
	return !strcmp(name, MANIFEST_NAME) || partial_owns(name);
}

static int walk(struct manifest *manifest, int fd, const char *prefix, int depth, struct err *err);

static int walk_folder(struct manifest *manifest, int fd, const char *prefix, const char *name,
		       int depth, struct err *err)
{
	_close_ int inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	_free_ char *path = NULL;

	if (inner < 0)
		return err_errno(err, -errno, "cannot read the folder '%s%s'", prefix, name);
	if (depth == MAX_DEPTH)
		return err_usage(err, "'%s%s': folders in folders", prefix, name);
	if (asprintf(&path, "%s%s/", prefix, name) < 0)
		abort();
	return walk(manifest, inner, path, depth + 1, err);
}

static int hash(struct manifest *manifest, int fd, const char *name, const char *path,
		const struct stat *status, struct err *err)
{
	struct entry *entry = add(manifest, strdup(path));
	_close_ int file = -1;
	int code;

	if (manifest->count > MAX_FILES)
		return err_usage(err, "more than %d files", MAX_FILES);
	if (!S_ISREG(status->st_mode))
		return 0;
	manifest->bytes += (uint64_t)status->st_size;
	if (manifest->bytes > MAX_BYTES)
		return err_usage(err, "more than %llu GiB", MAX_BYTES >> 30);
	file = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return err_errno(err, -errno, "cannot read '%s'", path);
	code = sha256_fd(file, entry->digest, err);
	return code ? err_wrap(err, code, "'%s'", path) : 0;
}

static int visit(struct manifest *manifest, int fd, const char *prefix, const char *name, int depth,
		 struct err *err)
{
	_free_ char *path = below(prefix, name);
	struct stat status;

	if (fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW))
		return err_errno(err, -errno, "cannot read '%s'", path);
	if (S_ISDIR(status.st_mode))
		return walk_folder(manifest, fd, prefix, name, depth, err);
	return hash(manifest, fd, name, path, &status, err);
}

static int walk(struct manifest *manifest, int fd, const char *prefix, int depth, struct err *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = 0;
	_closedir_ DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!dir)
		return err_errno(err, -errno, "cannot read the folder '%s'", prefix);
	while (!code && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    (!*prefix && is_own(entry->d_name)))
			continue;
		code = visit(manifest, fd, prefix, entry->d_name, depth, err);
	}
	return code;
}

static int put(const struct manifest *manifest, int fd, const char *path, struct err *err)
{
	_fclose_ FILE *out = folder_create_file(fd, PARTIAL_NEW);

	for (size_t i = 0; out && i < manifest->count; i++)
		fprintf(out, "%s  %s\n", manifest->entries[i].digest, manifest->entries[i].name);
	if (!out || fflush(out) || ferror(out) || renameat(fd, PARTIAL_NEW, fd, MANIFEST_NAME))
		return err_errno(err, errno ? -errno : -EIO, "cannot write '%s/%s'", path,
				 MANIFEST_NAME);
	return 0;
}

int manifest_write(int fd, const char *path, struct err *err)
{
	_manifest_ struct manifest manifest = { 0 };
	int code = walk(&manifest, fd, "", 0, err);

	if (code)
		return err_wrap(err, code, "%s", path);
	sort(&manifest);
	return put(&manifest, fd, path, err);
}

static int parse_line(struct manifest *manifest, char *line, const char *path, size_t number,
		      struct err *err)
{
	struct entry *entry;

	if (strspn(line, "0123456789abcdef") != SHA256_DIGITS || line[SHA256_DIGITS] != ' ' ||
	    (line[SHA256_DIGITS + 1] != ' ' && line[SHA256_DIGITS + 1] != '*') ||
	    !line[SHA256_DIGITS + 2])
		return err_usage(err, "%s:%zu: no digest and name", path, number);
	entry = add(manifest, strdup(line + SHA256_DIGITS + 2));
	memcpy(entry->digest, line, SHA256_DIGITS);
	if (manifest->count > MAX_FILES)
		return err_usage(err, "%s: more than %d files", path, MAX_FILES);
	return 0;
}

/* Sorted. */
static int read_back(struct manifest *manifest, const char *dir, struct err *err)
{
	_free_ char *path = below(dir, "/" MANIFEST_NAME), *text = NULL;
	size_t length, number = 0;
	int code = folder_read_file(dir, MANIFEST_NAME, &text, &length, err);
	char *line, *rest = text;

	if (code)
		return code;
	if (memchr(text, '\0', length))
		return err_usage(err, "%s: a NUL byte", path);
	while (!code && (line = strsep(&rest, "\n")) && (rest || *line))
		code = parse_line(manifest, line, path, ++number, err);
	sort(manifest);
	for (size_t i = 1; !code && i < manifest->count; i++)
		if (!strcmp(manifest->entries[i - 1].name, manifest->entries[i].name))
			code = err_usage(err, "%s: '%s' is in it twice", path,
					 manifest->entries[i].name);
	return code;
}

bool manifest_exists(const char *dir)
{
	_free_ char *path = below(dir, "/" MANIFEST_NAME);

	return !access(path, F_OK);
}

static int walk_dir(struct manifest *manifest, const char *dir, struct err *err)
{
	_close_ int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int code;

	if (fd < 0)
		return err_errno(err, -errno, "cannot read '%s'", dir);
	code = walk(manifest, fd, "", 0, err);
	if (code)
		return err_wrap(err, code, "%s", dir);
	sort(manifest);
	return 0;
}

/* From `from` those that begin with `prefix`, or those that do not. */
static void take(struct manifest *to, const struct manifest *from, const char *prefix, bool with)
{
	for (size_t i = 0; i < from->count; i++) {
		const struct entry *entry = &from->entries[i];

		if (!strncmp(entry->name, prefix, strlen(prefix)) == with)
			memcpy(add(to, strdup(entry->name))->digest, entry->digest,
			       sizeof(entry->digest));
	}
}

int manifest_renew(const char *dir, const char *prefix, struct err *err)
{
	_manifest_ struct manifest old = { 0 }, now = { 0 }, merged = { 0 };
	_close_ int fd = -1;
	int code;

	if (!manifest_exists(dir))
		return 0;
	code = read_back(&old, dir, err);
	if (!code)
		code = walk_dir(&now, dir, err);
	if (code)
		return code;
	take(&merged, &old, prefix, false);
	take(&merged, &now, prefix, true);
	sort(&merged);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return put(&merged, fd, dir, err);
}

static void find(json_t *findings, const char *name, const char *finding)
{
	json_t *file = json_string(name);

	json_array_append_new(findings, json_pack("{s:o, s:s}", "file",
						  file ? file : json_string("(no UTF-8)"),
						  "finding", finding));
}

static void compare(const struct manifest *then, const struct manifest *now, json_t *findings)
{
	size_t i = 0, j = 0;

	while (i < then->count || j < now->count) {
		int order = i == then->count  ? 1
			    : j == now->count ? -1
					      : strcmp(then->entries[i].name, now->entries[j].name);

		if (order < 0)
			find(findings, then->entries[i].name, "is in " MANIFEST_NAME ", not there");
		else if (order > 0)
			find(findings, now->entries[j].name, "is not in " MANIFEST_NAME);
		else if (strcmp(then->entries[i].digest, now->entries[j].digest))
			find(findings, now->entries[j].name, "is not as " MANIFEST_NAME " has it");
		i += order <= 0;
		j += order >= 0;
	}
}

int manifest_check(const char *dir, json_t **ret, size_t *ret_count, struct err *err)
{
	_manifest_ struct manifest then = { 0 }, now = { 0 };
	int code = 0;

	*ret_count = 0;
	*ret = json_null();
	if (!manifest_exists(dir))
		return 0;
	code = read_back(&then, dir, err);
	if (!code)
		code = walk_dir(&now, dir, err);
	if (code)
		return code;
	*ret = json_array();
	*ret_count = then.count;
	compare(&then, &now, *ret);
	return 0;
}
