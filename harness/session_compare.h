/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/outcome.h"

#include <stdbool.h>

/* The two sides of a run against each other, from the folder that it has become; `told` prints it.
 * OUTCOME_CLAIM_FAILS for a regression. */
enum outcome session_compare(const char *dir, bool told);
