// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_cpus.h"

#include <errno.h>

int run_cpus_check(const struct plan *plan, struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < plan->cell_count && !code; i++) {
		const struct experiment *experiment = plan->cells[i].experiment;

		code = cpus_check(experiment->cpus,
				  load_thread_count((const struct load_ops *)experiment->load.kind,
						    experiment->load.params),
				  err);
	}
	return code;
}

static int refuse_guest(const char *name, uint64_t cpu, struct err *err)
{
	if (cpu == CPU_ANY || !cpu)
		return 0;
	return err_usage(err,
			 "cpus.%s: a guest has one CPU, whose number is 0: CPU %llu is for runs on "
			 "the machine itself, without --vm and --exact",
			 name, (unsigned long long)cpu);
}

int run_cpus_check_guest(const struct plan *plan, struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < plan->cell_count && !code; i++) {
		const struct cpus *cpus = plan->cells[i].experiment->cpus;

		if (!cpus)
			continue;
		code = refuse_guest("load", cpus->load, err);
		if (!code)
			code = refuse_guest("receiver", cpus->receiver, err);
		if (!code)
			code = refuse_guest("softirq", cpus->softirq, err);
	}
	return code;
}

static uint64_t busiest(const struct experiment *experiment)
{
	const struct cpus *cpus = experiment->cpus;

	if (!cpus)
		return CPU_ANY;
	return cpus->softirq != CPU_ANY ? cpus->softirq : cpus->load;
}

int run_cpus_move(const struct plan *plan, cpu_set_t *ret_before, struct err *err)
{
	uint64_t cpu = busiest(plan->cells[0].experiment);

	CPU_ZERO(ret_before);
	for (size_t i = 1; i < plan->cell_count; i++)
		if (busiest(plan->cells[i].experiment) != cpu)
			cpu = CPU_ANY;
	if (cpu != CPU_ANY && sched_getaffinity(0, sizeof(*ret_before), ret_before))
		return err_errno(err, -errno, "which CPUs may be used");
	return cpus_pin(cpu, err);
}

void run_cpus_return(const cpu_set_t *before)
{
	if (CPU_COUNT(before))
		sched_setaffinity(0, sizeof(*before), before);
}
