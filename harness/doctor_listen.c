// SPDX-License-Identifier: GPL-2.0-only
#include "harness/doctor.h"

#include "harness/machine_tasks.h"

#include <time.h>

size_t doctor_listen(struct finding *ret)
{
	const struct timespec nap = { .tv_nsec = DOCTOR_WATCH_MS * 1000000l };
	struct machine_tasks before, after;
	struct machine_use use;
	struct machine machine;
	struct machine_ticks ticks;
	size_t count;

	machine_tasks_read("", &before);
	machine_read("", &machine);
	nanosleep(&nap, NULL);
	ticks = machine_read_ticks("");
	machine_tasks_read("", &after);
	use = machine_use_between(&machine.ticks, &ticks, machine.cpus, 0);
	count = quietness_judge(&machine, &use, ret);
	ret[count++] = quietness_judge_tasks(&before, &after, DOCTOR_WATCH_MS / 1000.0);
	machine_tasks_done(&before);
	machine_tasks_done(&after);
	return count;
}
