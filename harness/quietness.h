/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What about a machine makes its measurements noisy, why, and what to do about it: judged from
 * what machine.h and machine_tasks.h have read. Pure.
 */

#include "harness/machine.h"

struct machine_tasks;

enum quiet_state {
	QUIET_UNKNOWN, /* the machine does not tell */
	QUIET_FINE,
	QUIET_SOME, /* there is noise that one may have to live with */
	QUIET_NOISY, /* a measurement taken now is to be distrusted */
};
extern const char *const quiet_state_names[]; /* "unknown", "quiet", "some", "NOISY" */

struct finding {
	const char *name; /* "governor" */
	enum quiet_state state;
	bool while_running; /* of a span of time, and not of how the machine is set up */
	char what[200];
	const char *why, *remedy; /* also said of what is unknown */
};

#define QUIETNESS_MAX 10
/* `use` of NULL: nothing was watched yet, and nothing is said of it. Returns how many. */
size_t quietness_judge(const struct machine *machine, const struct machine_use *use,
		       struct finding *ret);
/* Of who else was running between two looks at the tasks, `seconds` apart. */
struct finding quietness_judge_tasks(const struct machine_tasks *before,
				     const struct machine_tasks *after, double seconds);
