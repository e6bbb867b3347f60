// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_summary.h"

#include "harness/cleanup.h"
#include "harness/summary.h"

#include <string.h>

json_t *results_summary(const struct plan *plan, const char *mode, double loss_tolerance,
			const struct run_outcome *outcome)
{
	bool exact = !strcmp(mode, "exact"); /* there each of its seeds is a batch */
	_arena_ struct arena *arena = arena_new();
	_free_ struct summary_cell *cells = calloc(plan->cell_count, sizeof(*cells));
	const struct summary_input input = {
		.experiment = plan->name,
		.mode = mode,
		.cells = cells,
		.cell_count = plan->cell_count,
		.loss_tolerance = loss_tolerance,
		.samples = outcome->samples,
		.blocks = outcome->blocks,
		.block_count = outcome->block_count,
		.shard = plan->shard,
		.until = exact ? NULL : experiment_read_until(plan->experiment_json, arena),
	};
	json_t *summary;

	if (!cells)
		abort();
	for (size_t i = 0; i < plan->cell_count; i++)
		cells[i] = (struct summary_cell){ plan->cells[i].factors, outcome->cell_errors[i],
						  !plan_owns_cell(plan, i) };
	summary = summary_build(&input);
	json_object_set_new(summary, "claims", claims_evaluate(plan->experiment_json, summary));
	return summary;
}
