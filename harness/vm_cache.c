// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_cache.h"

#include "harness/cleanup.h"
#include "harness/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>

char *vm_path(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

/* The XDG rule: a relative $XDG_CACHE_HOME is as good as none. */
static char *cache_root(void)
{
	const char *given = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (given && given[0] == '/')
		return vm_path(given, "labrun");
	if (home && home[0] == '/')
		return vm_path(home, ".cache/labrun");
	return NULL;
}

int vm_cache_folder(const char *name, bool make, char **ret_path, struct err *err)
{
	_free_ char *root = cache_root(), *path = NULL;
	int code;

	if (!root)
		return err_need(err, "no cache folder: neither $XDG_CACHE_HOME nor $HOME is set");
	path = vm_path(root, name);
	code = make ? file_make_dirs(path, NULL, err) : 0;
	if (code == 0)
		*ret_path = steal_ptr(path);
	return code;
}

int vm_cache_lock(const char *folder, int *ret_fd, struct err *err)
{
	_free_ char *path = vm_path(folder, ".lock");
	_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
	int code;

	if (fd < 0)
		return err_errno(err, -errno, "cannot write '%s'", path);
	do
		code = flock(fd, LOCK_EX);
	while (code < 0 && errno == EINTR);
	if (code < 0)
		return err_errno(err, -errno, "cannot lock '%s'", path);
	*ret_fd = steal_fd(&fd);
	return 0;
}

void vm_cache_sweep(const char *folder)
{
	_closedir_ DIR *dir = opendir(folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, VM_CACHE_PARTIAL, strlen(VM_CACHE_PARTIAL)))
			file_remove_tree_at(dirfd(dir), entry->d_name);
}

/* What cannot be read was named by someone, as in file_read(). */
static int map_fault(const char *path, int code, struct err *err)
{
	err_errno(err, code, "cannot read '%s'", path);
	err->class = ERR_USAGE;
	return code;
}

int vm_file_map(struct vm_file *file, const char *path, struct err *err)
{
	/* O_NONBLOCK: a FIFO in the place of a file must not hang us. */
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	void *bytes;

	*file = (struct vm_file){ 0 };
	if (fd < 0 || fstat(fd, &status))
		return map_fault(path, -errno, err);
	if (S_ISDIR(status.st_mode))
		return map_fault(path, -EISDIR, err);
	if (!S_ISREG(status.st_mode))
		return err_usage(err, "'%s' is not a regular file", path);
	if (status.st_size == 0)
		return 0;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return map_fault(path, -errno, err);
	*file = (struct vm_file){ .bytes = bytes, .size = (size_t)status.st_size };
	return 0;
}

void vm_file_unmap(struct vm_file *file)
{
	if (file->bytes)
		munmap((void *)file->bytes, file->size);
	*file = (struct vm_file){ 0 };
}
