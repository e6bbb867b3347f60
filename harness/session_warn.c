// SPDX-License-Identifier: GPL-2.0-only
#include "harness/session_warn.h"

#include "harness/quietness.h"

#include <stdio.h>

static void warn(const struct machine *machine, const struct machine_use *use, bool while_running)
{
	struct finding findings[QUIETNESS_MAX];
	size_t count = quietness_judge(machine, use, findings);

	for (size_t i = 0; i < count; i++)
		if (findings[i].state == QUIET_NOISY && findings[i].while_running == while_running)
			fprintf(stderr, "labrun: warning: %s: %s: %s\n", findings[i].name,
				findings[i].what, findings[i].why);
}

void session_warn_before(const struct machine *machine)
{
	warn(machine, NULL, false);
}

void session_warn_after(const struct machine *machine, const struct machine_use *use)
{
	warn(machine, use, true);
}
