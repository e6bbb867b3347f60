// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/cleanup.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct sides {
	struct selection left, right;
};

static bool same_selection(const struct sides *sides)
{
	return !strcmp(sides->left.series, sides->right.series) &&
	       sides->left.direction == sides->right.direction &&
	       sides->left.stat == sides->right.stat;
}

/* The cell that differs from `cell` in nothing but the factors given on the right. */
static const json_t *find_partner(const json_t *cells, const json_t *cell, const json_t *factors)
{
	const json_t *other;
	size_t i;

	if (!json_object_size(factors))
		return cell;
	json_array_foreach (cells, i, other)
		if (cell_matches(other, factors) && cells_agree(cell, other, factors, NULL))
			return other;
	return NULL;
}

static void take_common(struct pair *pair, size_t batches)
{
	for (size_t b = 0; b < batches; b++) {
		double left = picked_value(&pair->left, b), right = picked_value(&pair->right, b);

		if (isnan(left) || isnan(right))
			continue;
		pair->left_values[pair->count] = left;
		pair->right_values[pair->count++] = right;
	}
	pair->left_mean = stats_mean(pair->left_values, pair->count);
	pair->right_mean = stats_mean(pair->right_values, pair->count);
}

static void visit_values(struct claim_job *job, struct pair *pair, pair_fn visit,
			 const void *params)
{
	size_t batches = json_array_size(pair->left.values);
	bool alone = pair->left.values == pair->right.values;

	pair->left_values = arena_alloc(job->arena, (batches + 1) * sizeof(double));
	pair->right_values = arena_alloc(job->arena, (batches + 1) * sizeof(double));
	take_common(pair, batches);
	if (strcmp(pair->left.unit, pair->right.unit))
		claim_find(job, pair->cell, VERDICT_INCONCLUSIVE, "%s is in %s but %s in %s",
			   pair->left.name, pair->left.unit, pair->right.name, pair->right.unit);
	else if (pair->count < 2)
		claim_find(job, pair->cell, VERDICT_INCONCLUSIVE,
			   "%s%s%s has %zu %s, and an interval takes two", pair->left.name,
			   alone ? "" : " with ", alone ? "" : pair->right.name, pair->count,
			   pair->count == 1 ? "batch" : "batches");
	else
		visit(pair, params, job);
}

static void visit_cell(struct claim_job *job, const struct sides *sides, const json_t *cell,
		       pair_fn visit, const void *params)
{
	const json_t *partner = find_partner(job->cells, cell, sides->right.factors);
	struct pair pair = { .cell = cell };
	_free_ char *wanted = NULL;

	if (!partner) {
		wanted = json_dumps(sides->right.factors, JSON_COMPACT);
		claim_find(job, cell, VERDICT_INCONCLUSIVE,
			   "there is no cell with %s to go with it", wanted);
		return;
	}
	if (partner == cell && sides->right.factors && same_selection(sides))
		return;
	if (selection_pick(job, &sides->left, cell, &pair.left) &&
	    selection_pick(job, &sides->right, partner, &pair.right))
		visit_values(job, &pair, visit, params);
}

static void visit_sides(struct claim_job *job, const struct sides *sides, pair_fn visit,
			const void *params)
{
	_free_ char *wanted = NULL;
	const json_t *cell;
	bool any = false;
	size_t i;

	json_array_foreach (job->cells, i, cell) {
		if (!cell_matches(cell, sides->left.factors))
			continue;
		any = true;
		visit_cell(job, sides, cell, visit, params);
	}
	if (any)
		return;
	wanted = sides->left.factors ? json_dumps(sides->left.factors, JSON_COMPACT) : NULL;
	claim_find(job, NULL, VERDICT_INCONCLUSIVE, "there is no cell%s%s", wanted ? " with " : "",
		   wanted ? wanted : "");
}

void claim_each_pair(struct claim_job *job, json_t *left, json_t *right, pair_fn visit,
		     const void *params)
{
	const struct sides sides = { selection_read(job, left), selection_read(job, right) };

	visit_sides(job, &sides, visit, params);
}

void claim_each_cell(struct claim_job *job, json_t *selection, pair_fn visit, const void *params)
{
	struct sides sides = { selection_read(job, selection), selection_read(job, selection) };

	sides.right.factors = NULL;
	visit_sides(job, &sides, visit, params);
}
