/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a test does as the guest's labrun: the initramfs holds the program that made it, here the
 * test itself.
 */

#include "harness/cleanup.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define GUEST_BIG_BYTES (3u << 20)

static inline void guest_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(99);
	close(fd);
}

/* Its arguments, its folder, and all ways out. */
static inline int guest_results(int argc, char **argv)
{
	char *big = malloc(GUEST_BIG_BYTES + 1);
	int fd = open("experiment.json", O_RDONLY);

	fprintf(stderr, "first\nsecond %s\n", argc > 2 ? argv[2] : "none");
	printf("said on stdout\n");
	fflush(stdout);
	if (fd < 0 || mkdir("/results", 0755) || mkdir("/results/plots", 0755))
		return 98;
	memset(big, 'x', GUEST_BIG_BYTES);
	big[GUEST_BIG_BYTES] = '\0';
	guest_write("/results/samples.csv", big);
	guest_write("/results/plots/chart.svg", "<svg/>\n");
	return 7;
}

/* All that an exact boot must fix: randomness, both clocks, addresses, and how long it all took. */
static inline int guest_random(void)
{
	struct timespec real, mono;
	unsigned long value = 0;
	int local = 0;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_MONOTONIC, &mono);
	if (getrandom(&value, sizeof(value), 0) != sizeof(value))
		return 1;
	printf("%016lx %p %ld.%09ld %ld.%09ld\n", value, (void *)&local, (long)real.tv_sec,
	       real.tv_nsec, (long)mono.tv_sec, mono.tv_nsec);
	return 0;
}

static inline int guest_eat_memory(void)
{
	for (;;) {
		size_t bytes = 16u << 20;
		char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (memory == MAP_FAILED)
			return 1;
	}
}

static inline int guest_main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "results"))
		return guest_results(argc, argv);
	if (!strcmp(what, "random"))
		return guest_random();
	if (!strcmp(what, "eat"))
		return guest_eat_memory();
	if (!strcmp(what, "crash"))
		raise(SIGSEGV);
	if (!strcmp(what, "panic"))
		guest_write("/proc/sysrq-trigger", "c");
	if (!strcmp(what, "chatter"))
		for (int i = 0; i < 100000; i++)
			fprintf(stderr, "line %d of far too many\n", i);
	if (!strcmp(what, "hang"))
		for (;;)
			pause();
	return 0;
}
