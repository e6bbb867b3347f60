// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs with a precision in place of a number of batches: they end before the cap where it is easily
 * had and at the cap where it cannot be, and say so; killed and resumed, or dealt out to shards and
 * merged, they give a folder of the same shape; and all of it can be made again from the samples.
 */
#include "tests/netns/leak_fixture.h"
#include "tests/netns/result_fixture.h"

#define CELLS 3
#define ITERATIONS 50
#define CAP 14
#define EARLIEST 10 /* the second look */

/* How fast a load was that keeps a pace: the same but for stalls of this machine, and those take
 * the interval nowhere near the whole mean. No machine has driver_cpu within a hundredth of a
 * percent. */
#define EASY "until={\"ci_half_width\":\"100%\",\"series\":[\"sent\"],\"max_batches\":14}"
#define IMPOSSIBLE                                                                                 \
	"until={\"ci_half_width\":\"0.01%\",\"series\":[\"driver_cpu\"],\"max_batches\":14}"

static void put_experiment(void)
{
	write_text("paced.json", "{\"name\":\"paced\",\"topology\":\"routed\",\"iterations\":50,"
				 "\"load\":{\"kind\":\"udp\",\"from\":\"vm\",\"to\":\"internet\","
				 "\"rate\":\"5kpps\",\"one_way\":true},"
				 "\"until\":true,\"sweep\":{\"load.size\":[100,200,300]}}");
}

static size_t batches_of(const json_t *summary, size_t cell)
{
	json_t *stopped = json_object_get(cell_of(summary, cell), "stopped");
	json_t *series, *list = json_object_get(cell_of(summary, cell), "series");
	size_t batches = (size_t)number_of(stopped, "batches"), i;

	json_array_foreach (list, i, series)
		assert_int_equal(json_array_size(json_object_get(series, "batches")), batches);
	assert_near(loss_of(summary, cell, "sent"), (double)batches * ITERATIONS, 0);
	return batches;
}

static void assert_stopped(const char *dir, size_t batches, const char *reason)
{
	_json_ json_t *summary = read_json(dir, "summary.json");
	_finished_ struct finished verified = labrun("verify", dir);

	assert_status(verified, 0);
	assert_true(is_valid(summary));
	for (size_t i = 0; i < CELLS; i++) {
		json_t *stopped = json_object_get(cell_of(summary, i), "stopped");
		json_t *worst = json_object_get(stopped, "worst");

		assert_int_equal(batches_of(summary, i), batches);
		assert_string_equal(json_string_value(json_object_get(stopped, "reason")), reason);
		assert_true(number_of(worst, "half_width_percent") >= 0);
	}
}

static void test_early(void **state)
{
	_finished_ struct finished finished = {}, json = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	put_experiment();
	finished = labrun("run", "paced.json", "--set", EASY, "--out", "r");
	assert_status(finished, 0);
	assert_says(finished.out,
		    "stopped after 10 batches, each 95 % interval that counts within 100 % of its "
		    "mean (the widest: sent both, ");
	assert_stopped("r", EARLIEST, "ci_half_width");
	json = labrun("run", "paced.json", "--set", EASY, "--json", "--quiet", "--out", "again");
	summary = json_loads(json.out, 0, NULL);
	assert_int_equal(batches_of(summary, 0), EARLIEST);
}

static void test_cap(void **state)
{
	_finished_ struct finished finished = {}, drawn = {}, page = {}, compared = {};

	(void)state;
	need_tracing();
	put_experiment();
	finished = labrun("run", "paced.json", "--set", IMPOSSIBLE, "--out", "r");
	assert_status(finished, 0);
	assert_says(finished.out, "stopped after 14 batches, the most allowed: ");
	assert_stopped("r", CAP, "max_batches");
	drawn = labrun("plot", "r");
	assert_status(drawn, 0);
	page = labrun("report", "r");
	assert_status(page, 0);
	compared = labrun("compare", "r", "r");
	assert_status(compared, 0);
}

static unsigned finished_jobs(void)
{
	char text[4096];

	return read_start("r.partial/finished.jobs", text, sizeof(text))
		       ? (unsigned)count_lines(text) - 1
		       : 0;
}

static void kill_after(const char *const *argv, unsigned jobs)
{
	_finished_ struct finished finished = {};
	struct running running;

	run_start(&running, NULL, argv);
	while (finished_jobs() < jobs && !run_ended(&running, 1))
		;
	kill(running.pid, SIGKILL);
	finished = run_wait(&running);
	assert_int_equal(finished.status, -SIGKILL);
	assert_false(exists("r"));
}

static void resume_after(const char *set, unsigned jobs, size_t batches, const char *reason)
{
	const char *const first[] = { "run",	 "paced.json", "--set", set,
				      "--quiet", "--out",      "r",	NULL };
	_finished_ struct finished finished = {};

	kill_after(first, jobs);
	finished = labrun("run", "--quiet", "--resume", "r");
	assert_status(finished, 0);
	assert_stopped("r", batches, reason);
	remove_tree("r");
}

static void test_resume(void **state)
{
	(void)state;
	need_tracing();
	put_experiment();
	resume_after(EASY, 5, EARLIEST, "ci_half_width");
	resume_after(EASY, CELLS * 8 + 1, EARLIEST, "ci_half_width");
	resume_after(IMPOSSIBLE, CELLS * EARLIEST + 1, CAP, "max_batches");
}

static void run_shard(const char *shard, const char *set, const char *out)
{
	_finished_ struct finished finished = labrun("run", "paced.json", "--set", set, "--shard",
						     shard, "--quiet", "--no-charts", "--out", out);
	_finished_ struct finished verified = labrun("verify", out);

	assert_status(finished, 0);
	assert_status(verified, 0);
}

/* The cells of one shard may have other numbers of batches than those of another. */
static void test_shards(void **state)
{
	static const char half[] =
		"until={\"ci_half_width\":\"12%\",\"series\":[\"driver_cpu\"],\"max_batches\":14}";
	_finished_ struct finished merged = {}, verified = {};
	_json_ json_t *summary = NULL;

	(void)state;
	need_tracing();
	put_experiment();
	run_shard("1/2", half, "a");
	run_shard("2/2", half, "b");
	merged = labrun("merge", "r", "a", "b");
	assert_status(merged, 0);
	verified = labrun("verify", "r");
	assert_status(verified, 0);
	summary = read_json("r", "summary.json");
	for (size_t i = 0; i < CELLS; i++)
		assert_true(batches_of(summary, i) >= EARLIEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = { program_test(test_early), program_test(test_cap),
					    program_test(test_resume), program_test(test_shards) };
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
