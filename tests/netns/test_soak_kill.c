// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything that labrun does, ended by any signal at any moment, once or twice, itself or a child
 * of it, on a disk that is full or is not: it neither hangs nor crashes, what it leaves is a whole
 * result or a DIR.partial, and the machine is as it was. 20 kills, or LABRUN_TEST_SOAK times as
 * many.
 */
#include "tests/netns/chores.h"
#include "tests/netns/host_fixture.h"
#include "tests/netns/partial_fixture.h"

#include <sys/prctl.h>

#define KILLS 20
#define AT_ONCE 5
/* One in so many is struck again, one in so many writes to a disk that is nearly full. */
#define TWICE_EVERY 3
#define FULL_EVERY 5
#define FULL_KIB 256
#define AGAIN_MS 30

enum target { TARGET_ITSELF, TARGET_GROUP, TARGET_CHILD, TARGET_COUNT };

struct victim {
	const struct chore *chore;
	struct running running;
	char out[32];
	struct finished finished;
};

struct strike {
	struct victim *victim;
	uint64_t moment_ms;
	int signal;
	enum target target;
};

struct descendants {
	const char *mark;
	pid_t leader, chosen;
	unsigned seen;
};

static bool has_mark(pid_t pid, const char *mark)
{
	_free_ char *text = malloc(LEAK_TEXT);
	char path[64];
	size_t length;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	length = read_start(path, text, LEAK_TEXT);
	return memmem(text, length, mark, strlen(mark) + 1);
}

/* Each of them with the same chance. */
static void see_descendant(const char *path, pid_t pid, void *context)
{
	struct descendants *descendants = context;

	(void)path;
	if (pid != descendants->leader && has_mark(pid, descendants->mark) &&
	    random() % ++descendants->seen == 0)
		descendants->chosen = pid;
}

static void strike_child(const struct victim *victim, int signal)
{
	struct descendants descendants = { .mark = victim->running.mark,
					   .leader = victim->running.pid };
	_close_ int pidfd = -1;

	each_process("environ", see_descendant, &descendants);
	if (descendants.chosen)
		pidfd = (int)syscall(SYS_pidfd_open, descendants.chosen, 0);
	/* By then the number may be another's. */
	if (pidfd >= 0 && has_mark(descendants.chosen, victim->running.mark))
		syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

static void do_strike(const struct strike *strike)
{
	pid_t pid = strike->victim->running.pid;

	if (strike->target == TARGET_CHILD)
		strike_child(strike->victim, strike->signal);
	else
		kill(strike->target == TARGET_GROUP ? -pid : pid, strike->signal);
}

static struct strike random_strike(struct victim *victim, uint64_t from_ms, unsigned within_ms)
{
	static const int signals[] = { SIGKILL, SIGTERM, SIGINT, SIGHUP };

	return (struct strike){
		.victim = victim,
		.moment_ms = from_ms + (unsigned)random() % (within_ms + 1),
		.signal = signals[random() % ARRAY_SIZE(signals)],
		.target = random() % TARGET_COUNT,
	};
}

/* verify and the child that keeps its scratch folder watch over each other: of both at once the
 * folder is left (harness/scratch.h). */
static struct strike strike_again(const struct strike *first)
{
	struct strike strike = random_strike(first->victim, first->moment_ms, AGAIN_MS);

	if (!strcmp(first->victim->chore->argv[0], "verify"))
		strike.target = first->target;
	return strike;
}

static int compare_strikes(const void *left, const void *right)
{
	uint64_t a = ((const struct strike *)left)->moment_ms;
	uint64_t b = ((const struct strike *)right)->moment_ms;

	return (a > b) - (a < b);
}

/* In the child. */
static void use_full_disk(void)
{
	char path[PATH_MAX];

	if (getcwd(path, sizeof(path) - 8))
		setenv("TMPDIR", strcat(path, "/full"), 1);
}

static void victim_start(struct victim *victim, unsigned number)
{
	bool full = number % FULL_EVERY == 0;

	*victim = (struct victim){ .chore = chore_of(number) };
	snprintf(victim->out, sizeof(victim->out), "%sr%u", full ? "full/" : "", number);
	chore_start(victim->chore, victim->out, full ? use_full_disk : NULL, &victim->running);
}

/* What is left of it is between nothing and all. */
static void fill_disk(void)
{
	_free_ char *text = calloc(1, FULL_KIB << 10);
	_close_ int fd = open("full/ballast", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_non_null(text);
	assert_true(fd >= 0);
	assert_true(write(fd, text, (size_t)random() % (FULL_KIB << 10)) >= 0);
}

static void empty_disk(void)
{
	_closedir_ DIR *dir = opendir("full");
	struct dirent *entry;
	char path[300];

	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "full/%s", entry->d_name);
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			remove_tree(path);
	}
}

static void assert_no_crash(const struct victim *victim)
{
	static const int crashes[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };
	const struct finished *finished = &victim->finished;
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(crashes); i++) {
		snprintf(text, sizeof(text), "signal %d", crashes[i]);
		if (finished->status == -crashes[i] || finished->status == 128 + crashes[i] ||
		    strstr(finished->error, text))
			fail_msg("%s %s crashed: status %d, %s", victim->chore->argv[0],
				 victim->chore->argv[1], finished->status, finished->error);
	}
}

