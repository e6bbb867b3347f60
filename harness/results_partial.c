// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_partial.h"

#include "harness/cleanup.h"
#include "harness/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#define SUFFIX ".partial"
/* A cleaner may take a folder between our mkdir() and flock(); it cannot do so forever. */
#define TRIES 16
/* How long a folder that shall be gone on with may still be held by who was killed: 1 s. */
#define REST_NAPS 20
#define REST_NAP_NS 50000000

enum state { PARTIAL_GONE, PARTIAL_ALIVE, PARTIAL_FOREIGN, PARTIAL_EMPTY, PARTIAL_KEPT };

static bool is_empty_folder(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			return false;
	return dir;
}

static enum state read_marker(int fd)
{
	char text[sizeof(PARTIAL_MAGIC) + 1];
	_close_ int marker =
		openat(fd, PARTIAL_MARKER, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	ssize_t length = marker < 0 ? 0 : read(marker, text, sizeof(text));

	if (marker < 0 && is_empty_folder(fd))
		return PARTIAL_EMPTY;
	if (length < (ssize_t)strlen(PARTIAL_MAGIC) ||
	    memcmp(text, PARTIAL_MAGIC, strlen(PARTIAL_MAGIC)))
		return PARTIAL_FOREIGN;
	return length == (ssize_t)strlen(PARTIAL_MAGIC) ? PARTIAL_EMPTY : PARTIAL_KEPT;
}

/* Opens and locks it; *ret_fd is the caller's to close, -1 if it cannot be opened. */
static enum state examine(int parent_fd, const char *name, int *ret_fd)
{
	struct stat status;

