// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/format.h"

struct order_params {
	json_t *greater;
	struct list than; /* json_t * */
};

static const struct field order_fields[] = {
	{ .name = "greater",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct order_params, greater),
	  .help = "the greater series, a name or {series, direction, factors, stat}" },
	{ .name = "than",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct order_params, than),
	  .element = &(const struct field){ .type = FIELD_ANY, .help = "a series" },
	  .size = sizeof(json_t *),
	  .min = 1,
	  .max = 64,
	  .help = "what it is greater than: all of these" },
	FIELD_END
};

const struct kind claim_order = {
	.name = "order",
	.help = "one series is greater than others: the interval of the difference, batch by "
		"batch, "
		"is above zero",
	.fields = order_fields,
	.params_size = sizeof(struct order_params),
};

static enum verdict judge(struct interval difference)
{
	if (difference.low > 0)
		return VERDICT_HOLDS;
	return difference.high < 0 ? VERDICT_FAILS : VERDICT_INCONCLUSIVE;
}

static void compare(const struct pair *pair, const void *params, struct claim_job *job)
{
	char left[FORMAT_MAX], right[FORMAT_MAX], difference[FORMAT_MAX];
	double *differences = arena_alloc(job->arena, pair->count * sizeof(*differences));
	struct interval interval;

	(void)params;
	for (size_t i = 0; i < pair->count; i++)
		differences[i] = pair->left_values[i] - pair->right_values[i];
	interval = stats_mean_interval(differences, pair->count);
	claim_find(job, pair->cell, judge(interval), "%s %s - %s %s = %s", pair->left.name,
		   format_quantity(pair->left_mean, pair->left.unit, left, sizeof(left)),
		   pair->right.name,
		   format_quantity(pair->right_mean, pair->right.unit, right, sizeof(right)),
		   format_interval(stats_mean(differences, pair->count), interval, pair->left.unit,
				   difference, sizeof(difference)));
}

void claim_order_evaluate(const void *params, struct claim_job *job)
{
	const struct order_params *order = params;
	json_t *const *than = order->than.items;

	for (size_t i = 0; i < order->than.count; i++)
		claim_each_pair(job, order->greater, than[i], compare, params);
}
