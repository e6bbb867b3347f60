// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run that is killed, or interrupted, at any moment leaves nothing but what DESIGN section 6
 * allows: a DIR.partial, which goes at the next start if it holds no finished job.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/netns/partial_fixture.h"

/* Several at once: most of a run's time goes in waiting for the kernel. */
#define AT_ONCE 6
#define KILLS 100
#define INTERRUPTIONS 24

struct victim {
	struct running running;
	unsigned number, moment_ms;
	bool init; /* the sandbox's first process is killed, not the one that was started */
	bool done;
	char out[32];
	struct finished finished;
};

static const char *const experiments[] = { "vxlan", "nat", "host-rules" };

static void victim_start(struct victim *victim, unsigned number)
{
	*victim = (struct victim){ .number = number };
	snprintf(victim->out, sizeof(victim->out), "r%u", number);
	run_start(&victim->running, NULL,
		  (const char *const[]){ "run", experiments[number % 3], "--batches", "2",
					 "--iterations", "20", "--quiet", "--out", victim->out,
					 NULL });
}

/* How long a run takes when as many run at once as will be killed. */
static unsigned measure_lifetime_ms(void)
{
	struct victim victims[AT_ONCE];
	uint64_t started = clock_ms();

	for (unsigned i = 0; i < AT_ONCE; i++)
		victim_start(&victims[i], 1000000 + i);
	for (unsigned i = 0; i < AT_ONCE; i++) {
		_finished_ struct finished finished = run_wait(&victims[i].running);

		assert_measured(finished);
		remove_tree(victims[i].out);
	}
	return (unsigned)(clock_ms() - started);
}

/* The first child, that is, the init of the PID namespace; 0: not there (yet). */
static pid_t child_of(pid_t parent)
{
	char path[64], text[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", parent, parent);
	return read_start(path, text, sizeof(text)) ? atoi(text) : 0;
}

static void kill_now(struct victim *victim)
{
	pid_t init = victim->init ? child_of(victim->running.pid) : 0;

	victim->init = init;
	kill(init ? init : victim->running.pid, SIGKILL);
	victim->done = true;
}

static struct victim *next_victim(struct victim *victims, size_t count)
{
	struct victim *next = NULL;

	for (size_t i = 0; i < count; i++)
		if (!victims[i].done && (!next || victims[i].moment_ms < next->moment_ms))
			next = &victims[i];
	return next;
}

/* Starts them together and ends each at its moment. */
static void end_each(struct victim *victims, size_t count, void (*end)(struct victim *))
{
	uint64_t started = clock_ms();
	struct victim *victim;

	while ((victim = next_victim(victims, count))) {
		sleep_until(started + victim->moment_ms);
		end(victim);
	}
	for (size_t i = 0; i < count; i++)
		victims[i].finished = run_wait(&victims[i].running);
}

/* A whole folder can have been there before the end came; else a .partial or nothing. */
static void judge_killed(struct victim *victim)
{
	int status = victim->finished.status;

	if (exists(victim->out))
		assert_whole(victim->out);
	else if (victim->init)
		assert_status(victim->finished, 4);
	else if (status != -SIGKILL)
		fail_msg("run %u: exit status %d and no folder: %s", victim->number, status,
			 victim->finished.error);
	finished_done(&victim->finished);
}

/* After one more start no folder is left but those that hold something. */
static void assert_swept(void)
{
	_finished_ struct finished finished =
		labrun("run", "routed", "--batches", "2", "--iterations", "2", "--quiet", "--set",
		       "probes=[]", "--out", "last");
	_closedir_ DIR *dir = opendir(".");
	struct dirent *entry;

	assert_measured(finished);
	while ((entry = readdir(dir))) {
		const char *suffix = strstr(entry->d_name, ".partial");

		if (entry->d_name[0] == '.')
			continue;
		if (!suffix)
			assert_whole(entry->d_name);
		else if (finished_jobs(entry->d_name) < 1)
			fail_msg("%s holds no finished job and is still there", entry->d_name);
	}
}

static void test_kill_at_any_moment(void **state)
{
	_holdings_ struct holdings *before = NULL;
	unsigned kills = KILLS * soak_factor(), lifetime_ms, number = 0;

	(void)state;
	need_tracing();
	before = holdings_new();
	lifetime_ms = measure_lifetime_ms();
	while (number < kills) {
		struct victim victims[AT_ONCE];
		size_t count = 0;

		for (; count < AT_ONCE && number < kills; count++, number++) {
			victim_start(&victims[count], number);
			victims[count].moment_ms = (unsigned)random() % lifetime_ms;
			victims[count].init = number % 4 == 3;
		}
		end_each(victims, count, kill_now);
		assert_nothing_left(before);
		for (size_t i = 0; i < count; i++)
			judge_killed(&victims[i]);
	}
	assert_swept();
	assert_nothing_left(before);
}

static void interrupt(struct victim *victim)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	pid_t pid = victim->running.pid;

	/* From a terminal both processes get it; from `kill` and from a supervisor only one. */
	if (victim->number % 2)
		kill(-pid, SIGINT);
	else
		kill(pid, signals[victim->number / 2 % 3]);
	victim->done = true;
}

/* In the first moments, before there is anything to clean up, the signal's own way is as good. */
static void judge_interrupted(struct victim *victim)
{
	char partial[64];
	int status = victim->finished.status;
	bool early = status == -SIGINT || status == -SIGTERM || status == -SIGHUP;

	snprintf(partial, sizeof(partial), "%s.partial", victim->out);
	if (exists(victim->out)) {
		assert_measured(victim->finished);
		assert_whole(victim->out);
	} else if (!early) {
		assert_status(victim->finished, 130);
		assert_string_equal(victim->finished.out, "");
	}
	if (exists(partial) && finished_jobs(partial) < 1)
		fail_msg("run %u left an empty %s", victim->number, partial);
	if (exists(partial))
		remove_tree(partial);
	if (exists(victim->out))
		remove_tree(victim->out);
	finished_done(&victim->finished);
}

