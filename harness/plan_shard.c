// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

size_t plan_shard_cells(const struct plan *plan)
{
	return plan->outer_cells ? plan->outer_cells : plan->cell_count;
}

size_t plan_shard_unit(const struct plan *plan, const struct job *job)
{
	size_t cells = plan_shard_cells(plan), stride = plan->pair_stride;
	size_t cell = job->cell % cells;

	if (plan->boots)
		return job->cell / cells * plan->boots + job->batch;
	return stride ? cell / (2 * stride) * stride + cell % stride : cell;
}

size_t plan_shard_units(const struct plan *plan)
{
	size_t cells = plan_shard_cells(plan);

	if (plan->boots)
		return plan->cell_count / cells * plan->boots;
	return plan->pair_stride ? cells / 2 : cells;
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
	const char *what = plan->boots ? "boot" : plan->pair_stride ? "pair" : "cell";
	size_t units = plan_shard_units(plan);

	if (plan->shard.count <= units)
		return 0;
	return err_usage(err, "--shard %u/%u: there %s only %zu %s%s to deal out",
			 plan->shard.index, plan->shard.count, units == 1 ? "is" : "are", units,
			 what, units == 1 ? "" : "s");
}
