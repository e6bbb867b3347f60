// SPDX-License-Identifier: GPL-2.0-only
#include "claim.h"

#include "harness/format.h"

#include <math.h>
#include <stdio.h>

struct ratio_params {
	json_t *of, *to;
	double at_least, at_most; /* 0: not asked */
};

static const struct field ratio_fields[] = {
	{ .name = "of",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct ratio_params, of),
	  .help = "the series above the line, a name or {series, direction, factors, stat}" },
	{ .name = "to",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct ratio_params, to),
	  .help = "the series below the line" },
	{ .name = "at_least",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct ratio_params, at_least),
	  .optional = true,
	  .min = 1e-9,
	  .max = 1e9,
	  .help = "the whole interval of the ratio is not below this" },
	{ .name = "at_most",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct ratio_params, at_most),
	  .optional = true,
	  .min = 1e-9,
	  .max = 1e9,
	  .help = "the whole interval of the ratio is not above this" },
	FIELD_END
};

const struct kind claim_ratio = {
	.name = "ratio",
	.help = "one series is so many times another: the interval of the ratio, batch by batch, "
		"keeps within at_least and at_most",
	.fields = ratio_fields,
	.params_size = sizeof(struct ratio_params),
};

static enum verdict judge(struct interval ratio, double at_least, double at_most)
{
	if (ratio.high < at_least || ratio.low > at_most)
		return VERDICT_FAILS;
	return ratio.low >= at_least && ratio.high <= at_most ? VERDICT_HOLDS
							      : VERDICT_INCONCLUSIVE;
}

static void say_bounds(const struct ratio_params *params, char *text, size_t size)
{
	if (params->at_least > 0 && params->at_most > 0)
		snprintf(text, size, "%g to %g", params->at_least, params->at_most);
	else if (params->at_least > 0)
		snprintf(text, size, "at least %g", params->at_least);
	else
		snprintf(text, size, "at most %g", params->at_most);
}

static void compare(const struct pair *pair, const void *params, struct claim_job *job)
{
	const struct ratio_params *asked = params;
	char left[FORMAT_MAX], right[FORMAT_MAX], ratio[FORMAT_MAX], bounds[FORMAT_MAX];
	double *ratios = arena_alloc(job->arena, pair->count * sizeof(*ratios));
	struct interval interval;

	for (size_t i = 0; i < pair->count; i++)
		ratios[i] = pair->left_values[i] / pair->right_values[i];
	/* A division by zero makes it NaN, which neither holds nor fails. */
	interval = stats_mean_interval(ratios, pair->count);
	say_bounds(asked, bounds, sizeof(bounds));
	claim_find(job, pair->cell,
		   judge(interval, asked->at_least, asked->at_most > 0 ? asked->at_most : INFINITY),
		   "%s %s / %s %s = %s, asked is %s", pair->left.name,
		   format_quantity(pair->left_mean, pair->left.unit, left, sizeof(left)),
		   pair->right.name,
		   format_quantity(pair->right_mean, pair->right.unit, right, sizeof(right)),
		   format_interval(stats_mean(ratios, pair->count), interval, "", ratio,
				   sizeof(ratio)),
		   bounds);
}

void claim_ratio_evaluate(const void *params, struct claim_job *job)
{
	const struct ratio_params *ratio = params;

	if (ratio->at_least > 0 || ratio->at_most > 0)
		claim_each_pair(job, ratio->of, ratio->to, compare, params);
	else
		claim_find(job, NULL, VERDICT_INCONCLUSIVE,
			   "the claim has neither at_least nor at_most");
}
