// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cpus.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#define CPU_LAST (CPU_SETSIZE - 1)

const struct field cpus_fields[] = {
	{ .name = "load",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct cpus, load),
	  .optional = true,
	  .min = 0,
	  .max = CPU_LAST,
	  .help = "the CPU that sends; a load with several threads has those after it too" },
	{ .name = "receiver",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct cpus, receiver),
	  .optional = true,
	  .min = 0,
	  .max = CPU_LAST,
	  .help = "the CPU of the process that answers or receives, where there is one: not where "
		  "the kernel answers (ping)" },
	{ .name = "softirq",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct cpus, softirq),
	  .optional = true,
	  .min = 0,
	  .max = CPU_LAST,
	  .help = "the CPU on which packets are received, of every device in the lab (RPS), and so "
		  "forwarded and, by the kernel, answered; else the sender's. What a device polls "
		  "itself (GRO, XDP) stays where it was sent from" },
	FIELD_END
};

void cpus_mark_absent(struct cpus *cpus, const json_t *json)
{
	if (!json_object_get(json, "load"))
		cpus->load = CPU_ANY;
	if (!json_object_get(json, "receiver"))
		cpus->receiver = CPU_ANY;
	if (!json_object_get(json, "softirq"))
		cpus->softirq = CPU_ANY;
}

/* As the kernel writes lists of CPUs: "0-3,8". */
static void format_set(const cpu_set_t *set, char *text, size_t size)
{
	size_t used = 0;

	*text = '\0';
	for (int first = 0; first < CPU_SETSIZE && used < size; first++) {
		int last = first;

		if (!CPU_ISSET(first, set))
			continue;
		while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
			last++;
		used += (size_t)snprintf(text + used, size - used, "%s%d", used ? "," : "", first);
		if (last > first && used < size)
			used += (size_t)snprintf(text + used, size - used, "-%d", last);
		first = last;
	}
}

/* Those that are off are in no process' set. */
static int check_one(const cpu_set_t *allowed, const char *name, uint64_t cpu, struct err *err)
{
	long configured = sysconf(_SC_NPROCESSORS_CONF);
	char list[128];

	if (cpu == CPU_ANY || (cpu < CPU_SETSIZE && CPU_ISSET(cpu, allowed)))
		return 0;
	format_set(allowed, list, sizeof(list));
	if (configured > 0 && cpu >= (uint64_t)configured)
		return err_need(err, "cpus.%s: this machine has no CPU %llu; labrun may use %s",
				name, (unsigned long long)cpu, list);
	return err_need(err,
			"cpus.%s: CPU %llu is offline, or kept from labrun (taskset, cpuset); it "
			"may use %s",
			name, (unsigned long long)cpu, list);
}

int cpus_check(const struct cpus *cpus, uint64_t load_threads, struct err *err)
{
	cpu_set_t allowed;
	int code = 0;

	if (!cpus)
		return 0;
	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return err_errno(err, -errno, "which CPUs may be used");
	for (uint64_t i = 0; cpus->load != CPU_ANY && i < load_threads && !code; i++)
		code = check_one(&allowed, "load", cpus->load + i, err);
	if (!code)
		code = check_one(&allowed, "receiver", cpus->receiver, err);
	return code ? code : check_one(&allowed, "softirq", cpus->softirq, err);
}

int cpus_pin(uint64_t cpu, struct err *err)
{
	cpu_set_t set;

	if (cpu == CPU_ANY)
		return 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		return err_errno(err, -errno, "move to CPU %llu", (unsigned long long)cpu);
	return 0;
}
