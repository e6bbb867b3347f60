// SPDX-License-Identifier: GPL-2.0-only
#include "harness/quietness.h"

#include "harness/cleanup.h"
#include "harness/machine_tasks.h"

#include <string.h>

/* Of all CPUs' time. A tick in a hundred that is missing is a packet in a hundred that waits. */
#define STEAL_NOISY_PERCENT 1.0
#define STEAL_SOME_PERCENT 0.1
#define OTHERS_NOISY_PERCENT 10.0
#define OTHERS_SOME_PERCENT 3.0
/* The average counts what is long over; so somebody must be running now, too. */
#define LOAD_NOISY_PER_CPU 0.5
/* Beyond what a packet takes through a whole topology. */
#define IDLE_LONG_US 20
#define TASK_BUSY_PERCENT 5.0 /* of one CPU */
#define TASKS_NAMED 3

const char *const quiet_state_names[] = { "unknown", "quiet", "some", "NOISY" };

/* By what it is called: `fine`, NULL-terminated, are the names of quiet ones; an empty one is not
 * told, in the words `untold`. */
static void judge_name(struct finding *finding, const char *name, const char *const *fine,
		       const char *untold)
{
	snprintf(finding->what, sizeof(finding->what), "%s", *name ? name : untold);
	finding->state = *name ? QUIET_NOISY : QUIET_UNKNOWN;
	for (; *fine; fine++)
		if (!strcmp(name, *fine))
			finding->state = QUIET_FINE;
}

static struct finding judge_governor(const struct machine *machine)
{
	static const char *const steady[] = { "performance", "userspace", NULL };
	struct finding finding = {
		.name = "governor",
		.why = "the CPU's speed follows its load: what is measured depends on what was "
		       "done before",
		.remedy = "cpupower frequency-set -g performance (of a virtual machine: on its "
			  "host)",
	};

	judge_name(&finding, machine->governors, steady, "no CPU's is told here");
	return finding;
}

static struct finding judge_boost(const struct machine *machine)
{
	struct finding finding = {
		.name = "turbo",
		.why = "how fast a CPU goes beyond its nominal speed hangs on heat and on what "
		       "the others do",
		.remedy = "echo 0 > /sys/devices/system/cpu/cpufreq/boost, or with intel_pstate "
			  "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo",
	};

	if (machine->boost < 0)
		snprintf(finding.what, sizeof(finding.what), "not told");
	else
		snprintf(finding.what, sizeof(finding.what), machine->boost ? "on" : "off");
	if (machine->boost >= 0)
		finding.state = machine->boost ? QUIET_SOME : QUIET_FINE;
	return finding;
}

static struct finding judge_smt(const struct machine *machine)
{
	struct finding finding = {
		.name = "SMT",
		.why = "two CPUs share a core: what runs on one slows down the other",
		.remedy = "echo off > /sys/devices/system/cpu/smt/control, or cpus in the "
			  "experiment with CPUs of different cores (lscpu -e)",
	};

	/* A guest's CPUs may share a core without being told so. */
	if (machine->smt < 0 || (!machine->smt && machine->hypervisor > 0)) {
		snprintf(finding.what, sizeof(finding.what),
			 machine->smt ? "not told" : "none, or not told by the hypervisor");
		return finding;
	}
	finding.state = machine->smt ? QUIET_SOME : QUIET_FINE;
	snprintf(finding.what, sizeof(finding.what), machine->smt ? "on" : "off");
	return finding;
}

/* This task is one of those that can run. */
static struct finding judge_load(const struct machine *machine)
{
	struct finding finding = {
		.name = "load",
		.why = "whoever else runs takes the CPU and the caches from what is measured",
		.remedy = "end what else runs (top), or wait until it is over",
	};
	int others = machine->runnable > 0 ? machine->runnable - 1 : 0;

