// SPDX-License-Identifier: GPL-2.0-only
/*
 * One run after the other, of everything that labrun does: after each the machine is as it was
 * before. 20 runs, or LABRUN_TEST_SOAK times as many: 50 makes a thousand.
 */
#include "tests/netns/chores.h"
#include "tests/netns/host_fixture.h"
#include "tests/netns/partial_fixture.h"

#include <sys/prctl.h>

#define RUNS 20
#define BATCHES 60
/* Fewer would be judged by what the kernel's caches and others on the machine do. */
#define RUNS_JUDGED 400
/* A tenth of what one forgotten network namespace takes (180 KiB). */
#define GROWTH_KIB_A_RUN 18.0
/* Of a run in one process from its third to its last: what it keeps of each sample and counter
 * (32 bytes and a name; arrays double), and what the allocator leaves lying. */
#define ROW_BYTES 128
#define RESIDENT_GROWTH_KIB 512

/* Orphans of all that is started come to us: none may. */
static void assert_childless(void)
{
	int status;
	pid_t child = waitpid(-1, &status, WNOHANG);

	if (child >= 0)
		fail_msg("process %d has outlived what started it", child);
}

static void judge_run(const struct chore *chore, const char *out, const struct finished *finished)
{
	assert_measured(*finished);
	if (chore_measures(chore))
		assert_whole(out);
	else if (chore->option)
		assert_true(exists(out));
	remove_tree(out);
}

static void run_one(unsigned number)
{
	const struct chore *chore = chore_of(number);
	_finished_ struct finished finished = {};
	struct running running;

	chore_start(chore, "out", NULL, &running);
	finished = run_wait(&running);
	judge_run(chore, "out", &finished);
	assert_childless();
	assert_int_equal(count_entries("."), 1);
}

static int compare_kib(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static double median_kib(const struct memory_sample *samples, size_t count, enum memory memory)
{
	_free_ uint64_t *sorted = calloc(count, sizeof(*sorted));

	assert_non_null(sorted);
	for (size_t i = 0; i < count; i++)
		sorted[i] = samples[i].kib[memory];
	qsort(sorted, count, sizeof(*sorted), compare_kib);
	return (double)sorted[count / 2];
}

/* From the median of the second quarter to that of the last: the first one settles. */
static double growth_kib(const struct memory_sample *samples, unsigned runs, enum memory memory)
{
	unsigned quarter = runs / 4;
	double from = median_kib(samples + quarter, quarter, memory);
	double to = median_kib(samples + runs - quarter, quarter, memory);
	double a_run = (to - from) / (runs - 2 * quarter);

	printf("%s %.0f KiB after a quarter of %u runs, %.0f at their end: %+.2f a run\n",
	       memory_names[memory], from, runs, to, a_run);
	return a_run;
}

/* What is free is what others leave, and caches of files are theirs too. */
static bool is_judged(enum memory memory)
{
	return memory != MEMORY_AVAILABLE && memory != MEMORY_SLAB;
}

static void judge_memory(const struct memory_sample *samples, unsigned runs)
{
	double grows[MEMORY_COUNT] = {};

	for (int i = 0; i < MEMORY_COUNT && runs >= 4; i++)
		grows[i] = growth_kib(samples, runs, i);
	for (int i = 0; i < MEMORY_COUNT && runs >= RUNS_JUDGED; i++)
		if (is_judged(i) && grows[i] > GROWTH_KIB_A_RUN)
			fail_msg("%s grows by %.1f KiB with each run", memory_names[i], grows[i]);
}

static void test_runs_in_a_row(void **state)
{
	unsigned runs = RUNS * soak_factor();
	_free_ struct memory_sample *samples = calloc(runs, sizeof(*samples));
	_settings_ struct settings settings = {};
	_holdings_ struct holdings *before = NULL;

	(void)state;
	need_tracing();
	assert_non_null(samples);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	measure_once();
	for (unsigned i = 0; i < ARRAY_SIZE(chores); i++)
		if (runs > ARRAY_SIZE(chores))
			run_one(i);
	settings = settings_read();
	before = holdings_new();
	for (unsigned i = 0; i < runs; i++) {
		run_one(i);
		assert_nothing_left(before);
		assert_settings(&settings);
		samples[i] = memory_read();
	}
	judge_memory(samples, runs);
	printf("%u runs, nothing left\n", runs);
}

struct resident {
	const char *mark;
	uint64_t kib;
};

/* Of the largest process: the one that measures. */
static void see_resident(const char *path, pid_t pid, void *context)
{
	_free_ char *text = malloc(LEAK_TEXT);
	struct resident *resident = context;
	size_t length = read_start(path, text, LEAK_TEXT);
	char name[64];
	const char *at;

	if (!memmem(text, length, resident->mark, strlen(resident->mark) + 1))
		return;
	snprintf(name, sizeof(name), "/proc/%d/status", pid);
	read_start(name, text, LEAK_TEXT);
	at = strstr(text, "VmRSS:");
	if (at && strtoull(at + 6, NULL, 10) > resident->kib)
		resident->kib = strtoull(at + 6, NULL, 10);
}

static uint64_t resident_kib(const struct running *running)
{
	struct resident resident = { .mark = running->mark };

	each_process("environ", see_resident, &resident);
	return resident.kib;
}

static void wait_for_batch(const struct running *running, int batch)
{
	while (finished_jobs("many.partial") < batch)
		if (run_ended(running, 1))
			fail_msg("it ended before batch %d", batch);
}

static uint64_t count_rows(const char *path)
{
	_fclose_ FILE *file = fopen(path, "re");
	uint64_t rows = 0;
	int byte;

	assert_non_null(file);
	while ((byte = getc(file)) != EOF)
		rows += byte == '\n';
	return rows;
}

/* Many batches in one process, each with namespaces of its own. */
static void test_batches_in_one_process(void **state)
{
	unsigned batches = BATCHES * (soak_factor() < 10 ? soak_factor() : 10);
	_finished_ struct finished finished = {};
	char count[16];
	uint64_t from, to, rows, allowed;
	struct running running;

	(void)state;
	need_tracing();
	snprintf(count, sizeof(count), "%u", batches);
	run_start(&running, NULL,
		  (const char *const[]){ "run", "nat", "--no-charts", "--quiet", "--batches", count,
					 "--iterations", "2", "--set", "load.interval_us=100",
					 "--out", "many", NULL });
	wait_for_batch(&running, (int)batches / 3);
	from = resident_kib(&running);
	wait_for_batch(&running, (int)batches - 2);
	to = resident_kib(&running);
	finished = run_wait(&running);
	assert_measured(finished);
	rows = count_rows("many/samples.csv") + count_rows("many/counters.csv");
	allowed = RESIDENT_GROWTH_KIB + rows * 2 / 3 * ROW_BYTES / 1024;
	printf("%u batches in one process: %lu KiB after a third, %lu KiB at the end, %lu rows\n",
	       batches, from, to, rows);
	assert_true(from > 0 && to > 0);
	if (to > from + allowed)
		fail_msg("it grew from %lu to %lu KiB, at most %lu more", from, to, allowed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_runs_in_a_row),
		program_test(test_batches_in_one_process),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
