// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan_order.h"

#include "harness/cleanup.h"
#include "harness/plan_against.h"
#include "harness/splitmix.h"

#include <math.h>

static void shuffle(struct job *jobs, size_t count, uint64_t *state)
{
	for (size_t i = count; i > 1; i--) {
		size_t j = splitmix_next(state) % i;
		struct job job = jobs[i - 1];

		jobs[i - 1] = jobs[j];
		jobs[j] = job;
	}
}

/* The two ends, and as many halvings as bring the one within the resolution of the other. */
static double search_trials(double from_pps, double to_pps, double resolution)
{
	return 2 + fmax(0, ceil(log2(log(to_pps / from_pps) / log1p(resolution))));
}

static double load_seconds(const struct experiment *experiment)
{
	if (experiment->search)
		return experiment->search->trial_s * search_trials(experiment->search_pps[0],
								   experiment->search_pps[1],
								   experiment->search->resolution);
	if (experiment->duration_ns)
		return (double)experiment->duration_ns / 1e9;
	return (double)(experiment->packets + experiment->warmup) *
	       (double)experiment->interval_ps / 1e12;
}

/* The cells of one batch, in the order of the plan. */
static void list_cells(struct job *jobs, size_t count, size_t batch)
{
	for (size_t i = 0; i < count; i++)
		jobs[i] = (struct job){ .cell = (uint32_t)i, .batch = (uint32_t)batch };
}

/*
 * Pairs are shuffled as pairs, and their sides take turns in being first (A B B A): a drift of the
 * machine, and what the first of two leaves to the second, then falls on both alike.
 */
static void order_pairs(const struct plan *plan, struct job *jobs, size_t batch, uint64_t *state)
{
	size_t stride = plan->pair_stride;
	_free_ struct job *bases = calloc(plan->cell_count, sizeof(*bases));
	size_t count = 0;

	if (!bases)
		abort();
	for (size_t i = 0; i < plan->cell_count; i++)
		if (i / stride % 2 == 0)
			bases[count++] = jobs[i];
	shuffle(bases, count, state);
	for (size_t i = 0; i < count; i++) {
		struct job base = bases[i], new = base;

		new.cell += (uint32_t)stride;
		jobs[2 * i] = batch % 2 ? new : base;
		jobs[2 * i + 1] = batch % 2 ? base : new;
	}
}

void plan_order(struct plan *plan)
{
	const struct experiment *first = plan->cells[0].experiment;
	uint64_t state = first->seed;

	plan->pair_stride = plan_against_stride(plan);
	plan->job_count = first->batches * plan->cell_count;
	plan->jobs = arena_alloc(plan->arena, plan->job_count * sizeof(*plan->jobs));
	for (size_t batch = 0; batch < first->batches; batch++) {
		struct job *jobs = &plan->jobs[batch * plan->cell_count];

		list_cells(jobs, plan->cell_count, batch);
		if (plan->pair_stride)
			order_pairs(plan, jobs, batch, &state);
		else
			shuffle(jobs, plan->cell_count, &state);
	}
	for (size_t i = 0; i < plan->cell_count; i++)
		plan->load_s += (double)first->batches * load_seconds(plan->cells[i].experiment);
}