	if (machine->runnable < 0 || machine->cpus < 1) {
		snprintf(finding.what, sizeof(finding.what), "not told");
		return finding;
	}
	snprintf(finding.what, sizeof(finding.what),
		 "%.2f over the last minute on %d CPU%s, %d other task%s running now",
		 machine->load[0], machine->cpus, machine->cpus == 1 ? "" : "s", others,
		 others == 1 ? "" : "s");
	finding.state = QUIET_FINE;
	if (others || machine->load[0] > LOAD_NOISY_PER_CPU * machine->cpus)
		finding.state = QUIET_SOME;
	if (others >= machine->cpus ||
	    (others && machine->load[0] > LOAD_NOISY_PER_CPU * machine->cpus))
		finding.state = QUIET_NOISY;
	return finding;
}

static struct finding judge_virtual(const struct machine *machine)
{
	struct finding finding = {
		.name = "virtual",
		.state = QUIET_FINE,
		.why = "the hypervisor may stop a CPU at any time, and its host's speed and "
		       "neighbours are not seen here",
		.remedy = "measure on the machine itself, or take --exact, which counts "
			  "instructions",
	};

	snprintf(finding.what, sizeof(finding.what), "no");
	if (machine->hypervisor < 0)
		snprintf(finding.what, sizeof(finding.what), "not told");
	if (machine->hypervisor > 0)
		snprintf(finding.what, sizeof(finding.what), "yes%s%s",
			 *machine->product ? ": " : "", machine->product);
	if (machine->hypervisor)
		finding.state = machine->hypervisor < 0 ? QUIET_UNKNOWN : QUIET_SOME;
	return finding;
}

/* Those that are read in tens of nanoseconds, without leaving the CPU. */
static struct finding judge_clock(const struct machine *machine)
{
	static const char *const near[] = {
		"tsc",	    "tsc-early", "kvm-clock",	     "hyperv_clocksource_tsc_page",
		"timebase", "xen",	 "arch_sys_counter", "riscv_clocksource",
		"tod",	    NULL,
	};
	struct finding finding = {
		.name = "clock",
		.why = "it takes the kernel a microsecond or more to read this clock, at each hop",
		.remedy = "see dmesg for why the TSC was given up; boot with clocksource=tsc "
			  "tsc=reliable if it can be trusted",
	};

	judge_name(&finding, machine->clocksource, near, "not told");
	return finding;
}

static struct finding judge_idle(const struct machine *machine)
{
	struct finding finding = {
		.name = "idle",
		.why = "a CPU that sleeps between packets takes that long to wake up",
		.remedy = "cpupower idle-set -D 10, or boot with idle=poll",
	};

	if (machine->idle_exit_us < 0) {
		snprintf(finding.what, sizeof(finding.what), "no idle state is told");
		return finding;
	}
	snprintf(finding.what, sizeof(finding.what), "the deepest state takes %d us to leave",
		 machine->idle_exit_us);
	if (!machine->idle_exit_us)
		snprintf(finding.what, sizeof(finding.what), "no idle state of the kernel's own");
	finding.state = machine->idle_exit_us > IDLE_LONG_US ? QUIET_SOME : QUIET_FINE;
	return finding;
}

static struct finding judge_isolation(const struct machine *machine)
{
	struct finding finding = {
		.name = "isolation",
		.why = "on every CPU the kernel puts whatever it likes",
		.remedy = "boot with isolcpus= or nohz_full=, and put load and receiver there "
			  "(cpus in the experiment); softirq cannot be handed to an isolated CPU",
	};

	if (!machine->isolation_known) {
		snprintf(finding.what, sizeof(finding.what), "not told");
		return finding;
	}
	finding.state = *machine->isolated ? QUIET_FINE : QUIET_SOME;
	snprintf(finding.what, sizeof(finding.what), "isolated CPUs: %s, without ticks: %s",
		 *machine->isolated ? machine->isolated : "none",
		 *machine->nohz_full ? machine->nohz_full : "none");
	return finding;
}

static enum quiet_state by_percent(double percent, double some, double noisy)
{
	if (percent >= noisy)
		return QUIET_NOISY;
	return percent >= some ? QUIET_SOME : QUIET_FINE;
}

