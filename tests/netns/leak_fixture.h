/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a dead run could leave on a machine, counted from outside: processes, network namespaces,
 * BPF objects, devices, mounts, files. Others use the machine at the same time, so that a thing
 * counts as left only if it was not there before and no living process holds it.
 */

#include "tests/netns/run_fixture.h"

#include <bpf/bpf.h>
#include <ctype.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <time.h>

/* The kernel takes namespaces down behind our back, after their last holder has gone. */
#define LEAK_DEADLINE_MS 10000
#define LEAK_POLL_MS 20
#define LEAK_NAMES 4096
#define LEAK_TEXT (1 << 17)

#define SLAB_FOLDER "/sys/kernel/slab/net_namespace/"

struct numbers {
	uint32_t *values;
	size_t count;
};

enum object { OBJECT_PROGRAM, OBJECT_MAP, OBJECT_LINK, OBJECT_COUNT };

struct holdings {
	struct numbers objects[OBJECT_COUNT];
	long hidden_namespaces;
	char devices[LEAK_NAMES], files[LEAK_NAMES];
	char *mounts;
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

static inline struct numbers objects_now(enum object object)
{
	static int (*const next[])(__u32, __u32 *) = {
		[OBJECT_PROGRAM] = bpf_prog_get_next_id,
		[OBJECT_MAP] = bpf_map_get_next_id,
		[OBJECT_LINK] = bpf_link_get_next_id,
	};
	struct numbers ids = {};
	uint32_t id = 0;

	while (!next[object](id, &id))
		numbers_add(&ids, id);
	return ids;
}

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

struct marked {
	const char *mark; /* RUN_MARK=... or the start of it */
	size_t count;
	pid_t some;
};

static inline void see_marked(const char *path, pid_t pid, void *context)
{
	_free_ char *environment = malloc(LEAK_TEXT);
	struct marked *marked = context;
	size_t length = read_start(path, environment, LEAK_TEXT);

	for (size_t at = 0; at < length; at += strlen(environment + at) + 1)
		if (!strncmp(environment + at, marked->mark, strlen(marked->mark))) {
			marked->count++;
			marked->some = pid;
			return;
		}
}

static inline struct marked processes_marked(const char *mark)
{
	struct marked marked = { .mark = mark };

	each_process("environ", see_marked, &marked);
	return marked;
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

/*
 * The kernel's own count of network namespaces, of which no list can be had, less those that some
 * process is in or holds: constant while nothing leaks. 0 where the kernel does not tell.
 */
static inline long namespaces_hidden(void)
{
	_numbers_ struct numbers inodes = {};
	_close_ int shrink = open(SLAB_FOLDER "shrink", O_WRONLY | O_CLOEXEC);
	char text[64];

	/* Freed ones stay in the allocator's per-CPU lists, and in its count, until told. */
	if (shrink < 0 || write(shrink, "1", 1) != 1 ||
	    !read_start(SLAB_FOLDER "objects", text, sizeof(text)))
		return 0;
	each_process("fd", see_namespaces, &inodes);
	each_process("mountinfo", see_mounts, &inodes);
	return strtol(text, NULL, 10) - (long)inodes.count;
}

/* Others' namespaces come and go between the two counts: the largest of several. */
static inline long namespaces_hidden_at_most(void)
{
	long most = 0;

	for (unsigned i = 0; i < 5; i++) {
		long hidden = namespaces_hidden();

		most = hidden > most ? hidden : most;
		poll(NULL, 0, LEAK_POLL_MS);
	}
	return most;
}

static inline void see_held(const char *path, pid_t pid, void *context)
{
	static const char *const keys[] = { "prog_id:", "map_id:", "link_id:" };
	_closedir_ DIR *dir = opendir(path);
	struct numbers *held = context;
	struct dirent *entry;

	(void)pid;
	while (dir && (entry = readdir(dir))) {
		char info[PATH_MAX + 300], text[2048];
		const char *at;

		snprintf(info, sizeof(info), "%s/%s", path, entry->d_name);
		read_start(info, text, sizeof(text));
		for (size_t i = 0; i < OBJECT_COUNT; i++)
			if ((at = strstr(text, keys[i])))
				numbers_add(&held[i],
					    (uint32_t)strtoul(at + strlen(keys[i]), NULL, 10));
	}
}

/* How many are new and held by nobody; *ret_id is one of them. */
static inline size_t objects_orphaned(const struct holdings *before, enum object object,
				      uint32_t *ret_id)
{
	_numbers_ struct numbers now = objects_now(object);
	struct numbers held[OBJECT_COUNT] = {};
	size_t orphans = 0;

	for (size_t i = 0; i < now.count; i++)
		orphans += !numbers_have(&before->objects[object], now.values[i]);
	if (!orphans)
		return 0;
	each_process("fdinfo", see_held, held);
	orphans = 0;
	for (size_t i = 0; i < now.count; i++)
		if (!numbers_have(&before->objects[object], now.values[i]) &&
		    !numbers_have(&held[object], now.values[i])) {
			*ret_id = now.values[i];
			orphans++;
		}
	for (size_t i = 0; i < OBJECT_COUNT; i++)
		numbers_done(&held[i]);
	return orphans;
}

static inline int compare_names(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static inline void join_names(char **names, size_t count, char *to, size_t size)
{
	size_t used = strlen(to);

	qsort(names, count, sizeof(*names), compare_names);
	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(to + used, size - used, "%s ", names[i]);
}

static inline void list_devices(char *to, size_t size)
{
	struct if_nameindex *devices = if_nameindex();
	char *names[256];
	size_t count = 0;

	*to = '\0';
	for (; devices && devices[count].if_index && count < ARRAY_SIZE(names); count++)
		names[count] = devices[count].if_name;
	join_names(names, count, to, size);
	if_freenameindex(devices);
}

static inline void list_folder(const char *path, char *to, size_t size)
{
	_closedir_ DIR *dir = opendir(path);
	char *names[256];
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)) && count < ARRAY_SIZE(names))
		if (entry->d_name[0] != '.' || isalnum((unsigned char)entry->d_name[1]))
			names[count++] = strdup(entry->d_name);
	join_names(names, count, to, size);
	while (count)
		free(names[--count]);
}

