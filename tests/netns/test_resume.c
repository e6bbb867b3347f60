// SPDX-License-Identifier: GPL-2.0-only
/*
 * A run that is killed and resumed, at any moments and more than once, gives the folder that it
 * would have given: each batch of each cell once. What has changed meanwhile is refused in a line.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/netns/result_fixture.h"

#define CELLS 5
#define BATCHES 4
#define ITERATIONS 20
#define ROUNDS 4

static const char *const first[] = { "run", "host-rules", "--batches", "4", "--iterations",
				     "20",  "--quiet",	  "--out",     "r", NULL };
static const char *const again[] = { "run", "--quiet", "--resume", "r", NULL };

static unsigned finished_jobs(void)
{
	char text[4096];

	return read_start("r.partial/finished.jobs", text, sizeof(text))
		       ? (unsigned)count_lines(text) - 1
		       : 0;
}

/* Kills it when it has finished so many jobs more, and a moment later. */
static void kill_after(const char *const *argv, unsigned jobs, unsigned moment_ms)
{
	unsigned before = finished_jobs();
	_finished_ struct finished finished = {};
	struct running running;

	run_start(&running, NULL, argv);
	while (finished_jobs() < before + jobs && !run_ended(&running, 1))
		;
	poll(NULL, 0, (int)moment_ms);
	kill(running.pid, SIGKILL);
	finished = run_wait(&running);
	assert_int_equal(finished.status, -SIGKILL);
	assert_false(exists("r"));
}

/* Of every batch of every cell each iteration of the round trip once. */
static void assert_each_once(void)
{
	unsigned seen[CELLS][BATCHES][ITERATIONS] = {};
	_fclose_ FILE *file = fopen("r/samples.csv", "re");
	unsigned cell, batch, iteration;
	char line[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (strstr(line, ",rtt,") &&
		    sscanf(line, "%u,%u,%u", &cell, &batch, &iteration) == 3) {
			assert_true(cell < CELLS && batch < BATCHES && iteration < ITERATIONS);
			seen[cell][batch][iteration]++;
		}
	for (unsigned i = 0; i < CELLS * BATCHES * ITERATIONS; i++)
		if ((&seen[0][0][0])[i] != 1)
			fail_msg("sample %u is there %u times", i, (&seen[0][0][0])[i]);
}

static void assert_resumed(size_t times)
{
	_json_ json_t *environment = read_json("r", "environment.json");
	_json_ json_t *summary = read_json("r", "summary.json");
	_finished_ struct finished verified = labrun("verify", "r");

	assert_status(verified, 0);
	assert_true(is_valid(summary));
	assert_int_equal(json_array_size(json_object_get(environment, "resumed")), times);
	assert_each_once();
	for (size_t i = 0; i < CELLS; i++)
		assert_near(loss_of(summary, i, "sent"), BATCHES * ITERATIONS, 0);
	assert_false(exists("r.partial"));
	assert_false(exists("r/start.json") || exists("r/series.csv") || exists("r/finished.jobs"));
}

static void test_killed_twice(void **state)
{
	_holdings_ struct holdings *before = NULL;

	(void)state;
	need_tracing();
	before = holdings_new();
	for (unsigned i = 0; i < ROUNDS * soak_factor(); i++) {
		_finished_ struct finished finished = {};

		kill_after(first, 1 + (unsigned)random() % 6, (unsigned)random() % 60);
		kill_after(again, 1 + (unsigned)random() % 6, (unsigned)random() % 60);
		finished = run_as(NULL, again);
		assert_measured(finished);
		assert_resumed(2);
		remove_tree("r");
		assert_nothing_left(before);
	}
}

static void append(const char *path, const char *text)
{
	_fclose_ FILE *file = fopen(path, "ae");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
}

/* What was being written when the end came is cut off. */
static void test_torn(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_tracing();
	kill_after(first, 3, 0);
	append("r.partial/samples.csv", "0,3,0,rtt,both,1\n4,3,1");
	append("r.partial/counters.csv", "4,3,se");
	append("r.partial/series.csv", "veth");
	append("r.partial/finished.jobs", "4 3 99");
	finished = run_as(NULL, again);
	assert_measured(finished);
	assert_resumed(1);
}

static void put_identity(const char *key, json_t *value)
{
	_json_ json_t *start = read_json("r.partial", "start.json");

	json_object_set_new(json_object_get(start, "identity"), key, value);
	assert_int_equal(json_dump_file(start, "r.partial/start.json", 0), 0);
}

static void test_changed(void **state)
{
	static const char *const rows[][2] = {
		{ "labrun", "the labrun build" },
		{ "kernel", "the kernel" },
		{ "mode", "the mode" },
		{ "cpu", "the CPU" },
		{ "machine", "the machine" },
		{ "topologies", "the topology" },
		{ "experiment", "the experiment" },
	};
	_json_ json_t *start = NULL;

	(void)state;
	need_tracing();
	kill_after(first, 2, 0);
	start = read_json("r.partial", "start.json");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_finished_ struct finished finished = {};

		put_identity(rows[i][0], json_string("another"));
		finished = run_as(NULL, again);
		assert_status(finished, 2);
		assert_one_line(finished.error, rows[i][1]);
		put_identity(rows[i][0], json_incref(json_object_get(
						 json_object_get(start, "identity"), rows[i][0])));
	}
	assert_true(finished_jobs() >= 2);
}

static void put_experiment(const char *interval)
{
	_json_ json_t *experiment = NULL;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/experiments/host-rules.json", getenv("LABRUN_DATA"));
	experiment = json_load_file(path, 0, NULL);
	assert_non_null(experiment);
	json_object_set_new(json_object_get(experiment, "load"), "interval_us",
			    json_integer(atoi(interval)));
	assert_int_equal(json_dump_file(experiment, "mine.json", 0), 0);
}

static void test_changed_file(void **state)
{
	static const char *const mine[] = { "run", "mine.json", "--iterations",
					    "20",  "--quiet",	"--out",
					    "r",   NULL };
	_finished_ struct finished refused = {};

	(void)state;
	need_tracing();
	put_experiment("1000");
	kill_after(mine, 1, 0);
	put_experiment("999");
	refused = run_as(NULL, again);
	assert_status(refused, 2);
	assert_one_line(refused.error, "the experiment changed");
}

/* Of a run that outlasts by far the second for which a dying one is waited for. */
static const char *const lasting[] = { "run", "host-rules", "--batches", "20", "--iterations",
				       "100", "--quiet",    "--out",	 "r",  NULL };

static void test_refused(void **state)
{
	_finished_ struct finished none = {}, alive = {}, both = {}, ended = {};
	struct running running;

	(void)state;
	need_tracing();
	none = run_as(NULL, again);
	assert_status(none, 2);
	assert_one_line(none.error, "no run to resume");
	both = labrun("run", "--resume", "r", "host-rules");
	assert_status(both, 2);
	run_start(&running, NULL, lasting);
	while (finished_jobs() < 1 && !run_ended(&running, 1))
		;
	alive = run_as(NULL, again);
	ended = run_wait(&running);
	assert_measured(ended);
	assert_status(alive, 2);
	assert_one_line(alive.error, "another run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_killed_twice), program_test(test_torn),
		program_test(test_changed),	 program_test(test_changed_file),
		program_test(test_refused),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
