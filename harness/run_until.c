// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_until.h"

#include "harness/cleanup.h"
#include "harness/until.h"

#include <stdlib.h>

struct run_until {
	const struct plan *plan;
	const struct experiment_until *rule; /* NULL: none */
	bool *enough; /* by cell */
	size_t next; /* look, in batches */
	size_t spared, passed; /* jobs */
};

struct run_until *run_until_new(const struct plan *plan)
{
	struct run_until *until = calloc(1, sizeof(*until));

	if (!until)
		abort();
	*until = (struct run_until){ .plan = plan, .rule = plan->cells[0].experiment->until };
	until->enough = calloc(plan->cell_count, sizeof(*until->enough));
	if (!until->enough)
		abort();
	until->next = until->rule ? until_next_look(until->rule, 0) : SIZE_MAX;
	return until;
}

void run_until_free(struct run_until *until)
{
	if (!until)
		return;
	free(until->enough);
	free(until);
}

static bool is_narrow(const struct run_until *until, const struct grouped *grouped, size_t cell)
{
	return until_look(until->rule, grouped, cell, until->next).narrow;
}

/* The other side's cell, where two are run against each other; else the cell itself. */
static size_t partner_of(const struct run_until *until, size_t cell)
{
	size_t stride = until->plan->pair_stride;

	if (!stride)
		return cell;
	return cell / stride % 2 ? cell - stride : cell + stride;
}

static void look(struct run_until *until, const struct samples *samples)
{
	_grouped_ struct grouped *grouped = grouped_new(samples, until->plan->cell_count);

	for (size_t i = 0; i < until->plan->cell_count; i++) {
		if (until->enough[i] || !plan_owns_cell(until->plan, i))
			continue;
		until->enough[i] = is_narrow(until, grouped, i) &&
				   is_narrow(until, grouped, partner_of(until, i));
		if (until->enough[i])
			until->spared += until->rule->max_batches - until->next;
	}
	until->next = until_next_look(until->rule, until->next);
}

bool run_until_has_enough(struct run_until *until, const struct job *job,
			  const struct samples *samples)
{
	while (job->batch >= until->next)
		look(until, samples);
	until->passed += until->enough[job->cell];
	return until->enough[job->cell];
}

size_t run_until_job_count(const struct run_until *until)
{
	return until->plan->job_count - until->spared;
}

size_t run_until_passed(const struct run_until *until)
{
	return until->passed;
}
