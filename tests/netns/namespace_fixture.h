/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* All processes there are, and the network namespaces that they are in or hold. */

#include "tests/netns/run_fixture.h"

#include <ctype.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>

struct numbers {
	uint32_t *values;
	size_t count;
};

static inline void numbers_add(struct numbers *numbers, uint32_t value)
{
	numbers->values =
		reallocarray(numbers->values, numbers->count + 1, sizeof(*numbers->values));
	assert_non_null(numbers->values);
	numbers->values[numbers->count++] = value;
}

static inline bool numbers_have(const struct numbers *numbers, uint32_t value)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->values[i] == value)
			return true;
	return false;
}

static inline void numbers_done(struct numbers *numbers)
{
	free(numbers->values);
}
#define _numbers_ __attribute__((cleanup(numbers_done)))

/* Calls `visit` for /proc/PID/`folder`/... of every process; `folder` may be a file too. */
static inline void each_process(const char *name,
				void (*visit)(const char *path, pid_t pid, void *context),
				void *context)
{
	_closedir_ DIR *dir = opendir("/proc");
	char path[PATH_MAX];
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		snprintf(path, sizeof(path), "/proc/%s/%s", entry->d_name, name);
		visit(path, atoi(entry->d_name), context);
	}
}

static inline size_t read_start(const char *path, char *text, size_t size)
{
	_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t got;

	while (fd >= 0 && used < size - 1 && (got = read(fd, text + used, size - 1 - used)) > 0)
		used += (size_t)got;
	text[used] = '\0';
	return used;
}

/* "net:[4026531840]", or a mount of such a file. */
static inline void note_namespace(struct numbers *inodes, const char *text)
{
	const char *at = strstr(text, "net:[");
	uint32_t inode = at ? (uint32_t)strtoul(at + 5, NULL, 10) : 0;

	if (inode && !numbers_have(inodes, inode))
		numbers_add(inodes, inode);
}

/* A socket keeps the namespace that it was made in, wherever its process went since. */
static inline void note_socket(struct numbers *inodes, pid_t pid, int number)
{
	_close_ int process = (int)syscall(SYS_pidfd_open, pid, 0);
	_close_ int copy = (int)syscall(SYS_pidfd_getfd, process, number, 0);
	_close_ int netns = copy < 0 ? -1 : ioctl(copy, SIOCGSKNS);
	struct stat status;

	if (netns >= 0 && !fstat(netns, &status) && !numbers_have(inodes, (uint32_t)status.st_ino))
		numbers_add(inodes, (uint32_t)status.st_ino);
}

static inline void note_link(struct numbers *inodes, const char *path, pid_t pid, int number)
{
	char target[64] = "";

	if (readlink(path, target, sizeof(target) - 1) <= 0)
		return;
	if (!strncmp(target, "socket:", 7))
		note_socket(inodes, pid, number);
	else if (target[0] == 'n')
		note_namespace(inodes, target);
}

static inline void see_namespaces(const char *path, pid_t pid, void *inodes)
{
	_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	char link[PATH_MAX + 300];

	snprintf(link, sizeof(link), "/proc/%d/ns/net", pid);
	note_link(inodes, link, pid, -1);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
		note_link(inodes, link, pid, atoi(entry->d_name));
	}
}

static inline void see_mounts(const char *path, pid_t pid, void *inodes)
{
	_fclose_ FILE *file = fopen(path, "re");
	char line[PATH_MAX];

	(void)pid;
	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, " - nsfs "))
			note_namespace(inodes, line);
}

/* Of those that some process is in, or holds by a descriptor, a socket or a mount. */
static inline struct numbers namespaces_held(void)
{
	struct numbers inodes = {};

	each_process("fd", see_namespaces, &inodes);
	each_process("mountinfo", see_mounts, &inodes);
	return inodes;
}
