/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"

#include <stdio.h>

/*
 * A result folder beside the numbers that its source published: the paper's mean and range over
 * its batches, ours with its interval, the ratio, and the verdicts of the claims.
 */
int reproduce_print(const char *dir, FILE *out, struct err *err);
