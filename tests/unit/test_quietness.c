// SPDX-License-Identifier: GPL-2.0-only
/*
 * Made-up machines: folders that hold what /proc and /sys would.
 */
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/machine_tasks.h"
#include "harness/quietness.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define CPU "/sys/devices/system/cpu"
#define CLOCK "/sys/devices/system/clocksource/clocksource0/current_clocksource"

static int make_root(void **state)
{
	char *root = strdup("/tmp/labrun-machine.XXXXXX");

	*state = root;
	return root && mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	int code = file_remove_tree(*state);

	free(*state);
	return code;
}

static void put_bytes(const char *root, const char *path, const char *bytes, size_t length)
{
	_free_ char *whole = NULL, *folder = NULL;
	struct err err;

	assert_true(asprintf(&whole, "%s%s", root, path) > 0);
	folder = strdup(whole);
	*strrchr(folder, '/') = '\0';
	assert_int_equal(file_make_dirs(folder, NULL, &err), 0);
	assert_int_equal(file_write(whole, bytes, length, &err), 0);
}

static void put(const char *root, const char *path, const char *text)
{
	put_bytes(root, path, text, strlen(text));
}

static struct finding judge(const struct machine *machine, const struct machine_use *use,
			    const char *name)
{
	struct finding findings[QUIETNESS_MAX];
	size_t count = quietness_judge(machine, use, findings);

	assert_true(count <= QUIETNESS_MAX);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(findings[i].name, name))
			return findings[i];
	fail_msg("nothing is said of %s", name);
	return findings[0];
}

#define assert_found(machine, name_, state_, what_)                                                \
	do {                                                                                       \
		struct finding found_ = judge(machine, NULL, name_);                               \
		assert_string_equal(quiet_state_names[found_.state], quiet_state_names[state_]);   \
		assert_string_equal(found_.what, what_);                                           \
	} while (0)

static void put_noisy(const char *root)
{
	put(root, CPU "/online", "0-3\n");
	put(root, CPU "/cpu0/cpufreq/scaling_governor", "powersave\n");
	put(root, CPU "/cpu3/cpufreq/scaling_governor", "powersave\n");
	put(root, CPU "/intel_pstate/no_turbo", "0\n");
	put(root, CPU "/smt/active", "1\n");
	put(root, CPU "/isolated", "\n");
	put(root, CPU "/nohz_full", "(null)\n");
	put(root, CPU "/cpuidle/current_driver", "intel_idle\n");
	put(root, CPU "/cpu0/cpuidle/state0/latency", "0\n");
	put(root, CPU "/cpu0/cpuidle/state1/latency", "133\n");
	put(root, CPU "/cpu0/cpuidle/state1/disable", "0\n");
	put(root, CPU "/cpu0/cpuidle/state2/latency", "890\n");
	put(root, CPU "/cpu0/cpuidle/state2/disable", "1\n");
	put(root, CLOCK, "hpet\n");
	put(root, "/proc/loadavg", "9.00 5.50 1.25 12/345 6789\n");
	put(root, "/proc/cpuinfo", "processor : 0\nflags : fpu hypervisor sse\n");
	put(root, "/sys/class/dmi/id/product_name", "Cloud 7\n");
	put(root, "/proc/stat", "cpu  1000 100 900 5000 500 10 90 200 7 7\ncpu0 1 2 3\n");
}

static void test_noisy_machine(void **state)
{
	struct machine machine;

	put_noisy(*state);
	machine_read(*state, &machine);
	assert_int_equal(machine.cpus, 4);
	assert_found(&machine, "governor", QUIET_NOISY, "powersave");
	assert_found(&machine, "turbo", QUIET_SOME, "on");
	assert_found(&machine, "SMT", QUIET_SOME, "on");
	assert_found(&machine, "load", QUIET_NOISY,
		     "9.00 over the last minute on 4 CPUs, 11 other tasks running now");
	assert_found(&machine, "virtual", QUIET_SOME, "yes: Cloud 7");
	assert_found(&machine, "clock", QUIET_NOISY, "hpet");
	assert_found(&machine, "idle", QUIET_SOME, "the deepest state takes 133 us to leave");
	assert_found(&machine, "isolation", QUIET_SOME, "isolated CPUs: none, without ticks: none");
}

