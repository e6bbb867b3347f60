/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The host's own settings, which nothing that runs in namespaces may change: sysctls, addresses,
 * rules of netfilter. And the memory that it has, since what leaks in the kernel belongs to nobody.
 */

#include "harness/proc.h"
#include "tests/netns/leak_fixture.h"

#include <fts.h>

struct settings {
	char *text;
	size_t size;
};

static inline void settings_done(struct settings *settings)
{
	free(settings->text);
}
#define _settings_ __attribute__((cleanup(settings_done)))

/* They count or are drawn anew by themselves. */
static inline bool is_restless(const char *path)
{
	static const char *const names[] = { "nf_conntrack_count", "/random/", "ns_last_pid",
					     "/pty/nr", "perf_event_max_sample_rate" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strstr(path, names[i]))
			return true;
	return false;
}

static inline void put_setting(FILE *out, const char *path)
{
	char text[4096];

	if (!is_restless(path) && read_start(path, text, sizeof(text)))
		fprintf(out, "%s = %s", path, text);
}

static inline void put_settings(FILE *out)
{
	char *roots[] = { "/proc/sys/net", "/proc/sys/kernel", NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;

	assert_non_null(walk);
	while ((entry = fts_read(walk)))
		if (entry->fts_info == FTS_F && (entry->fts_statp->st_mode & S_IRUSR))
			put_setting(out, entry->fts_path);
	fts_close(walk);
}

static inline void put_rules(FILE *out)
{
	static const char *const argv[] = { "nft", "list", "ruleset", NULL };
	struct err err = {};
	char line[256] = "";

	/* "" where there are no rules at all. */
	proc_first_line(&(struct proc){ .argv = argv, .netns_fd = -1 }, line, sizeof(line), &err);
	fprintf(out, "nft: %s %s\n", line, err.text);
}

static inline struct settings settings_read(void)
{
	static const char *const files[] = { "/proc/net/fib_trie", "/proc/net/if_inet6",
					     "/proc/net/ip_tables_names",
					     "/proc/net/ip6_tables_names" };
	struct settings settings = {};
	char text[LEAK_TEXT];
	FILE *out;

	out = open_memstream(&settings.text, &settings.size);
	assert_non_null(out);
	put_settings(out);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		read_start(files[i], text, sizeof(text));
		fprintf(out, "%s: %s\n", files[i], text);
	}
	put_rules(out);
	fclose(out);
	return settings;
}

static inline void assert_settings(const struct settings *before)
{
	_settings_ struct settings now = settings_read();
	const char *then = before->text, *at = now.text;
	size_t same = 0;

	while (then[same] && then[same] == at[same])
		same++;
	if (then[same] == at[same])
		return;
	while (same && at[same - 1] != '\n')
		same--;
	fail_msg("the host is not as it was: %.*s, before: %.*s", (int)strcspn(at + same, "\n"),
		 at + same, (int)strcspn(then + same, "\n"), then + same);
}

/* In KiB, of the whole machine; what is free comes and goes with what others do. */
enum memory {
	MEMORY_AVAILABLE,
	MEMORY_SLAB,
	MEMORY_UNRECLAIMABLE,
	MEMORY_PERCPU,
	MEMORY_VMALLOC,
	MEMORY_STACKS,
	MEMORY_COUNT
};

static const char *const memory_names[MEMORY_COUNT] = {
	[MEMORY_AVAILABLE] = "MemAvailable:",	[MEMORY_SLAB] = "Slab:",
	[MEMORY_UNRECLAIMABLE] = "SUnreclaim:", [MEMORY_PERCPU] = "Percpu:",
	[MEMORY_VMALLOC] = "VmallocUsed:",	[MEMORY_STACKS] = "KernelStack:",
};

struct memory_sample {
	uint64_t kib[MEMORY_COUNT];
};

static inline struct memory_sample memory_read(void)
{
	struct memory_sample sample = {};
	char text[8192];

	read_start("/proc/meminfo", text, sizeof(text));
	for (size_t i = 0; i < MEMORY_COUNT; i++) {
		const char *at = strstr(text, memory_names[i]);

		if (at)
			sample.kib[i] = strtoull(at + strlen(memory_names[i]), NULL, 10);
	}
	return sample;
}
