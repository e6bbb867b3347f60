// SPDX-License-Identifier: GPL-2.0-only
#include "harness/file.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

/* Levels from build/asan/tests/unit/test_x up to the source tree. */
#define UP_LEVELS 5

/* A file that cannot be read was named by someone: a usage error. */
static int file_fault(struct err *err, int code, const char *verb, const char *path)
{
	err_errno(err, code, "cannot %s '%s'", verb, path);
	err->class = ERR_USAGE;
	return code;
}

static ssize_t read_all(int fd, char *text, size_t size)
{
	size_t used = 0;

	while (used < size) {
		ssize_t got = read(fd, text + used, size - used);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		used += got;
	}
	return used;
}

static int check_regular(int fd, const char *path, size_t *ret_size, struct err *err)
{
	struct stat status;

	if (fstat(fd, &status))
		return file_fault(err, -errno, "read", path);
	if (S_ISDIR(status.st_mode))
		return file_fault(err, -EISDIR, "read", path);
	if (!S_ISREG(status.st_mode))
		return err_usage(err, "'%s' is not a regular file", path);
	if (status.st_size > FILE_MAX_BYTES)
		return err_usage(err, "'%s' is larger than %u MiB", path, FILE_MAX_BYTES >> 20);
	*ret_size = status.st_size;
	return 0;
}

int file_read_fd(int fd, const char *path, char **ret_text, size_t *ret_length, struct err *err)
{
	_free_ char *text = NULL;
	ssize_t length;
	size_t size = 0;
	int code = check_regular(fd, path, &size, err);

	if (code)
		return code;
	text = malloc(size + 1);
	if (!text)
		return file_fault(err, -ENOMEM, "read", path);
	length = read_all(fd, text, size);
	if (length < 0)
		return file_fault(err, length, "read", path);
	text[length] = '\0';
	*ret_text = steal_ptr(text);
	if (ret_length)
		*ret_length = length;
	return 0;
}

int file_read(const char *path, char **ret_text, size_t *ret_length, struct err *err)
{
	/* O_NONBLOCK: a FIFO in the place of a file must not hang us. */
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? file_fault(err, -errno, "read", path)
		      : file_read_fd(fd, path, ret_text, ret_length, err);
}

static int write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t done = write(fd, text, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		text += done;
		length -= done;
	}
	return 0;
}

/* What was cut short goes, but only a plain file: the path may be a device or a pipe. */
static void remove_short(const char *path, const struct stat *written)
{
	struct stat status;

	if (S_ISREG(written->st_mode) && !lstat(path, &status) &&
	    status.st_dev == written->st_dev && status.st_ino == written->st_ino)
		unlink(path);
}

int file_write(const char *path, const char *text, size_t length, struct err *err)
{
	_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	struct stat status;
	int code;

	if (fd < 0 || fstat(fd, &status))
		return err_errno(err, -errno, "cannot write '%s'", path);
	code = write_all(fd, text, length);
	/* Quotas and network file systems may say so only now. */
	if (close(steal_fd(&fd)) && !code)
		code = -errno;
	if (!code)
		return 0;
	remove_short(path, &status);
	return err_errno(err, code, "cannot write '%s'", path);
}

int file_replace(const char *path, const char *text, size_t length, struct err *err)
{
	_free_ char *partial = NULL;
	int code;

	if (asprintf(&partial, "%s.partial", path) < 0)
		abort();
	/* What has that name is in our way, and a link may lead anywhere. */
	unlink(partial);
	code = file_write(partial, text, length, err);
	if (!code && rename(partial, path))
		code = err_errno(err, -errno, "cannot make '%s'", path);
	if (code)
		unlink(partial);
	return code;
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

static int remove_children(int fd)
{
	_closedir_ DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int code = 0;

	if (!dir) {
		code = -errno;
		close(fd);
		return code;
	}
	while ((entry = readdir(dir))) {
		int one =
			is_dots(entry->d_name) ? 0 : file_remove_tree_at(dirfd(dir), entry->d_name);

		if (one && !code)
			code = one;
	}
	return code;
}

int file_remove_tree_at(int parent_fd, const char *name)
{
	int fd, code;

	if (!unlinkat(parent_fd, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	code = remove_children(fd);
	if (unlinkat(parent_fd, name, AT_REMOVEDIR) && !code)
		code = -errno;
	return code;
}

int file_remove_tree(const char *path)
{
	return file_remove_tree_at(AT_FDCWD, path);
}

int file_make_dirs(const char *path, char **ret_made, struct err *err)
{
	_free_ char *part = strdup(path), *made = NULL;
	char *end = part;

	while (part && *end) {
		char kept;

		end += strspn(end, "/");
		end += strcspn(end, "/");
		kept = *end;
		*end = '\0';
		if (!mkdir(part, 0777)) {
			if (!made)
				made = strdup(part);
		} else if (errno != EEXIST) {
			return err_errno(err, -errno, "cannot make the folder '%s'", part);
		}
		*end = kept;
	}
	if (ret_made)
		*ret_made = steal_ptr(made);
	return 0;
}

static bool is_folder(const char *base, const char *name)
{
	_free_ char *path = NULL;
	struct stat status;

	if (asprintf(&path, "%s/%s", base, name) < 0)
		abort();
	return !stat(path, &status) && S_ISDIR(status.st_mode);
}

static bool is_data(const char *path)
{
	return is_folder(path, "topologies") && is_folder(path, "experiments");
}

/*
 * By where the program is, so that neither a tree nor an installation can be moved from under it:
 * in build/ of its tree or deeper (sanitizer builds, tests), or in bin/ beside share/labrun.
 */
static char *find_by_program(void)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (length <= 0)
		return NULL;
	path[length] = '\0';
	for (int level = 0; level < UP_LEVELS; level++) {
		char *slash = strrchr(path, '/');

		if (!slash || slash == path)
			return NULL;
		*slash = '\0';
		if (is_data(path))
			return strdup(path);
		snprintf(slash, sizeof(path) - (size_t)(slash - path), "/share/labrun");
		if (is_data(path))
			return strdup(path);
		*slash = '\0';
	}
	return NULL;
}

char *file_data_dir(void)
{
	const char *given = getenv("LABRUN_DATA");
	char *dir = given && *given ? strdup(given) : find_by_program();

	if (!dir)
		dir = strdup("/usr/local/share/labrun");
	if (!dir)
		abort();
	return dir;
}

char *file_data_path(const char *folder, const char *name, const char *suffix)
{
	_free_ char *data = file_data_dir();
	char *path;

	if (asprintf(&path, "%s/%s/%s%s", data, folder, name, suffix) < 0)
		abort();
	return path;
}