/* Where temporary files go; as root all but the last are our own, empty to begin with. */
static inline void list_files(char *to, size_t size)
{
	static const char *const folders[] = { "/tmp", "/var/tmp", "/dev/shm", "/run",
					       "/sys/fs/bpf" };

	*to = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		list_folder(folders[i], to, size);
}

static inline char *read_mounts(void)
{
	char *text = malloc(LEAK_TEXT);

	read_start("/proc/self/mountinfo", text, LEAK_TEXT);
	return text;
}

static inline struct holdings *holdings_new(void)
{
	struct holdings *holdings = calloc(1, sizeof(*holdings));

	assert_non_null(holdings);
	for (size_t i = 0; i < OBJECT_COUNT; i++)
		holdings->objects[i] = objects_now((enum object)i);
	holdings->hidden_namespaces = namespaces_hidden_at_most();
	list_devices(holdings->devices, sizeof(holdings->devices));
	list_files(holdings->files, sizeof(holdings->files));
	holdings->mounts = read_mounts();
	return holdings;
}

static inline void holdings_free(struct holdings **holdings)
{
	for (size_t i = 0; *holdings && i < OBJECT_COUNT; i++)
		numbers_done(&(*holdings)->objects[i]);
	if (*holdings)
		free((*holdings)->mounts);
	free(*holdings);
}
#define _holdings_ __attribute__((cleanup(holdings_free)))

/* What is left, in words; empty if nothing is. */
static inline void find_left_processes(char *what, size_t size)
{
	struct marked marked;
	char mark[64];

	snprintf(mark, sizeof(mark), RUN_MARK "=%d.", getpid());
	marked = processes_marked(mark);
	if (marked.count)
		snprintf(what, size, "%zu processes, such as %d", marked.count, marked.some);
}

static inline void find_left_objects(const struct holdings *before, char *what, size_t size)
{
	static const char *const names[] = { "programs", "maps", "links" };
	uint32_t id = 0;

	for (size_t i = 0; i < OBJECT_COUNT && !*what; i++) {
		size_t orphans = objects_orphaned(before, (enum object)i, &id);

		if (orphans)
			snprintf(what, size, "%zu BPF %s, such as %u", orphans, names[i], id);
	}
}

static inline void find_left_files(const struct holdings *before, char *what, size_t size)
{
	char devices[LEAK_NAMES], files[LEAK_NAMES];
	_free_ char *mounts = read_mounts();

	list_devices(devices, sizeof(devices));
	list_files(files, sizeof(files));
	if (strcmp(devices, before->devices))
		snprintf(what, size, "devices: %s, before: %s", devices, before->devices);
	else if (strcmp(files, before->files))
		snprintf(what, size, "files: %s, before: %s", files, before->files);
	else if (strcmp(mounts, before->mounts))
		snprintf(what, size, "mounts: %s", mounts);
}

static inline void find_left(const struct holdings *before, char *what, size_t size)
{
	long hidden;

	*what = '\0';
	find_left_processes(what, size);
	if (!*what)
		find_left_objects(before, what, size);
	if (*what)
		return;
	hidden = namespaces_hidden();
	if (hidden > before->hidden_namespaces)
		snprintf(what, size, "%ld network namespaces", hidden - before->hidden_namespaces);
	else
		find_left_files(before, what, size);
}

static inline uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* All that this test program started, whenever, has gone, and what it held with it. */
static inline void assert_nothing_left(const struct holdings *before)
{
	uint64_t deadline = clock_ms() + LEAK_DEADLINE_MS;
	char what[3 * LEAK_NAMES];

	for (;;) {
		find_left(before, what, sizeof(what));
		if (!*what)
			return;
		if (clock_ms() > deadline)
			fail_msg("left behind: %s", what);
		poll(NULL, 0, LEAK_POLL_MS);
	}
}
