// SPDX-License-Identifier: GPL-2.0-only
#include "harness/folder.h"

#include "harness/cleanup.h"
#include "harness/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* openat2() is of Linux 5.6, and some sandboxes do not let it through. */
static int open_below(int dir_fd, const char *name)
{
	/* O_NONBLOCK: a FIFO in the place of a file must not hang us. */
	const struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));

	return fd >= 0 || (errno != ENOSYS && errno != EPERM)
		       ? fd
		       : openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

static int refuse(const char *dir, const char *name, int code, struct err *err)
{
	if (code == -EXDEV)
		err_usage(err, "'%s/%s': a link that leads out of the folder", dir, name);
	else
		err_errno(err, code, "cannot read '%s/%s'", dir, name);
	err->class = ERR_USAGE;
	return code;
}

int folder_open_file(const char *dir, const char *name, struct err *err)
{
	_close_ int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct stat status;

	if (dir_fd < 0)
		return refuse(dir, name, -errno, err);
	fd = open_below(dir_fd, name);
	if (fd < 0 || fstat(fd, &status))
		return refuse(dir, name, -errno, err);
	if (S_ISDIR(status.st_mode))
		return refuse(dir, name, -EISDIR, err);
	if (!S_ISREG(status.st_mode))
		return err_usage(err, "'%s/%s' is not a regular file", dir, name);
	return steal_fd(&fd);
}

int folder_read_file(const char *dir, const char *name, char **ret_text, size_t *ret_length,
		     struct err *err)
{
	_close_ int fd = folder_open_file(dir, name, err);
	_free_ char *path = NULL;

	if (fd < 0)
		return fd;
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		abort();
	return file_read_fd(fd, path, ret_text, ret_length, err);
}

FILE *folder_create_file(int dir_fd, const char *name)
{
	_close_ int fd = -1;
	FILE *file;

	if (unlinkat(dir_fd, name, 0) && errno != ENOENT)
		return NULL;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	file = fd < 0 ? NULL : fdopen(fd, "w");
	if (file)
		steal_fd(&fd);
	return file;
}
