/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Whether a summary.json that came from anywhere has the shape that its readers rely on. */

#include "harness/err.h"

#include <jansson.h>

#define RESULT_FORMAT 1

/* `name` is the file's, for faults. */
int result_summary_check(const json_t *summary, const char *name, struct err *err);
