/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * How much memory a run of the program takes at its peak: resident in its processes (a page that
 * several share by its shares), and in the BPF maps and programs that they hold, whether mapped or
 * not. Looked at every few milliseconds. Packets under way are the kernel's and not in it: their
 * number is bounded by the devices' queues.
 */
#include "tests/netns/namespace_fixture.h"

#define HELD_POLL_MS 5
#define HELD_TEXT (1 << 17)

struct held {
	uint64_t resident_bytes, bpf_bytes;
};

struct held_now {
	const char *mark;
	struct held total;
	struct numbers ids[2]; /* of maps and programs that are counted already */
};

static inline uint64_t held_number(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* Two processes may hold one map. */
static inline void held_add_object(struct held_now *now, const char *info)
{
	static const char *const keys[] = { "map_id:", "prog_id:" };

	if (!strstr(info, "memlock:"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		uint32_t id = (uint32_t)held_number(info, keys[i]);

		if (!id || numbers_have(&now->ids[i], id))
			continue;
		numbers_add(&now->ids[i], id);
		now->total.bpf_bytes += held_number(info, "memlock:");
		return;
	}
}

/* A map that is mapped is counted as a map. */
static inline uint64_t held_resident_bytes(const char *path)
{
	_fclose_ FILE *file = fopen(path, "re");
	uint64_t kib, total_kib = 0;
	bool is_map = false;
	char line[PATH_MAX];

	while (file && fgets(line, sizeof(line), file)) {
		if (strchr("0123456789abcdef", line[0]))
			is_map = strstr(line, "bpf-map");
		else if (!is_map && sscanf(line, "Pss: %lu", &kib) == 1)
			total_kib += kib;
	}
	return total_kib << 10;
}

static inline void held_see_process(const char *path, pid_t pid, void *context)
{
	_free_ char *text = malloc(HELD_TEXT);
	struct held_now *now = context;
	size_t length = read_start(path, text, HELD_TEXT);
	_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	char name[PATH_MAX];

	if (!memmem(text, length, now->mark, strlen(now->mark) + 1))
		return;
	snprintf(name, sizeof(name), "/proc/%d/smaps", pid);
	now->total.resident_bytes += held_resident_bytes(name);
	snprintf(name, sizeof(name), "/proc/%d/fdinfo", pid);
	dir = opendir(name);
	while (dir && (entry = readdir(dir))) {
		snprintf(name, sizeof(name), "/proc/%d/fdinfo/%s", pid, entry->d_name);
		read_start(name, text, HELD_TEXT);
		held_add_object(now, text);
	}
}

static inline struct held held_now(const char *mark)
{
	struct held_now now = { .mark = mark };

	each_process("environ", held_see_process, &now);
	numbers_done(&now.ids[0]);
	numbers_done(&now.ids[1]);
	return now.total;
}

/* Runs `labrun` with these arguments to its end, which is to be a good one. */
static inline struct held held_at_peak(const char *const *argv)
{
	_finished_ struct finished finished = {};
	struct held peak = {}, now;
	struct running running;

	run_start(&running, NULL, argv);
	while (!run_ended(&running, HELD_POLL_MS)) {
		now = held_now(running.mark);
		if (now.resident_bytes + now.bpf_bytes > peak.resident_bytes + peak.bpf_bytes)
			peak = now;
	}
	finished = run_wait(&running);
	assert_status(finished, 0);
	return peak;
}
