/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Lines through cells: what the tests of a series over a numeric factor share. Least squares in
 * each batch by itself, Student's t over the batches' slopes.
 */

#include "harness/claim.h"

/* The head of the parameters of tests of a series over a numeric factor. */
struct trend_params {
	json_t *series, *where;
	const char *over;
};

#define TREND_FIELDS                                                                               \
	{ .name = "series",                                                                        \
	  .type = FIELD_ANY,                                                                       \
	  .offset = offsetof(struct trend_params, series),                                         \
	  .help = "the series, a name or {series, direction, factors, stat}" },                    \
		{ .name = "over",                                                                  \
		  .type = FIELD_STRING,                                                            \
		  .offset = offsetof(struct trend_params, over),                                   \
		  .help = "the numeric factor, its path or the end of it" },                       \
	{                                                                                          \
		.name = "where", .type = FIELD_ANY,                                                \
		.offset = offsetof(struct trend_params, where), .optional = true,                  \
		.help = "only cells with these factors, {name: value}"                             \
	}

struct trend {
	const json_t *cell; /* the first of them */
	struct picked picked;
	const char *over;
	double slope, r2, low, high; /* r2 of the cells' means; the factor's range */
	struct interval interval; /* of the slope, over batches */
	size_t batches, levels; /* distinct values of the factor */
};

typedef void (*trend_fn)(const struct trend *trend, const void *params, struct claim_job *job);
/* A line through the cells that differ in nothing but `over`; one for each such set of cells with
 * at least `levels` of them. What is missing becomes a finding. `params` begins with the head. */
void claim_each_trend(struct claim_job *job, size_t levels, trend_fn visit, const void *params);
