// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cpio.h"

#include "harness/cleanup.h"
#include "harness/vm_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define TRAILER "TRAILER!!!"
#define HEADER_BYTES 110
#define FIELD_DIGITS 8

/* Fields of the header after its magic, in their order. */
enum { FIELD_MODE = 1, FIELD_LINKS = 4, FIELD_SIZE = 6, FIELD_NAME_SIZE = 11 };

struct entry {
	const char *name; /* in the archive */
	unsigned mode, links;
	const unsigned char *bytes;
	size_t size;
};

static bool read_field(const unsigned char *header, unsigned field, size_t *ret)
{
	const unsigned char *digits = header + 6 + field * FIELD_DIGITS;

	*ret = 0;
	for (unsigned i = 0; i < FIELD_DIGITS; i++) {
		unsigned char c = digits[i] | 0x20;

		if (digits[i] >= '0' && digits[i] <= '9')
			*ret = *ret * 16 + (digits[i] - '0');
		else if (c >= 'a' && c <= 'f')
			*ret = *ret * 16 + (c - 'a' + 10u);
		else
			return false;
	}
	return true;
}

static size_t aligned(size_t offset)
{
	return (offset + 3) & ~(size_t)3;
}

/* At *offset, which moves to the next. */
static int read_entry(const struct vm_file *file, size_t *offset, struct entry *ret,
		      struct err *err)
{
	size_t mode, links, size, name_size, name = *offset + HEADER_BYTES, data;
	const unsigned char *header;

	if (!vm_file_holds(file, *offset, HEADER_BYTES))
		return err_set(err, -EBADMSG, "the archive ends early");
	header = file->bytes + *offset;
	if (memcmp(header, "070701", 6) || !read_field(header, FIELD_MODE, &mode) ||
	    !read_field(header, FIELD_LINKS, &links) || !read_field(header, FIELD_SIZE, &size) ||
	    !read_field(header, FIELD_NAME_SIZE, &name_size))
		return err_set(err, -EBADMSG, "the archive is damaged at byte %zu", *offset);
	if (name_size == 0 || name_size > PATH_MAX)
		return err_set(err, -EBADMSG, "the archive is damaged at byte %zu", *offset);
	data = aligned(name + name_size);
	if (!vm_file_holds(file, name, name_size) || !vm_file_holds(file, data, size))
		return err_set(err, -EBADMSG, "the archive ends early");
	if (memchr(file->bytes + name, '\0', name_size) != file->bytes + name + name_size - 1)
		return err_set(err, -EBADMSG, "the archive is damaged at byte %zu", *offset);
	*ret = (struct entry){ .name = (const char *)file->bytes + name,
			       .mode = (unsigned)mode,
			       .links = (unsigned)links,
			       .bytes = file->bytes + data,
			       .size = size };
	*offset = aligned(data + size);
	return 0;
}

/* Into the folder `part` of `*fd`, made if it is not there; a link in its place is not followed. */
static int enter(int *fd, const char *part)
{
	int inner;

	if (mkdirat(*fd, part, 0777) && errno != EEXIST)
		return -errno;
	inner = openat(*fd, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner < 0)
		return -errno;
	close(*fd);
	*fd = inner;
	return 0;
}

static int write_all(int fd, const unsigned char *bytes, size_t count)
{
	while (count > 0) {
		ssize_t done = write(fd, bytes, count);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		bytes += done;
		count -= (size_t)done;
	}
	return 0;
}

static int write_file(int folder, const char *name, const struct entry *entry)
{
	_close_ int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
				entry->mode & 0111 ? 0777 : 0666);
	int code;

	if (fd < 0)
		return -errno;
	code = write_all(fd, entry->bytes, entry->size);
	if (close(steal_fd(&fd)) && !code)
		code = -errno;
	if (code)
		unlinkat(folder, name, 0);
	return code;
}

/* Every part is a plain name: not empty, no dots alone; nothing that moves a terminal's cursor. */
static bool is_safe(const char *name)
{
	for (const char *c = name; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	while (true) {
		size_t length = strcspn(name, "/");

		if (length == 0 || length > NAME_MAX || (length == 1 && name[0] == '.') ||
		    (length == 2 && !strncmp(name, "..", 2)))
			return false;
		if (!name[length])
			return true;
		name += length + 1;
	}
}

static int unpack_entry(int root, const struct entry *entry, struct err *err)
{
	_free_ char *name = strdup(entry->name);
	_close_ int fd = fcntl(root, F_DUPFD_CLOEXEC, 0);
	char *part = name, *slash;
	int code = fd < 0 ? -errno : 0;

	if (!name)
		abort();
	while (!code && (slash = strchr(part, '/'))) {
		*slash = '\0';
		code = enter(&fd, part);
		part = slash + 1;
	}
	if (!code)
		code = S_ISDIR(entry->mode) ? enter(&fd, part) : write_file(fd, part, entry);
	return code ? err_errno(err, code, "cannot write '%s'", entry->name) : 0;
}

/* A file of several links would be a way to a file elsewhere. */
static int check_entry(const struct entry *entry, struct err *err)
{
	if (!is_safe(entry->name))
		return err_set(err, -EPERM, "the archive holds an unsafe name");
	if (!S_ISDIR(entry->mode) && (!S_ISREG(entry->mode) || entry->links > 1))
		return err_set(err, -EPERM, "the archive holds something other than files");
	return 0;
}

static int unpack_all(const struct vm_file *file, int root, struct err *err)
{
	struct entry entry = { 0 };
	size_t offset = 0;

	while (true) {
		int code = read_entry(file, &offset, &entry, err);

		if (code)
			return code;
		if (!strcmp(entry.name, TRAILER))
			return 0;
		/* "." is the root itself, as other writers put it. */
		if (S_ISDIR(entry.mode) && !strcmp(entry.name, "."))
			continue;
		code = check_entry(&entry, err);
		if (!code)
			code = unpack_entry(root, &entry, err);
		if (code)
			return code;
	}
}

int cpio_unpack(const char *archive, const char *folder, struct err *err)
{
	_close_ int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_unmap_ struct vm_file file = { 0 };
	int code;

	if (root < 0)
		return err_errno(err, -errno, "cannot write in '%s'", folder);
	code = vm_file_map(&file, archive, err);
	if (code)
		return code;
	code = unpack_all(&file, root, err);
	return code ? err_wrap(err, code, "'%s'", archive) : 0;
}