static void test_quiet_machine(void **state)
{
	struct machine machine;

	put(*state, CPU "/online", "0-1,4\n");
	put(*state, CPU "/cpu0/cpufreq/scaling_governor", "performance\n");
	put(*state, CPU "/cpu1/cpufreq/scaling_governor", "performance\n");
	put(*state, CPU "/cpufreq/boost", "0\n");
	put(*state, CPU "/smt/active", "0\n");
	put(*state, CPU "/isolated", "1,4\n");
	put(*state, CPU "/nohz_full", "4\n");
	put(*state, CPU "/cpuidle/current_driver", "none\n");
	put(*state, CLOCK, "tsc\n");
	put(*state, "/proc/loadavg", "0.10 0.20 0.30 1/100 6789\n");
	put(*state, "/proc/cpuinfo", "processor : 0\nflags : fpu sse\n");
	machine_read(*state, &machine);
	assert_int_equal(machine.cpus, 3);
	assert_found(&machine, "governor", QUIET_FINE, "performance");
	assert_found(&machine, "turbo", QUIET_FINE, "off");
	assert_found(&machine, "SMT", QUIET_FINE, "off");
	assert_found(&machine, "load", QUIET_FINE,
		     "0.10 over the last minute on 3 CPUs, 0 other tasks running now");
	assert_found(&machine, "virtual", QUIET_FINE, "no");
	assert_found(&machine, "clock", QUIET_FINE, "tsc");
	assert_found(&machine, "idle", QUIET_FINE, "no idle state of the kernel's own");
	assert_found(&machine, "isolation", QUIET_FINE, "isolated CPUs: 1,4, without ticks: 4");
}

static void assert_all_unknown(const char *root)
{
	struct finding findings[QUIETNESS_MAX];
	struct machine machine;
	struct machine_use use;
	size_t count;

	machine_read(root, &machine);
	use = machine_use_between(&machine.ticks, &machine.ticks, machine.cpus, 0);
	count = quietness_judge(&machine, &use, findings);
	assert_int_equal(count, QUIETNESS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (findings[i].state != QUIET_UNKNOWN)
			fail_msg("%s: %s", findings[i].name, findings[i].what);
		assert_true(*findings[i].what && *findings[i].why && *findings[i].remedy);
	}
}

static void test_machine_that_tells_nothing(void **state)
{
	assert_all_unknown(*state);
}

/* Whatever is in the files: no crash, and nothing made up. */
static void test_garbage(void **state)
{
	static const char *const paths[] = {
		CPU "/online",
		CPU "/cpu0/cpufreq/scaling_governor",
		CPU "/cpufreq/boost",
		CPU "/intel_pstate/no_turbo",
		CPU "/smt/active",
		CPU "/isolated",
		CPU "/nohz_full",
		CPU "/cpu0/cpuidle/state0/latency",
		CLOCK,
		"/proc/loadavg",
		"/proc/cpuinfo",
		"/proc/stat",
		"/sys/class/dmi/id/product_name",
	};
	static const char binary[] = "\x01\xff\0\x80\x1b[31m 12 -7 99999999999999999999\n";
	char long_line[5000];

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		put_bytes(*state, paths[i], binary, sizeof(binary));
	assert_all_unknown(*state);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		put(*state, paths[i], "");
	assert_all_unknown(*state);
	memset(long_line, '\x7f', sizeof(long_line));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		put_bytes(*state, paths[i], long_line, sizeof(long_line));
	assert_all_unknown(*state);
}

