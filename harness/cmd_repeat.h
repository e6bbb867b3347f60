/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * `run --repeat N`: N runs one after the other, each a process of its own, since what differs from
 * run to run is also where a process lies in memory. Their folders are DIR/run-1, DIR/run-2, ...
 */

#include "harness/outcome.h"
#include "harness/plan.h"

#include <stdbool.h>

struct repeat {
	unsigned count;
	const char *out; /* the folder of the runs; NULL: results/<experiment>/<UTC time> */
	char **argv; /* of `run`, its options first; what is added to them outdoes what is there */
	int argc, first_operand;
	bool quiet, json;
};

enum outcome repeat_run(const struct plan *plan, const struct repeat *repeat);
