// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/format.h"

#include <math.h>
#include <stdlib.h>

struct crossover_params {
	json_t *of, *with;
	const char *over;
	double low, high; /* high 0: not asked */
};

static const struct field crossover_fields[] = {
	{ .name = "of",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct crossover_params, of),
	  .help = "the series that begins lower, a name or {series, direction, factors, stat}" },
	{ .name = "with",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct crossover_params, with),
	  .help = "the series that ends lower" },
	{ .name = "over",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct crossover_params, over),
	  .help = "the numeric factor, its path or the end of it" },
	{ .name = "low",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct crossover_params, low),
	  .optional = true,
	  .min = 0,
	  .max = 1e15,
	  .unit = "the factor's own",
	  .help = "where they cross, the whole interval is not below this" },
	{ .name = "high",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct crossover_params, high),
	  .optional = true,
	  .min = 1e-9,
	  .max = 1e15,
	  .unit = "the factor's own",
	  .help = "... and not above this" },
	FIELD_END
};

const struct kind claim_crossover = {
	.name = "crossover",
	.help = "one series is lower than another at the lowest value of a numeric factor and "
		"higher at the highest, and where they cross: batch by batch, between the two "
		"neighbouring values where that happens, as if both were lines there",
	.fields = crossover_fields,
	.params_size = sizeof(struct crossover_params),
};

/* The cells of one value of the factor: by how much the first series is above the other. */
struct point {
	const json_t *cell;
	const char *left, *right; /* names */
	double x, mean;
	double *differences; /* one a batch */
	size_t batches;
	struct interval interval;
};

struct points {
	const struct crossover_params *asked;
	struct point *items;
	size_t *count;
};

static void note_point(const struct pair *pair, const void *params, struct claim_job *job)
{
	const struct points *points = params;
	struct point *point = &points->items[*points->count];
	double x = cell_number(pair->cell, points->asked->over);

	if (isnan(x)) {
		claim_find(job, pair->cell, VERDICT_INCONCLUSIVE, "no factor %s that is a number",
			   points->asked->over);
		return;
	}
	*point = (struct point){ .cell = pair->cell, .x = x, .batches = pair->count };
	point->left = arena_strdup(job->arena, pair->left.name);
	point->right = arena_strdup(job->arena, pair->right.name);
	point->differences = arena_alloc(job->arena, pair->count * sizeof(double));
	for (size_t i = 0; i < pair->count; i++)
		point->differences[i] = pair->left_values[i] - pair->right_values[i];
	point->mean = stats_mean(point->differences, pair->count);
	point->interval = stats_mean_interval(point->differences, pair->count);
	++*points->count;
}

static int compare_x(const void *left, const void *right)
{
	double a = ((const struct point *)left)->x, b = ((const struct point *)right)->x;

	return (a > b) - (a < b);
}

/* The second of the two neighbours; `count` if it never gets above. */
static size_t find_crossing(const struct point *points, size_t count)
{
	size_t i = 1;

	while (i < count && !(points[i - 1].mean <= 0 && points[i].mean > 0))
		i++;
	return i;
}

/* False if a batch has no crossing there, even beyond the two: its lines are parallel or part. */
static bool cross_batches(struct claim_job *job, const struct point *before,
			  const struct point *after, double *ret_mean, struct interval *ret)
{
	double *places = arena_alloc(job->arena, before->batches * sizeof(*places));

	if (before->batches != after->batches)
		return false;
	for (size_t i = 0; i < before->batches; i++) {
		double low = before->differences[i], high = after->differences[i];

		if (!(high > low))
			return false;
		places[i] = before->x - low * (after->x - before->x) / (high - low);
	}
	*ret_mean = stats_mean(places, before->batches);
	*ret = stats_mean_interval(places, before->batches);
	return true;
}

static enum verdict judge(struct interval place, const struct crossover_params *asked)
{
	double high = asked->high > 0 ? asked->high : INFINITY;

	if (place.high < asked->low || place.low > high)
		return VERDICT_FAILS;
	return place.low >= asked->low && place.high <= high ? VERDICT_HOLDS : VERDICT_INCONCLUSIVE;
}

static void compare(const struct crossover_params *asked, const struct point *points, size_t count,
		    struct claim_job *job)
{
	size_t at = find_crossing(points, count);
	struct interval place;
	char text[FORMAT_MAX];
	double mean;

	if (at == count || !cross_batches(job, &points[at - 1], &points[at], &mean, &place))
		claim_find(job, points->cell, VERDICT_INCONCLUSIVE,
			   "%s and %s do not clearly cross", points->left, points->right);
	else
		claim_find(job, points->cell, judge(place, asked), "%s crosses %s at %s = %s",
			   points->left, points->right, asked->over,
			   format_interval(mean, place, "", text, sizeof(text)));
}

/* Of cells that differ in nothing but the factor, in its order. */
static void visit_set(const struct crossover_params *asked, const struct point *points,
		      size_t count, struct claim_job *job)
{
	const struct point *first = &points[0], *last = &points[count - 1];

	if (count < 2)
		claim_find(job, first->cell, VERDICT_INCONCLUSIVE,
			   "%s has 1 of the 2 values that it takes", asked->over);
	else if (first->interval.low > 0)
		claim_find(job, first->cell, VERDICT_FAILS, "%s is above %s at %s = %g already",
			   first->left, first->right, asked->over, first->x);
	else if (last->interval.high < 0)
		claim_find(job, last->cell, VERDICT_FAILS, "%s is still below %s at %s = %g",
			   last->left, last->right, asked->over, last->x);
	else if (!(first->interval.high < 0) || !(last->interval.low > 0))
		claim_find(job, first->cell, VERDICT_INCONCLUSIVE,
			   "%s and %s cannot be told apart at %s = %g", first->left, first->right,
			   asked->over, first->interval.high < 0 ? last->x : first->x);
	else
		compare(asked, points, count, job);
}

void claim_crossover_evaluate(const void *params, struct claim_job *job)
{
	const struct crossover_params *asked = params;
	size_t room = json_array_size(job->cells) + 1, count = 0, taken;
	struct point *all = arena_alloc(job->arena, room * sizeof(*all));
	struct point *set = arena_alloc(job->arena, room * sizeof(*set));
	const struct points points = { asked, all, &count };

	claim_each_pair(job, asked->of, asked->with, note_point, &points);
	for (size_t i = 0; i < count; i++) {
		if (!all[i].cell)
			continue;
		taken = 0;
		for (size_t j = i + 1; j < count; j++)
			if (all[j].cell &&
			    cells_agree(all[i].cell, all[j].cell, NULL, asked->over)) {
				set[taken++] = all[j];
				all[j].cell = NULL;
			}
		set[taken++] = all[i];
		qsort(set, taken, sizeof(*set), compare_x);
		visit_set(asked, set, taken, job);
	}
}
