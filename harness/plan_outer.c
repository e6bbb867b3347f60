// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan.h"

#include <jansson.h>

static struct cell with_value(struct plan *plan, const struct cell *cell, const char *factor,
			      const char *value)
{
	struct cell copy = *cell;

	copy.factors = json_copy(cell->factors);
	json_object_set_new(copy.factors, factor, json_string(value));
	copy.label = arena_printf(plan->arena, "%s=%s%s%s", factor, value, *cell->label ? " " : "",
				  cell->label);
	json_incref(cell->experiment_json);
	json_incref(cell->topology_json);
	return copy;
}

void plan_add_outer(struct plan *plan, const char *factor, const char *const *values, size_t count)
{
	size_t cell_count = plan->cell_count;
	struct cell *cells = arena_alloc(plan->arena, count * cell_count * sizeof(*cells));

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < cell_count; j++)
			cells[i * cell_count + j] =
				with_value(plan, &plan->cells[j], factor, values[i]);
	for (size_t j = 0; j < cell_count; j++) {
		json_decref(plan->cells[j].factors);
		json_decref(plan->cells[j].experiment_json);
		json_decref(plan->cells[j].topology_json);
	}
	plan->outer_cells = cell_count;
	plan->cells = cells;
	plan->cell_count = count * cell_count;
}