/* Two digits, and never "1e+02". */
static void say_share(double percent, double seconds, struct finding *finding)
{
	size_t used = strlen(finding->what);

	snprintf(finding->what + used, sizeof(finding->what) - used,
		 percent < 99.5 ? "%.2g %% of the CPUs' time in %.1f s"
				: "%.0f %% of the CPUs' time in %.1f s",
		 percent, seconds);
}

static struct finding judge_steal(const struct machine_use *use)
{
	struct finding finding = {
		.name = "steal",
		.while_running = true,
		.why = "the hypervisor ran another machine on these CPUs: whatever was on its way "
		       "stood still",
		.remedy = "a machine with CPUs of its own, or more and shorter batches at another "
			  "time, or --exact",
	};

	snprintf(finding.what, sizeof(finding.what), "not told");
	if (!use->known)
		return finding;
	finding.state = by_percent(use->steal_percent, STEAL_SOME_PERCENT, STEAL_NOISY_PERCENT);
	finding.what[0] = '\0';
	say_share(use->steal_percent, use->seconds, &finding);
	return finding;
}

static struct finding judge_others(const struct machine_use *use)
{
	struct finding finding = {
		.name = "others",
		.while_running = true,
		.why = "whoever else runs takes the CPU and the caches from what is measured",
		.remedy = "end what else runs (labrun doctor names it), and measure again",
	};

	snprintf(finding.what, sizeof(finding.what), "not told");
	if (!use->known)
		return finding;
	finding.state = by_percent(use->others_percent, OTHERS_SOME_PERCENT, OTHERS_NOISY_PERCENT);
	snprintf(finding.what, sizeof(finding.what), "programs other than labrun had ");
	say_share(use->others_percent, use->seconds, &finding);
	return finding;
}

size_t quietness_judge(const struct machine *machine, const struct machine_use *use,
		       struct finding *ret)
{
	static struct finding (*const judges[])(const struct machine *) = {
		judge_governor, judge_boost, judge_smt,	 judge_load,
		judge_virtual,	judge_clock, judge_idle, judge_isolation,
	};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(judges); i++)
		ret[count++] = judges[i](machine);
	if (use)
		ret[count++] = judge_steal(use);
	if (use)
		ret[count++] = judge_others(use);
	return count;
}

static void name_task(const struct machine_task *task, double percent, struct finding *finding)
{
	size_t used = strlen(finding->what);

	snprintf(finding->what + used, sizeof(finding->what) - used, "%s%s %.0f %%",
		 used ? ", " : "", task->name, percent);
}

struct finding quietness_judge_tasks(const struct machine_tasks *before,
				     const struct machine_tasks *after, double seconds)
{
	struct finding finding = {
		.name = "processes",
		.state = QUIET_FINE,
		.while_running = true,
		.why = "they take the CPU and the caches from what is measured",
		.remedy = "end them, or keep them off the CPUs of the measurement (taskset); "
			  "irqbalance moves interrupts about: systemctl stop irqbalance",
	};
	struct machine_busy busy[TASKS_NAMED];
	size_t count = machine_tasks_busiest(before, after, seconds, busy, TASKS_NAMED);

	for (size_t i = 0; i < count; i++)
		if (busy[i].percent >= TASK_BUSY_PERCENT)
			name_task(busy[i].task, busy[i].percent, &finding);
	if (*finding.what)
		finding.state = QUIET_NOISY;
	if (machine_tasks_find(after, "irqbalance")) {
		size_t used = strlen(finding.what);

		snprintf(finding.what + used, sizeof(finding.what) - used, "%sirqbalance is there",
			 used ? "; " : "");
		finding.state = used ? QUIET_NOISY : QUIET_SOME;
	}
	if (!*finding.what)
		snprintf(finding.what, sizeof(finding.what), "none takes %.0f %% of a CPU",
			 TASK_BUSY_PERCENT);
	if (!before->count || !after->count) {
		finding.state = QUIET_UNKNOWN;
		snprintf(finding.what, sizeof(finding.what), "not told");
	}
	return finding;
}
