// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cpio.h"

#include "harness/cleanup.h"
#include "harness/vm_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#define TRAILER "TRAILER!!!"
#define COPY_BYTES 65536

struct entry {
	const char *name;
	unsigned mode, links;
	unsigned long long size;
};

void cpio_begin(struct cpio *cpio, FILE *file)
{
	*cpio = (struct cpio){ .file = file, .next_inode = 1 };
}

static int write_fault(struct err *err)
{
	return err_errno(err, errno ? -errno : -EIO, "cannot write the archive");
}

static int put(struct cpio *cpio, const void *bytes, size_t count, struct err *err)
{
	errno = 0;
	if (count && fwrite(bytes, 1, count, cpio->file) != count)
		return write_fault(err);
	cpio->written += count;
	return 0;
}

static int pad(struct cpio *cpio, unsigned align, struct err *err)
{
	static const char zeros[CPIO_ALIGN];

	return put(cpio, zeros, (size_t)(-cpio->written % align), err);
}

static int put_header(struct cpio *cpio, const struct entry *entry, struct err *err)
{
	size_t name_bytes = strlen(entry->name) + 1;
	char header[112];
	int code;

	if (entry->size > UINT32_MAX)
		return err_set(err, -EFBIG, "'%s' is larger than 4 GiB", entry->name);
	snprintf(header, sizeof(header),
		 "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		 entry->links ? cpio->next_inode++ : 0, entry->mode, 0, 0, entry->links, 0,
		 (unsigned)entry->size, 0, 0, 0, 0, (unsigned)name_bytes, 0);
	code = put(cpio, header, strlen(header), err);
	if (!code)
		code = put(cpio, entry->name, name_bytes, err);
	return code ? code : pad(cpio, 4, err);
}

static int put_entry(struct cpio *cpio, const struct entry *entry, const void *bytes,
		     struct err *err)
{
	int code = put_header(cpio, entry, err);

	if (!code)
		code = put(cpio, bytes, entry->size, err);
	return code ? code : pad(cpio, 4, err);
}

int cpio_add_folder(struct cpio *cpio, const char *name, struct err *err)
{
	return put_entry(cpio, &(struct entry){ name, S_IFDIR | 0755, 2, 0 }, NULL, err);
}

int cpio_add_bytes(struct cpio *cpio, const char *name, unsigned permissions, const void *bytes,
		   size_t count, struct err *err)
{
	return put_entry(cpio, &(struct entry){ name, S_IFREG | permissions, 1, count }, bytes,
			 err);
}

int cpio_add_link(struct cpio *cpio, const char *name, const char *target, struct err *err)
{
	return put_entry(cpio, &(struct entry){ name, S_IFLNK | 0777, 1, strlen(target) }, target,
			 err);
}

static int copy(struct cpio *cpio, int fd, const char *path, unsigned long long size,
		struct err *err)
{
	char bytes[COPY_BYTES];
	int code = 0;

	while (!code && size > 0) {
		ssize_t got = read(fd, bytes, size < sizeof(bytes) ? size : sizeof(bytes));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_errno(err, -errno, "cannot read '%s'", path);
		if (got == 0)
			return err_set(err, -EIO, "'%s' became shorter while it was read", path);
		code = put(cpio, bytes, (size_t)got, err);
		size -= (unsigned long long)got;
	}
	return code;
}

int cpio_add_file(struct cpio *cpio, const char *name, unsigned permissions, const char *path,
		  struct err *err)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	int code;

	if (fd < 0 || fstat(fd, &status))
		return err_errno(err, -errno, "cannot read '%s'", path);
	if (!S_ISREG(status.st_mode))
		return err_set(err, -EINVAL, "'%s' is not a regular file", path);
	code = put_header(cpio,
			  &(struct entry){ name, S_IFREG | permissions, 1,
					   (unsigned long long)status.st_size },
			  err);
	if (!code)
		code = copy(cpio, fd, path, (unsigned long long)status.st_size, err);
	return code ? code : pad(cpio, 4, err);
}

static int add_child(struct cpio *cpio, const char *name, const char *path, struct err *err)
{
	struct stat status;

	if (lstat(path, &status))
		return err_errno(err, -errno, "cannot read '%s'", path);
	if (S_ISDIR(status.st_mode))
		return cpio_add_tree(cpio, name, path, err);
	if (S_ISREG(status.st_mode))
		return cpio_add_file(cpio, name, status.st_mode & 0111 ? 0755 : 0644, path, err);
	return 0;
}

static int not_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
}

/* By bytes, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int cpio_add_tree(struct cpio *cpio, const char *name, const char *folder, struct err *err)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, not_dots, by_name);
	int code = 0;

	if (count < 0)
		return err_errno(err, -errno, "cannot read '%s'", folder);
	if (name[0])
		code = cpio_add_folder(cpio, name, err);
	for (int i = 0; i < count; i++) {
		_free_ struct dirent *entry = entries[i];
		_free_ char *inner = vm_path(name, entry->d_name);
		_free_ char *path = vm_path(folder, entry->d_name);

		if (!code)
			code = add_child(cpio, inner + !name[0], path, err);
	}
	free(entries);
	return code;
}

int cpio_end(struct cpio *cpio, struct err *err)
{
	int code = put_entry(cpio, &(struct entry){ .name = TRAILER }, NULL, err);

	if (!code)
		code = pad(cpio, CPIO_ALIGN, err);
	if (!code && fflush(cpio->file))
		code = write_fault(err);
	return code;
}