	*ret_fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_fd < 0)
		return errno == ENOENT ? PARTIAL_GONE : PARTIAL_FOREIGN;
	if (fstat(*ret_fd, &status) || status.st_uid != geteuid())
		return PARTIAL_FOREIGN;
	if (flock(*ret_fd, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? PARTIAL_ALIVE : PARTIAL_FOREIGN;
	return read_marker(*ret_fd);
}

/* Dead runs' leftovers beside ours. A folder that holds anything but our marker is not ours to
 * remove; one that holds nothing is of a run killed before its marker, and a live run that is
 * still at it makes it again. */
static void sweep_siblings(int parent_fd)
{
	int copy = openat(parent_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_closedir_ DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);
		_close_ int fd = -1;

		if (length <= strlen(SUFFIX) ||
		    strcmp(entry->d_name + length - strlen(SUFFIX), SUFFIX))
			continue;
		if (examine(parent_fd, entry->d_name, &fd) == PARTIAL_EMPTY)
			file_remove_tree_at(parent_fd, entry->d_name);
	}
}

static int refuse_existing(int parent_fd, const char *name, const char *path, struct err *err)
{
	_close_ int fd = -1;

	switch (examine(parent_fd, name, &fd)) {
	case PARTIAL_GONE:
		return 0;
	case PARTIAL_EMPTY:
		file_remove_tree_at(parent_fd, name);
		return 0;
	case PARTIAL_ALIVE:
		return err_usage(err, "'%s' is being written by another run", path);
	case PARTIAL_KEPT:
		return err_usage(err,
				 "'%s' is left by a run that did not finish: --resume it, "
				 "remove it, or give another --out",
				 path);
	default:
		return err_usage(err, "'%s' exists and is not labrun's", path);
	}
}

/* Whether the folder that we hold is still the one by that name. */
static bool still_there(int parent_fd, const char *name, int fd)
{
	struct stat by_name, by_fd;

	return !fstatat(parent_fd, name, &by_name, AT_SYMLINK_NOFOLLOW) && !fstat(fd, &by_fd) &&
	       by_name.st_ino == by_fd.st_ino && by_name.st_dev == by_fd.st_dev;
}

/* The descriptor; 0 if someone was faster; else a negative errno. */
static int make_locked(int parent_fd, const char *name)
{
	_close_ int fd = -1;

	if (mkdirat(parent_fd, name, 0777))
		return errno == EEXIST ? 0 : -errno;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	/* Waits only for a cleaner. Without locks (some network file systems) none cleans. */
	flock(fd, LOCK_EX);
	return still_there(parent_fd, name, fd) ? steal_fd(&fd) : 0;
}

static int open_marker(struct partial *partial, const char *path, struct err *err)
{
	int fd = openat(partial->fd, PARTIAL_MARKER, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	partial->marker = fd < 0 ? NULL : fdopen(fd, "w");
	if (!partial->marker || fputs(PARTIAL_MAGIC, partial->marker) < 0 ||
	    fflush(partial->marker))
		return err_errno(err, -errno, "cannot write '%s/%s'", path, PARTIAL_MARKER);
	return 0;
}

static int make_at(struct partial *partial, const char *path, struct err *err)
{
	for (int try = 0; try < TRIES; try++) {
		int code = refuse_existing(partial->parent_fd, partial->name, path, err);

		if (code)
			return code;
		code = make_locked(partial->parent_fd, partial->name);
		if (code < 0)
			return err_errno(err, code, "cannot make the folder '%s'", path);
		if (code > 0) {
			partial->fd = code;
			code = open_marker(partial, path, err);
			if (code)
				file_remove_tree_at(partial->parent_fd, partial->name);
			return code;
		}
	}
	return err_set(err, -EBUSY, "cannot make the folder '%s': others keep removing it", path);
}

static int open_parent(struct partial *ret, const char *path, struct err *err)
{
	const char *slash = strrchr(path, '/');
	_free_ char *parent = slash ? strndup(path, slash == path ? 1 : slash - path) : strdup(".");

	*ret = (struct partial){ .parent_fd = -1, .fd = -1 };
	ret->parent_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->parent_fd < 0)
		return err_errno(err, -errno, "cannot open the folder '%s'", parent);
	ret->name = strdup(slash ? slash + 1 : path);
	return 0;
}

int partial_make(struct partial *ret, const char *path, struct err *err)
{
	int code = open_parent(ret, path, err);

	if (!code) {
		sweep_siblings(ret->parent_fd);
		code = make_at(ret, path, err);
	}
	if (code)
		partial_close(ret);
	return code;
}

/* Of a run that was killed just now, the process that writes ends a moment later. */
static enum state examine_at_rest(struct partial *partial)
{
	const struct timespec nap = { .tv_nsec = REST_NAP_NS };
	enum state state = examine(partial->parent_fd, partial->name, &partial->fd);

	for (int i = 0; state == PARTIAL_ALIVE && i < REST_NAPS; i++) {
		nanosleep(&nap, NULL);
		cleanup_close(&partial->fd);
		state = examine(partial->parent_fd, partial->name, &partial->fd);
	}
	return state;
}

int partial_take(struct partial *ret, const char *path, struct err *err)
{
	int code = open_parent(ret, path, err);
	enum state state;

	if (code)
		return code;
	state = examine_at_rest(ret);
	if (state == PARTIAL_KEPT)
		return 0;
	partial_close(ret);
	if (state == PARTIAL_ALIVE)
		return err_usage(err, "'%s' is being written by another run", path);
	return err_usage(err, "'%s' is %s: there is nothing to resume", path,
			 state == PARTIAL_GONE	  ? "not there"
			 : state == PARTIAL_EMPTY ? "of a run that finished no batch of any cell"
						  : "not labrun's");
}

bool partial_owns(const char *name)
{
	return !strcmp(name, PARTIAL_MARKER) || !strcmp(name, PARTIAL_SERIES) ||
	       !strcmp(name, PARTIAL_START) || !strcmp(name, PARTIAL_NEW);
}

void partial_close(struct partial *partial)
{
	if (partial->marker)
		fclose(partial->marker);
	if (partial->fd >= 0)
		close(partial->fd);
	if (partial->parent_fd >= 0)
		close(partial->parent_fd);
	free(partial->name);
	*partial = (struct partial){ .parent_fd = -1, .fd = -1 };
}
