// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

#include <jansson.h>

static struct cell with_kernel(struct plan *plan, const struct cell *cell, const char *kernel)
{
	struct cell copy = *cell;

	copy.factors = json_copy(cell->factors);
	json_object_set_new(copy.factors, "kernel", json_string(kernel));
	copy.label = arena_printf(plan->arena, "kernel=%s%s%s", kernel, *cell->label ? " " : "",
				  cell->label);
	json_incref(cell->experiment_json);
	json_incref(cell->topology_json);
	return copy;
}

void plan_add_kernels(struct plan *plan, const char *const *names, size_t count)
{
	size_t cell_count = plan->cell_count;
	struct cell *cells = arena_alloc(plan->arena, count * cell_count * sizeof(*cells));

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < cell_count; j++)
			cells[i * cell_count + j] = with_kernel(plan, &plan->cells[j], names[i]);
	for (size_t j = 0; j < cell_count; j++) {
		json_decref(plan->cells[j].factors);
		json_decref(plan->cells[j].experiment_json);
		json_decref(plan->cells[j].topology_json);
	}
	plan->kernel_cells = cell_count;
	plan->cells = cells;
	plan->cell_count = count * cell_count;
}