static void test_numbers_that_cannot_be(void **state)
{
	struct machine machine;

	put(*state, CPU "/online", "3-1\n");
	put(*state, CPU "/smt/active", "-1\n");
	put(*state, CPU "/cpufreq/boost", "99999999999999999999\n");
	put(*state, "/proc/loadavg", "nan inf 1e300 -4/5 6\n");
	put(*state, "/proc/stat", "cpu 1 2 3 4 5 6 7\n");
	machine_read(*state, &machine);
	assert_int_equal(machine.cpus, MACHINE_UNKNOWN);
	assert_int_equal(machine.smt, MACHINE_UNKNOWN);
	assert_int_equal(machine.boost, MACHINE_UNKNOWN);
	assert_int_equal(machine.runnable, MACHINE_UNKNOWN);
	assert_near(machine.load[0], MACHINE_UNKNOWN, 0);
	assert_false(machine.ticks.known);
	put(*state, CPU "/online", "0-4000000000\n");
	machine_read(*state, &machine);
	assert_int_equal(machine.cpus, MACHINE_UNKNOWN);
}

static void test_governors_that_differ(void **state)
{
	struct machine machine;

	put(*state, CPU "/cpu0/cpufreq/scaling_governor", "performance\n");
	put(*state, CPU "/cpu1/cpufreq/scaling_governor", "schedutil\n");
	put(*state, CPU "/cpufreq/policy0/scaling_governor", "powersave\n");
	machine_read(*state, &machine);
	assert_int_equal(judge(&machine, NULL, "governor").state, QUIET_NOISY);
	assert_non_null(strstr(machine.governors, "performance"));
	assert_non_null(strstr(machine.governors, "schedutil"));
	assert_null(strstr(machine.governors, "powersave"));
}

/* What is long over stays in the average; what runs has not come into it yet. */
static void test_load(void **state)
{
	static const struct {
		const char *loadavg;
		enum quiet_state state;
	} rows[] = {
		{ "0.00 0.00 0.00 1/90 1\n", QUIET_FINE },
		{ "2.00 0.00 0.00 1/90 1\n", QUIET_FINE },
		{ "9.00 9.00 9.00 1/90 1\n", QUIET_SOME },
		{ "0.50 0.00 0.00 2/90 1\n", QUIET_SOME },
		{ "2.10 0.00 0.00 2/90 1\n", QUIET_NOISY },
		{ "0.00 0.00 0.00 5/90 1\n", QUIET_NOISY },
		{ "0.00 0.00 0.00 0/90 1\n", QUIET_FINE },
	};
	struct machine machine;

	put(*state, CPU "/online", "0-3\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		put(*state, "/proc/loadavg", rows[i].loadavg);
		machine_read(*state, &machine);
		if (judge(&machine, NULL, "load").state != rows[i].state)
			fail_msg("%s is %s", rows[i].loadavg,
				 quiet_state_names[judge(&machine, NULL, "load").state]);
	}
}

/* 12 of 100 ticks; of 50 busy ones 30 are ours. */
static void test_steal_of_a_span(void **state)
{
	struct machine machine;
	struct machine_use use;
	struct machine_ticks later;

	put_noisy(*state);
	machine_read(*state, &machine);
	put(*state, "/proc/stat", "cpu  1030 105 915 5030 500 12 96 212 7 7\n");
	later = machine_read_ticks(*state);
	use = machine_use_between(&machine.ticks, &later, 4, 0.30);
	assert_true(use.known);
	assert_near(use.seconds, 0.25, 1e-9);
	assert_near(use.steal_percent, 12, 1e-9);
	assert_near(use.busy_percent, 50, 1e-9);
	assert_near(use.others_percent, 20, 1e-9);
	assert_int_equal(judge(&machine, &use, "steal").state, QUIET_NOISY);
	assert_string_equal(judge(&machine, &use, "steal").what, "12 % of the CPUs' time in 0.2 s");
	assert_int_equal(judge(&machine, &use, "others").state, QUIET_NOISY);
	assert_true(judge(&machine, &use, "others").while_running);
	assert_false(judge(&machine, &use, "load").while_running);
	use.others_percent = 99.7;
	assert_string_equal(judge(&machine, &use, "others").what,
			    "programs other than labrun had 100 % of the CPUs' time in 0.2 s");
	/* What is charged to us in other ways than to the CPUs is not below nothing. */
	use = machine_use_between(&machine.ticks, &later, 4, 9);
	assert_near(use.others_percent, 0, 0);
	assert_int_equal(judge(&machine, &use, "others").state, QUIET_FINE);
}

