/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a dead run could leave on a machine, counted from outside: processes, network namespaces,
 * BPF objects, devices, mounts, files. Others use the machine at the same time, so that a thing
 * counts as left only if it was not there before and no living process holds it.
 */

#include "tests/netns/kernel_fixture.h"
#include "tests/netns/namespace_fixture.h"

#include <bpf/bpf.h>
#include <net/if.h>
#include <time.h>

/* The kernel takes namespaces down behind our back, one after the other, once their last holder has
 * gone: half a second for ours, more where others drop a thousand at the same time. */
#define LEAK_DEADLINE_MS 20000
#define LEAK_POLL_MS 20
#define LEAK_NAMES 4096
#define LEAK_TEXT (1 << 17)

enum object { OBJECT_PROGRAM, OBJECT_MAP, OBJECT_LINK, OBJECT_COUNT };

struct holdings {
	struct numbers objects[OBJECT_COUNT];
	struct kernel kernel;
	struct netns_list namespaces; /* empty: the kernel does not let us see */
	char devices[LEAK_NAMES], files[LEAK_NAMES];
	char *mounts;
};

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

static inline struct netns_list list_namespaces(const struct kernel *kernel)
{
	struct netns_list list = {};

	while (kernel->program >= 0 && !netns_list_read(kernel, &list))
		netns_list_done(&list);
	return list;
}

static inline struct holdings *holdings_new(void)
{
	struct holdings *holdings = calloc(1, sizeof(*holdings));

	assert_non_null(holdings);
	for (size_t i = 0; i < OBJECT_COUNT; i++)
		holdings->objects[i] = objects_now((enum object)i);
	if (!kernel_open(&holdings->kernel))
		printf("network namespaces cannot be listed here: they go unchecked\n");
	holdings->namespaces = list_namespaces(&holdings->kernel);
	list_devices(holdings->devices, sizeof(holdings->devices));
	list_files(holdings->files, sizeof(holdings->files));
	holdings->mounts = read_mounts();
	return holdings;
}

static inline void holdings_free(struct holdings **holdings)
{
	for (size_t i = 0; *holdings && i < OBJECT_COUNT; i++)
		numbers_done(&(*holdings)->objects[i]);
	if (*holdings) {
		netns_list_done(&(*holdings)->namespaces);
		kernel_close(&(*holdings)->kernel);
		free((*holdings)->mounts);
	}
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

/* Suspect is what came after the start and was there when all that we started had ended; others'
 * are held by somebody, or go as well. */
static inline void find_left_namespaces(const struct holdings *before,
					const struct netns_list *suspects, char *what, size_t size)
{
	_netns_list_ struct netns_list now = list_namespaces(&before->kernel);
	_numbers_ struct numbers held = namespaces_held();
	size_t left = 0;

	for (size_t i = 0; i < now.count; i++)
		left += !netns_list_has(&before->namespaces, now.items[i].cookie) &&
			netns_list_has(suspects, now.items[i].cookie) &&
			!numbers_have(&held, now.items[i].inode);
	if (left)
		snprintf(what, size, "%zu network namespaces", left);
}

static inline void find_left(const struct holdings *before, struct netns_list *suspects, char *what,
			     size_t size)
{
	*what = '\0';
	find_left_processes(what, size);
	if (*what)
		return;
	if (!suspects->count)
		*suspects = list_namespaces(&before->kernel);
	find_left_objects(before, what, size);
	if (!*what)
		find_left_namespaces(before, suspects, what, size);
	if (!*what)
		find_left_files(before, what, size);
}

static inline uint64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static inline void sleep_until(uint64_t moment_ms)
{
	uint64_t now = clock_ms();

	if (moment_ms > now)
		poll(NULL, 0, (int)(moment_ms - now));
}

/* All that this test program started, whenever, has gone, and what it held with it. */
static inline void assert_nothing_left(const struct holdings *before)
{
	_netns_list_ struct netns_list suspects = {};
	uint64_t deadline = clock_ms() + LEAK_DEADLINE_MS;
	char what[3 * LEAK_NAMES];

	for (;;) {
		find_left(before, &suspects, what, sizeof(what));
		if (!*what)
			return;
		if (clock_ms() > deadline)
			fail_msg("left behind: %s", what);
		poll(NULL, 0, LEAK_POLL_MS);
	}
}
