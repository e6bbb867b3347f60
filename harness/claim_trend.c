// SPDX-License-Identifier: GPL-2.0-only
#include "claim_trend.h"

#include "harness/cleanup.h"

#include <math.h>
#include <stdlib.h>

/* The cells that differ in nothing but the factor, and the series in each. */
struct trend_set {
	const struct trend_params *params;
	struct selection selection;
	const json_t **cells;
	struct picked *picked;
	double *x;
	size_t count;
};

static bool in_scope(const struct trend_set *set, const json_t *cell)
{
	return cell_matches(cell, set->selection.factors) && cell_matches(cell, set->params->where);
}

/* All that `over` and the selections leave open must be equal within a set. */
static bool same_set(const struct trend_set *set, const json_t *left, const json_t *right)
{
	return in_scope(set, right) && cells_agree(left, right, NULL, set->params->over);
}

static bool seen_before(const struct claim_job *job, const struct trend_set *set, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (in_scope(set, json_array_get(job->cells, i)) &&
		    same_set(set, json_array_get(job->cells, i), json_array_get(job->cells, index)))
			return true;
	return false;
}

static bool gather(struct claim_job *job, struct trend_set *set, const json_t *leader)
{
	const json_t *cell;
	size_t i;

	set->count = 0;
	json_array_foreach (job->cells, i, cell) {
		double x = cell_number(cell, set->params->over);

		if (!same_set(set, leader, cell))
			continue;
		if (isnan(x)) {
			claim_find(job, cell, VERDICT_INCONCLUSIVE, "no factor %s that is a number",
				   set->params->over);
			return false;
		}
		if (!selection_pick(job, &set->selection, cell, &set->picked[set->count]))
			return false;
		set->cells[set->count] = cell;
		set->x[set->count++] = x;
	}
	return true;
}

static void find_range(const struct trend_set *set, struct trend *trend)
{
	trend->low = INFINITY;
	trend->high = -INFINITY;
	trend->levels = 0;
	for (size_t i = 0; i < set->count; i++) {
		bool repeated = false;

		for (size_t j = 0; j < i; j++)
			repeated = repeated || set->x[j] == set->x[i];
		trend->levels += !repeated;
		trend->low = fmin(trend->low, set->x[i]);
		trend->high = fmax(trend->high, set->x[i]);
	}
}

/* One batch's value of each cell into `y`; false unless every cell has it: a line through other
 * cells than those of the other batches would have another slope. */
static bool batch_values(const struct trend_set *set, size_t batch, double *y)
{
	for (size_t i = 0; i < set->count; i++) {
		y[i] = picked_value(&set->picked[i], batch);
		if (isnan(y[i]))
			return false;
	}
	return true;
}

/* A slope a batch, so that their spread is that of whole repetitions of the experiment; residuals
 * of one line through all would take the cells' common disturbances for independent. */
static bool fit_batches(struct claim_job *job, const struct trend_set *set, struct trend *trend)
{
	size_t batches = json_array_size(set->picked[0].values);
	double *slopes = arena_alloc(job->arena, (batches + 1) * sizeof(*slopes));
	double *y = arena_alloc(job->arena, set->count * sizeof(*y));
	double *means = arena_alloc(job->arena, set->count * sizeof(*means));
	struct fit fit;

	trend->batches = 0;
	for (size_t b = 0; b < batches; b++) {
		if (!batch_values(set, b, y) || !stats_fit(set->x, y, set->count, &fit))
			continue;
		slopes[trend->batches++] = fit.slope;
		for (size_t i = 0; i < set->count; i++)
			means[i] += y[i];
	}
	if (trend->batches < 2)
		return false;
	for (size_t i = 0; i < set->count; i++)
		means[i] /= (double)trend->batches;
	trend->slope = stats_mean(slopes, trend->batches);
	trend->interval = stats_mean_interval(slopes, trend->batches);
	trend->r2 = stats_fit(set->x, means, set->count, &fit) ? fit.r2 : NAN;
	return true;
}

static void visit_set(struct claim_job *job, const struct trend_set *set, size_t levels,
		      trend_fn visit)
{
	struct trend trend = { .cell = set->cells[0],
			       .picked = set->picked[0],
			       .over = set->params->over };

	find_range(set, &trend);
	if (trend.levels < levels)
		claim_find(job, trend.cell, VERDICT_INCONCLUSIVE,
			   "%s has %zu of the %zu values that it takes", trend.over, trend.levels,
			   levels);
	else if (!fit_batches(job, set, &trend))
		claim_find(job, trend.cell, VERDICT_INCONCLUSIVE,
			   "%s has %zu whole %s, and an interval takes two", trend.picked.name,
			   trend.batches, trend.batches == 1 ? "batch" : "batches");
	else
		visit(&trend, set->params, job);
}

void claim_each_trend(struct claim_job *job, size_t levels, trend_fn visit, const void *params)
{
	const struct trend_params *head = params;
	size_t room = json_array_size(job->cells) + 1;
	struct trend_set set = { .params = head, .selection = selection_read(job, head->series) };
	const json_t *cell;
	bool any = false;
	size_t i;

	set.cells = arena_alloc(job->arena, room * sizeof(*set.cells));
	set.picked = arena_alloc(job->arena, room * sizeof(*set.picked));
	set.x = arena_alloc(job->arena, room * sizeof(*set.x));
	json_array_foreach (job->cells, i, cell) {
		if (!in_scope(&set, cell) || seen_before(job, &set, i))
			continue;
		any = true;
		if (gather(job, &set, cell))
			visit_set(job, &set, levels, visit);
	}
	if (!any)
		claim_find(job, NULL, VERDICT_INCONCLUSIVE,
			   "there is no cell with the factors asked");
}
