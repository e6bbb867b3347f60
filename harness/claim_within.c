// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/format.h"

struct within_params {
	json_t *series;
	double low, high;
};

static const struct field within_fields[] = {
	{ .name = "series",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct within_params, series),
	  .help = "the series, a name or {series, direction, factors, stat}" },
	{ .name = "low",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct within_params, low),
	  .unit = "the series' own",
	  .help = "the whole interval is not below this" },
	{ .name = "high",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct within_params, high),
	  .unit = "the series' own",
	  .help = "the whole interval is not above this" },
	FIELD_END
};

const struct kind claim_within = {
	.name = "within",
	.help = "a series lies between two figures: its whole interval over batches does",
	.fields = within_fields,
	.params_size = sizeof(struct within_params),
};

static enum verdict judge(struct interval interval, const struct within_params *asked)
{
	if (interval.high < asked->low || interval.low > asked->high)
		return VERDICT_FAILS;
	return interval.low >= asked->low && interval.high <= asked->high ? VERDICT_HOLDS
									  : VERDICT_INCONCLUSIVE;
}

/* Paired with itself: both sides are the one series. */
static void compare(const struct pair *pair, const void *params, struct claim_job *job)
{
	const struct within_params *asked = params;
	char value[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];
	struct interval interval = stats_mean_interval(pair->left_values, pair->count);

	claim_find(
		job, pair->cell, judge(interval, asked), "%s is %s, asked is %s to %s",
		pair->left.name,
		format_interval(pair->left_mean, interval, pair->left.unit, value, sizeof(value)),
		format_quantity(asked->low, pair->left.unit, low, sizeof(low)),
		format_quantity(asked->high, pair->left.unit, high, sizeof(high)));
}

void claim_within_evaluate(const void *params, struct claim_job *job)
{
	const struct within_params *within = params;

	claim_each_cell(job, within->series, compare, params);
}
