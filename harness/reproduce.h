/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"
#include "harness/format.h"

#include <jansson.h>
#include <stdio.h>

struct reference;

/* What stands beside each other for one series of a summary; "-" where there is nothing. */
struct reproduce_row {
	char paper[FORMAT_MAX], measured[FORMAT_MAX], ratio[32];
};
struct reproduce_row reproduce_row(const struct reference *reference, const json_t *series);

/*
 * A result folder beside the numbers that its source published: the paper's mean and range over
 * its batches, ours with its interval, the ratio; of a sweep the published figures of each cell;
 * and the verdicts of the claims.
 */
int reproduce_print(const char *dir, FILE *out, struct err *err);