static void judge_page(const char *path)
{
	static const char end[] = "</html>\n";
	_fclose_ FILE *file = fopen(path, "re");
	char text[sizeof(end)] = "";

	assert_non_null(file);
	assert_int_equal(fseek(file, -(long)strlen(end), SEEK_END), 0);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, end);
}

static void judge_output(const struct victim *victim)
{
	if (chore_measures(victim->chore))
		assert_whole(victim->out);
	else if (!strcmp(victim->chore->argv[0], "report"))
		judge_page(victim->out);
	else
		json_decref(read_json(".", victim->out));
}

/* A whole one or none; a run that says it is well has one. */
static void judge_result(const struct victim *victim)
{
	int status = victim->finished.status;
	bool there = exists(victim->out);

	assert_no_crash(victim);
	if (!victim->chore->option)
		return;
	if (!there && (status == 0 || status == 1 || status == 3))
		fail_msg("%s %s: status %d and no %s: %s", victim->chore->argv[0],
			 victim->chore->argv[1], status, victim->out, victim->finished.error);
	if (there)
		judge_output(victim);
}

/* After an end that left it time to clean up, an empty .partial is one too many. */
static void judge_partial(const struct victim *victim)
{
	char path[64];

	snprintf(path, sizeof(path), "%s.partial", victim->out);
	if (exists(path) && victim->finished.status >= 0 && chore_measures(victim->chore) &&
	    finished_jobs(path) < 1 && victim->finished.status != 4)
		fail_msg("%s %s: status %d and an empty %s: %s", victim->chore->argv[0],
			 victim->chore->argv[1], victim->finished.status, path,
			 victim->finished.error);
	remove_tree(path);
	remove_tree(victim->out);
}

/* Those that were orphaned have come to us, and end as well. */
static void reap_orphans(void)
{
	uint64_t deadline = clock_ms() + LEAK_DEADLINE_MS;
	pid_t child;

	while ((child = waitpid(-1, NULL, WNOHANG)) >= 0) {
		if (!child && clock_ms() > deadline)
			fail_msg("a process has outlived what started it");
		if (!child)
			poll(NULL, 0, 1);
	}
}

static unsigned lifetime_ms(const struct chore *chore)
{
	_finished_ struct finished finished = {};
	uint64_t started = clock_ms();
	struct running running;

	chore_start(chore, "measuring", NULL, &running);
	finished = run_wait(&running);
	assert_measured(finished);
	remove_tree("measuring");
	return (unsigned)(clock_ms() - started);
}

static void strike_all(struct strike *strikes, size_t count)
{
	qsort(strikes, count, sizeof(*strikes), compare_strikes);
	for (size_t i = 0; i < count; i++) {
		sleep_until(strikes[i].moment_ms);
		do_strike(&strikes[i]);
	}
}

static void kill_round(struct victim *victims, size_t count, unsigned number,
		       const unsigned *lifetimes_ms)
{
	struct strike strikes[2 * AT_ONCE];
	size_t strike_count = 0;

	fill_disk();
	for (size_t i = 0; i < count; i++) {
		struct strike *strike = &strikes[strike_count++];
		size_t kind;

		victim_start(&victims[i], number + (unsigned)i);
		kind = (size_t)(victims[i].chore - chores);
		/* Others run beside it: it takes longer than alone. */
		*strike = random_strike(&victims[i], clock_ms(), 2 * lifetimes_ms[kind]);
		if (random() % TWICE_EVERY == 0)
			strikes[strike_count++] = strike_again(strike);
	}
	strike_all(strikes, strike_count);
	for (size_t i = 0; i < count; i++)
		victims[i].finished = run_wait(&victims[i].running);
}

static void judge_round(struct victim *victims, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		judge_result(&victims[i]);
		judge_partial(&victims[i]);
		finished_done(&victims[i].finished);
	}
	empty_disk();
}

/* `plot` was killed in it at any moment: it makes good what it left. */
static void assert_mended(void)
{
	_finished_ struct finished plotted = labrun("plot", "measured");
	_finished_ struct finished verified = labrun("verify", "measured");

	assert_status(plotted, 0);
	assert_status(verified, 0);
}

static void test_kill_everything(void **state)
{
	unsigned kills = KILLS * soak_factor(), lifetimes_ms[ARRAY_SIZE(chores)];
	_holdings_ struct holdings *before = NULL;
	_settings_ struct settings settings = {};
	char size[32];

	(void)state;
	need_tracing();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	snprintf(size, sizeof(size), "size=%dk", FULL_KIB);
	assert_int_equal(mkdir("full", 0700), 0);
	assert_int_equal(mount("tmpfs", "full", "tmpfs", 0, size), 0);
	measure_once();
	for (size_t i = 0; i < ARRAY_SIZE(chores); i++)
		lifetimes_ms[i] = lifetime_ms(&chores[i]);
	before = holdings_new();
	settings = settings_read();
	for (unsigned number = 0; number < kills; number += AT_ONCE) {
		struct victim victims[AT_ONCE];

		kill_round(victims, AT_ONCE, number, lifetimes_ms);
		reap_orphans();
		assert_nothing_left(before);
		assert_settings(&settings);
		judge_round(victims, AT_ONCE);
		assert_int_equal(count_entries("."), 2);
	}
	assert_mended();
	assert_nothing_left(before);
	assert_int_equal(umount("full"), 0);
	printf("%u kills, nothing left\n", kills);
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_kill_everything) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