static void test_interrupt_at_any_moment(void **state)
{
	_holdings_ struct holdings *before = NULL;
	unsigned interruptions = INTERRUPTIONS * soak_factor(), lifetime_ms, number = 0;

	(void)state;
	need_tracing();
	before = holdings_new();
	lifetime_ms = measure_lifetime_ms();
	while (number < interruptions) {
		struct victim victims[AT_ONCE];
		size_t count = 0;

		for (; count < AT_ONCE && number < interruptions; count++, number++) {
			victim_start(&victims[count], number);
			victims[count].moment_ms = 20 + (unsigned)random() % lifetime_ms;
		}
		end_each(victims, count, interrupt);
		assert_nothing_left(before);
		for (size_t i = 0; i < count; i++)
			judge_interrupted(&victims[i]);
	}
	assert_int_equal(count_entries("."), 0);
}

static bool wait_for_jobs(const struct running *running, const char *partial, int jobs)
{
	while (finished_jobs(partial) < jobs && !run_ended(running, 1))
		;
	return finished_jobs(partial) >= jobs;
}

static void start_long_run(struct running *running, const char *out)
{
	run_start(running, NULL,
		  (const char *const[]){ "run", "host-rules", "--batches", "1", "--iterations",
					 "200", "--out", out, NULL });
}

static void kill_when(const char *out, int jobs)
{
	_finished_ struct finished finished = {};
	struct running running;
	char partial[64];

	snprintf(partial, sizeof(partial), "%s.partial", out);
	start_long_run(&running, out);
	if (!wait_for_jobs(&running, partial, jobs))
		fail_msg("no finished job in %s", partial);
	kill(running.pid, SIGKILL);
	finished = run_wait(&running);
	assert_int_equal(finished.status, -SIGKILL);
	assert_false(exists(out));
}

static void test_empty_partial_goes_at_next_start(void **state)
{
	(void)state;
	need_tracing();
	kill_when("dead", 0);
	assert_true(exists("dead.partial"));
	assert_swept();
	assert_false(exists("dead.partial"));
}

static void test_finished_jobs_are_kept(void **state)
{
	static const char *const refusing[][4] = {
		{ "plot", "dead.partial" },
		{ "run", "routed", "--out", "dead" },
		{ "run", "routed", "--out", "dead.partial" },
	};

	(void)state;
	need_tracing();
	kill_when("dead", 1);
	assert_swept();
	assert_true(finished_jobs("dead.partial") >= 1);
	assert_true(exists("dead.partial/samples.csv"));
	for (size_t i = 0; i < ARRAY_SIZE(refusing); i++) {
		_finished_ struct finished finished =
			labrun(refusing[i][0], refusing[i][1], refusing[i][2], refusing[i][3]);

		assert_status(finished, 2);
		assert_says(finished.error, "dead.partial");
	}
	assert_true(finished_jobs("dead.partial") >= 1);
}

static void test_interrupted_run_keeps_finished_jobs(void **state)
{
	_finished_ struct finished finished = {};
	struct running running;

	(void)state;
	need_tracing();
	start_long_run(&running, "cut");
	assert_true(wait_for_jobs(&running, "cut.partial", 1));
	kill(-running.pid, SIGINT);
	finished = run_wait(&running);
	assert_status(finished, 130);
	assert_false(exists("cut"));
	assert_true(finished_jobs("cut.partial") >= 1);
}

/* A shell's own children are ours to end as well, though they left its session and its parent. */
static void test_shell_takes_its_grandchildren_along(void **state)
{
	static const char script[] = "setsid sh -c 'sleep 1000 & sleep 1001 & wait' & "
				     "ip netns exec vm sleep 1002 & touch started; wait";
	_holdings_ struct holdings *before = NULL;

	(void)state;
	need_tracing();
	before = holdings_new();
	for (unsigned i = 0; i < 2 * soak_factor(); i++) {
		_finished_ struct finished finished = {};
		struct running running;

		run_start(&running, NULL,
			  (const char *const[]){ "shell", "routed", "sh", "-c", script, NULL });
		while (!exists("started") && !run_ended(&running, 0))
			poll(NULL, 0, 1);
		kill(running.pid, i % 2 ? SIGTERM : SIGKILL);
		finished = run_wait(&running);
		assert_true(exists("started"));
		assert_nothing_left(before);
		remove_tree("started");
	}
}

static void test_other_verbs_are_killed_alike(void **state)
{
	static const char *const verbs[][2] = { { "doctor" }, { "trace", "nat" } };
	_holdings_ struct holdings *before = NULL;

	(void)state;
	need_tracing();
	before = holdings_new();
	for (unsigned i = 0; i < 10 * soak_factor(); i++) {
		_finished_ struct finished finished = {};
		struct running running;

		run_start(&running, NULL,
			  (const char *const[]){ verbs[i % 2][0], verbs[i % 2][1], NULL });
		run_ended(&running, (int)(random() % 300));
		kill(running.pid, SIGKILL);
		finished = run_wait(&running);
		assert_nothing_left(before);
	}
	assert_int_equal(count_entries("."), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_kill_at_any_moment),
		program_test(test_interrupt_at_any_moment),
		program_test(test_empty_partial_goes_at_next_start),
		program_test(test_finished_jobs_are_kept),
		program_test(test_interrupted_run_keeps_finished_jobs),
		program_test(test_shell_takes_its_grandchildren_along),
		program_test(test_other_verbs_are_killed_alike),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
