// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

size_t plan_shard_unit(const struct plan *plan, const struct job *job)
{
	size_t cells = plan->outer_cells ? plan->outer_cells : plan->cell_count;

	return plan->boots ? job->cell / cells * plan->boots + job->batch : job->cell % cells;
}

size_t plan_shard_units(const struct plan *plan)
{
	size_t cells = plan->outer_cells ? plan->outer_cells : plan->cell_count;

	return plan->boots ? plan->cell_count / cells * plan->boots : cells;
}

bool plan_owns_cell(const struct plan *plan, size_t cell)
{
	struct job job = { .cell = (uint32_t)cell };

	if (!plan->boots)
		return shard_owns(&plan->shard, plan_shard_unit(plan, &job));
	for (; job.batch < plan->boots; job.batch++)
		if (shard_owns(&plan->shard, plan_shard_unit(plan, &job)))
			return true;
	return false;
}

void plan_drop_jobs(struct plan *plan)
{
	size_t count = 0;

	for (size_t i = 0; i < plan->job_count; i++)
		if (shard_owns(&plan->shard, plan_shard_unit(plan, &plan->jobs[i])))
			plan->jobs[count++] = plan->jobs[i];
	plan->job_count = count;
}

int plan_check_shard(const struct plan *plan, struct err *err)
{
	size_t units = plan_shard_units(plan);

	if (plan->shard.count <= units)
		return 0;
	return err_usage(err, "--shard %u/%u: there %s only %zu %s to deal out", plan->shard.index,
			 plan->shard.count, units == 1 ? "is" : "are", units,
			 plan->boots ? "boots" : "cells");
}
