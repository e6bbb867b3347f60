/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What this machine allows, found by trying it inside the sandbox, not by reading version numbers.
 * What is refused is said with the reason and what to do instead.
 */

#include "harness/err.h"
#include "harness/quietness.h"

#include <stdbool.h>

struct checkup {
	const char *group, *name;
	bool works;
	bool needed; /* by every run; else only by what uses it */
	struct err why; /* if it does not */
};

typedef void (*checkup_fn)(void *context, const struct checkup *checkup);

/* Calls `tell` for each thing tried. */
void doctor_examine(checkup_fn tell, void *context);

/* Outside of the sandbox, where other processes are seen: watches the machine for a while. Each
 * thing that can make it noisy; returns how many. */
#define DOCTOR_WATCH_MS 500
#define DOCTOR_FINDINGS (QUIETNESS_MAX + 1)
size_t doctor_listen(struct finding *ret);