static void test_counts_that_go_back(void **state)
{
	const struct machine_ticks from = { true, 100, 10, 1000 };
	struct machine_ticks to[] = {
		{ true, 100, 10, 1000 }, { true, 99, 10, 1100 },   { true, 110, 9, 1100 },
		{ true, 110, 11, 900 },	 { false, 110, 11, 1100 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(to); i++)
		assert_false(machine_use_between(&from, &to[i], 1, 0).known);
	to[0] = (struct machine_ticks){ true, 110, 11, 1100 };
	assert_true(machine_use_between(&from, &to[0], 1, 0).known);
	assert_false(machine_use_between(&from, &to[0], MACHINE_UNKNOWN, 0).known);
}

static void put_task(const char *root, int pid, const char *name, unsigned started, unsigned user,
		     unsigned system)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	snprintf(text, sizeof(text),
		 "%d (%s) R 1 2 3 0 -1 4194304 5 6 7 8 %u %u 0 0 20 0 1 0 %u 1000 10 0\n", pid,
		 name, user, system, started);
	put(root, path, text);
}

static void test_tasks(void **state)
{
	struct machine_tasks before, after;
	struct finding finding;

	put_task(*state, 10, "make) R 9 (x", 5, 100, 10);
	put_task(*state, 11, "idle", 5, 700, 700);
	put_task(*state, 12, "old", 5, 5000, 0);
	put_task(*state, 13, "\x1b[31m", 5, 0, 0);
	put(*state, "/proc/14/stat", "14 garbage");
	machine_tasks_read(*state, &before);
	assert_int_equal(before.count, 4);
	put_task(*state, 10, "make) R 9 (x", 5, 120, 20);
	put_task(*state, 12, "young", 900, 2, 1);
	put_task(*state, 13, "\x1b[31m", 5, 40, 0);
	put_task(*state, 15, "new", 950, 1, 0);
	machine_tasks_read(*state, &after);
	finding = quietness_judge_tasks(&before, &after, 0.5);
	assert_int_equal(finding.state, QUIET_NOISY);
	assert_string_equal(finding.what, "?[31m 80 %, make) R 9 (x 60 %, young 6 %");
	finding = quietness_judge_tasks(&after, &after, 0.5);
	assert_int_equal(finding.state, QUIET_FINE);
	machine_tasks_done(&after);
	put_task(*state, 16, "irqbalance", 5, 9, 9);
	machine_tasks_read(*state, &after);
	finding = quietness_judge_tasks(&after, &after, 0.5);
	assert_int_equal(finding.state, QUIET_SOME);
	assert_string_equal(finding.what, "irqbalance is there");
	machine_tasks_done(&after);
	machine_tasks_done(&before);
}

static void test_no_tasks(void **state)
{
	struct machine_tasks none, some;

	machine_tasks_read(*state, &none);
	put_task(*state, 10, "a", 5, 100, 10);
	machine_tasks_read(*state, &some);
	assert_int_equal(none.count, 0);
	assert_int_equal(quietness_judge_tasks(&none, &none, 1).state, QUIET_UNKNOWN);
	assert_int_equal(quietness_judge_tasks(&none, &some, 1).state, QUIET_UNKNOWN);
	machine_tasks_done(&none);
	machine_tasks_done(&some);
}

#define machine_test(body) cmocka_unit_test_setup_teardown(body, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		machine_test(test_noisy_machine),
		machine_test(test_quiet_machine),
		machine_test(test_machine_that_tells_nothing),
		machine_test(test_garbage),
		machine_test(test_numbers_that_cannot_be),
		machine_test(test_governors_that_differ),
		machine_test(test_load),
		machine_test(test_steal_of_a_span),
		machine_test(test_counts_that_go_back),
		machine_test(test_tasks),
		machine_test(test_no_tasks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
