// SPDX-License-Identifier: GPL-2.0-only
#include "claim_trend.h"

#include "harness/format.h"

#include <math.h>

struct flat_params {
	struct trend_params trend; /* first */
	double tolerance;
};

static const struct field flat_fields[] = {
	TREND_FIELDS,
	{ .name = "tolerance",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct flat_params, tolerance),
	  .fallback = "0",
	  .min = 0,
	  .max = 1e15,
	  .unit = "the series' own, for each unit of the factor",
	  .help = "a slope up to this counts as flat; 0: any slope that cannot be told from none" },
	FIELD_END
};

const struct kind claim_flat = {
	.name = "flat",
	.help = "a series does not change with a numeric factor: the interval of the slope is "
		"within "
		"the tolerance or, without one, contains zero",
	.fields = flat_fields,
	.params_size = sizeof(struct flat_params),
};

/*
 * Without a tolerance "flat" says no more than that no slope was seen, and a noisy measurement
 * sees none. With one it is a test of equivalence, which noise makes inconclusive: two one-sided
 * tests, D. Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15 (1987), here by a 95 %
 * interval, which is stricter than the customary 90 %.
 */
static enum verdict judge(struct interval slope, double tolerance)
{
	if (slope.low > tolerance || slope.high < -tolerance)
		return VERDICT_FAILS;
	if (tolerance == 0)
		return slope.low <= 0 && slope.high >= 0 ? VERDICT_HOLDS : VERDICT_INCONCLUSIVE;
	return slope.low >= -tolerance && slope.high <= tolerance ? VERDICT_HOLDS
								  : VERDICT_INCONCLUSIVE;
}

static void compare(const struct trend *trend, const void *params, struct claim_job *job)
{
	const struct flat_params *asked = params;
	char slope[FORMAT_MAX], low[FORMAT_MAX], high[FORMAT_MAX];

	claim_find(job, trend->cell, judge(trend->interval, asked->tolerance),
		   "%s changes by %s per unit of %s, from %s to %s", trend->picked.name,
		   format_interval(trend->slope, trend->interval, trend->picked.unit, slope,
				   sizeof(slope)),
		   trend->over, format_quantity(trend->low, "", low, sizeof(low)),
		   format_quantity(trend->high, "", high, sizeof(high)));
}

void claim_flat_evaluate(const void *params, struct claim_job *job)
{
	claim_each_trend(job, 2, compare, params);
}
