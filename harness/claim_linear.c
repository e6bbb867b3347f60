// SPDX-License-Identifier: GPL-2.0-only
#include "claim_trend.h"

#include "harness/format.h"

#include <math.h>

struct linear_params {
	struct trend_params trend; /* first */
	double min_r2, slope_low, slope_high; /* slope_high 0: not asked */
};

static const struct field linear_fields[] = {
	TREND_FIELDS,
	{ .name = "min_r2",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct linear_params, min_r2),
	  .fallback = "0.98",
	  .min = 0,
	  .max = 1,
	  .help = "how much of the cells' spread the line must explain, at least" },
	{ .name = "slope_low",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct linear_params, slope_low),
	  .optional = true,
	  .min = 0,
	  .max = 1e15,
	  .unit = "the series' own, for each unit of the factor",
	  .help = "the slope's whole interval is not below this" },
	{ .name = "slope_high",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct linear_params, slope_high),
	  .optional = true,
	  .min = 1e-15,
	  .max = 1e15,
	  .unit = "the series' own, for each unit of the factor",
	  .help = "... and not above this" },
	FIELD_END
};

const struct kind claim_linear = {
	.name = "linear",
	.help = "a series grows along a line with a numeric factor: the interval of the slope is "
		"above "
		"zero, and a line explains the cells' means",
	.fields = linear_fields,
	.params_size = sizeof(struct linear_params),
};

static enum verdict judge(const struct trend *trend, const struct linear_params *asked)
{
	double high = asked->slope_high > 0 ? asked->slope_high : INFINITY;
	struct interval slope = trend->interval;

	if (slope.high < 0 || slope.high < asked->slope_low || slope.low > high)
		return VERDICT_FAILS;
	if (!(slope.low > 0) || slope.low < asked->slope_low || slope.high > high)
		return VERDICT_INCONCLUSIVE;
	return trend->r2 >= asked->min_r2 ? VERDICT_HOLDS : VERDICT_FAILS;
}

static void compare(const struct trend *trend, const void *params, struct claim_job *job)
{
	const struct linear_params *asked = params;
	char slope[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];

	claim_find(job, trend->cell, judge(trend, asked),
		   "%s grows by %s per unit of %s, from %s to %s; R2 is %.4f, asked is %g",
		   trend->picked.name,
		   format_interval(trend->slope, trend->interval, trend->picked.unit, slope,
				   sizeof(slope)),
		   trend->over, format_quantity(trend->low, "", low, sizeof(low)),
		   format_quantity(trend->high, "", high, sizeof(high)), trend->r2, asked->min_r2);
}

/* Two points are always on a line. */
void claim_linear_evaluate(const void *params, struct claim_job *job)
{
	claim_each_trend(job, 3, compare, params);
}
