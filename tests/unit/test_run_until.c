// SPDX-License-Identifier: GPL-2.0-only
/*
 * Cells that end one by one: each goes on, interleaved with those that do, until it has batches
 * enough, and a run that was ended anywhere and resumed does just the jobs that are missing.
 */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/plan_order.h"
#include "harness/run_until.h"

#include <string.h>

#define CELLS 3
#define CAP 30

static const struct experiment_until rule = { 2, 5, CAP, {} }; /* looks at 5, 7, 9, 12, 15, ... */
static const size_t expected[CELLS] = { 7, CAP, 12 };

/* Calm; never calm; calm but for two early batches, which still show at the look after 7. */
static double value_of(const struct job *job)
{
	if (job->cell == 1)
		return job->batch % 2 ? 50 : 150;
	if (job->cell == 2 && (job->batch == 1 || job->batch == 2))
		return job->batch == 1 ? 96 : 104;
	return 100;
}

struct made {
	struct plan plan;
	struct cell cells[CELLS];
	struct experiment experiment;
};

static void make(struct made *made)
{
	*made = (struct made){ .experiment = { .batches = CAP, .seed = 3, .until = &rule } };
	for (size_t i = 0; i < CELLS; i++)
		made->cells[i].experiment = &made->experiment;
	made->plan =
		(struct plan){ .cells = made->cells, .cell_count = CELLS, .arena = arena_new() };
	plan_order(&made->plan);
}

static void add(struct samples *samples, const struct job *job)
{
	samples_add(samples, job->cell, job->batch, 0,
		    samples_series(samples, "rtt", DIRECTION_BOTH, "ns"), value_of(job));
}

/* What a run does, until it ends or has done `most` jobs. Returns how many it did. */
static size_t go_on(const struct plan *plan, struct samples *samples, bool *done, size_t most)
{
	struct run_until *until = run_until_new(plan);
	size_t count = 0;

	for (size_t i = 0; i < plan->job_count && count < most; i++) {
		const struct job *job = &plan->jobs[i];
		size_t index = plan_job_index(plan, job);

		if (run_until_has_enough(until, job, samples) || done[index])
			continue;
		add(samples, job);
		done[index] = true;
		count++;
	}
	if (count < most)
		assert_int_equal(run_until_job_count(until) + run_until_passed(until),
				 plan->job_count);
	run_until_free(until);
	return count;
}

static void expect_done(const struct plan *plan, const bool *done)
{
	for (uint32_t cell = 0; cell < CELLS; cell++)
		for (uint32_t batch = 0; batch < CAP; batch++)
			if (done[plan_job_index(plan, &(struct job){ cell, batch })] !=
			    (batch < expected[cell]))
				fail_msg("cell %u, batch %u", cell, batch);
}

static void test_killed_anywhere(void **state)
{
	const size_t all = expected[0] + expected[1] + expected[2];
	struct made made;

	(void)state;
	make(&made);
	for (size_t killed = 0; killed <= all; killed++) {
		struct samples *samples = samples_new();
		bool done[CELLS * CAP] = {};

		assert_int_equal(go_on(&made.plan, samples, done, killed), killed);
		assert_int_equal(go_on(&made.plan, samples, done, SIZE_MAX), all - killed);
		expect_done(&made.plan, done);
		samples_free(samples);
	}
	arena_free(made.plan.arena);
}

/* A shard looks at its own cells alone, and its jobs left out are its own. */
static void test_shard(void **state)
{
	struct samples *samples = samples_new();
	bool done[CELLS * CAP] = {};
	struct made made;

	(void)state;
	make(&made);
	made.plan.shard = (struct shard){ 1, 2 };
	plan_drop_jobs(&made.plan);
	assert_int_equal(go_on(&made.plan, samples, done, SIZE_MAX), expected[0] + expected[2]);
	samples_free(samples);
	arena_free(made.plan.arena);
}

/* Two sides end together: the calm one goes on with the other. */
static void test_against(void **state)
{
	struct samples *samples = samples_new();
	bool done[CELLS * CAP] = {};
	_json_ json_t *experiment = json_pack("{s:s}", "against", "size");
	_json_ json_t *base = json_pack("{s:i}", "size", 1), *new = json_pack("{s:i}", "size", 2);
	struct made made;

	(void)state;
	make(&made);
	made.cells[0] = (struct cell){ .experiment = &made.experiment, .factors = base };
	made.cells[1] = (struct cell){ .experiment = &made.experiment, .factors = new };
	made.plan.experiment_json = experiment;
	made.plan.cell_count = 2;
	plan_order(&made.plan);
	assert_int_equal(go_on(&made.plan, samples, done, SIZE_MAX), 2 * CAP);
	samples_free(samples);
	arena_free(made.plan.arena);
}

static void test_without(void **state)
{
	struct samples *samples = samples_new();
	bool done[CELLS * CAP] = {};
	struct made made;

	(void)state;
	make(&made);
	made.experiment.until = NULL;
	assert_int_equal(go_on(&made.plan, samples, done, SIZE_MAX), CELLS * CAP);
	samples_free(samples);
	arena_free(made.plan.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_anywhere),
		cmocka_unit_test(test_shard),
		cmocka_unit_test(test_against),
		cmocka_unit_test(test_without),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
