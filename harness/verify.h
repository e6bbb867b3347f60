/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Whether a result folder is what labrun wrote. Two independent questions:
 *
 * - Are the files as they were when the folder was made? SHA256SUMS tells, if it was not forged.
 * - Do tables, summary, verdicts and charts follow from the raw tables? They are made again from
 *   samples.csv, counters.csv and calibration.csv, and compared byte by byte.
 *
 * What neither can find: raw tables changed together with all that follows from them and with
 * SHA256SUMS. That takes a signature over SHA256SUMS, or running it again.
 */

#include "harness/err.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * *ret, a new reference: {"folder", "verified", "manifest": "matches" | "differs" | "none",
 * "listed": files in it, "recomputed": [files found alike], "not_compared": [{"file", "why"}],
 * "findings": [{"file", "finding"}]}. -EINVAL and a usage error if it is not a result folder.
 */
int verify_folder(json_t **ret, const char *dir, struct err *err);
bool verify_passed(const json_t *report);
void verify_text(const json_t *report, FILE *out);
