// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/netns.h"

#include "harness/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

int netns_current(void)
{
	/* Not /proc/self: that is the first thread's. */
	int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int netns_new(int *ret_fd, struct err *err)
{
	int code = unshare(CLONE_NEWNET) ? -errno : 0;

	/* Its words are of a disk: "No space left on device". */
	if (code == -ENOSPC)
		return err_set(err, code,
			       "make a network namespace: no more are allowed "
			       "(user.max_net_namespaces)");
	if (code)
		return err_errno(err, code, "make a network namespace");
	*ret_fd = netns_current();
	if (*ret_fd < 0)
		return err_errno(err, *ret_fd, "open /proc/thread-self/ns/net");
	return 0;
}

int netns_enter(int fd, struct err *err)
{
	if (setns(fd, CLONE_NEWNET) < 0)
		return err_errno(err, -errno, "enter the network namespace");
	return 0;
}

void netns_go_home(int *home)
{
	if (*home < 0)
		return;
	if (setns(*home, CLONE_NEWNET) < 0)
		abort();
	close(*home);
}

static int sysctl_open(const char *name, int flags)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "/proc/sys/net/%s", name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int netns_sysctl_write(const char *name, const char *value)
{
	_close_ int fd = sysctl_open(name, O_WRONLY);

	if (fd < 0)
		return fd;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int netns_sysctl_read(const char *name, char *value, size_t size)
{
	_close_ int fd = sysctl_open(name, O_RDONLY);
	ssize_t length;

	if (fd < 0)
		return fd;
	length = read(fd, value, size - 1);
	if (length < 0)
		return -errno;
	value[length] = '\0';
	value[strcspn(value, "\n")] = '\0';
	return 0;
}

void netns_raise_fd_limit(void)
{
	struct rlimit limit;

	/* Where it cannot be raised, running out is reported by who opens one too many. */
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}
