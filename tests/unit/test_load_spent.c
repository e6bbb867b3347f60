// SPDX-License-Identifier: GPL-2.0-only
/* What a process of a load has taken, against work of known size and the kernel's own accounts. */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "loadgen/load_spent.h"
#include "loadgen/pace.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BURN_NS 20000000
#define MIB (1 << 20)
#define EAT_MIB 32
/* The kernel counts resident pages to some dozens a CPU. */
#define COUNT_SLACK_BYTES (2 * MIB)

struct shared {
	struct load_spent spent;
	int work_done;
};

static void burn(uint64_t ns)
{
	uint64_t until_ns = pace_cpu_ns() + ns;

	while (pace_cpu_ns() < until_ns)
		;
}

static void eat(void)
{
	char *memory = mmap(NULL, EAT_MIB * MIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	munmap(memory, EAT_MIB * MIB);
}

/* What it did before it was ready is no part of it. */
static void work(struct shared *shared)
{
	burn(BURN_NS);
	load_spent_begin(&shared->spent);
	burn(BURN_NS);
	eat();
}

static struct shared *map_shared(void)
{
	struct shared *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(shared != MAP_FAILED);
	return shared;
}

/* All that the kernel charged a child of ours. */
static uint64_t rusage_cpu_ns(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static void assert_spent(const struct load_spent *spent, const struct rusage *whole)
{
	assert_true(spent->cpu_ns >= BURN_NS);
	/* The burning before is in the whole and not in the part. */
	assert_true(spent->cpu_ns <= rusage_cpu_ns(whole) - BURN_NS + 2000);
	assert_near((double)spent->peak_bytes, EAT_MIB * MIB, COUNT_SLACK_BYTES);
}

/* Large beside what is eaten: as a copy of it a child begins. */
static char *fatten(size_t bytes)
{
	char *memory = malloc(bytes);

	assert_non_null(memory);
	memset(memory, 1, bytes);
	return memory;
}

static void test_ends_itself(void **state)
{
	_free_ char *fat = fatten(16 * MIB);
	struct shared *shared = map_shared();
	struct rusage usage;
	int status;
	pid_t pid = fork();

	(void)state;
	assert_int_equal(fat[0], 1);
	if (pid == 0) {
		work(shared);
		load_spent_end(&shared->spent);
		_exit(0);
	}
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	assert_int_equal(status, 0);
	assert_spent(&shared->spent, &usage);
	munmap(shared, sizeof(*shared));
}

static void test_is_killed(void **state)
{
	struct shared *shared = map_shared();
	struct rusage usage;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		work(shared);
		__atomic_store_n(&shared->work_done, 1, __ATOMIC_RELEASE);
		for (;;)
			pause();
	}
	while (!__atomic_load_n(&shared->work_done, __ATOMIC_ACQUIRE))
		usleep(1000);
	load_spent_end_of(&shared->spent, pid);
	kill(pid, SIGKILL);
	assert_int_equal(wait4(pid, &status, 0, &usage), pid);
	load_spent_peak(&shared->spent, &usage);
	assert_spent(&shared->spent, &usage);
	munmap(shared, sizeof(*shared));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends_itself),
		cmocka_unit_test(test_is_killed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
