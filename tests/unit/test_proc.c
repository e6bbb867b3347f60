// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"
#include "harness/proc.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int run(const char *const *argv, struct err *err)
{
	return proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, err);
}

static void test_statuses(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(run((const char *const[]){ "true", NULL }, &err), 0);
	assert_int_equal(run((const char *const[]){ "false", NULL }, &err), -EIO);
	assert_string_equal(err.text, "false: exit status 1");
	assert_int_equal(run((const char *const[]){ "no-such-tool", NULL }, &err), -ENOENT);
	assert_string_equal(err.text, "no-such-tool is not installed");
}

/* As in the sandbox: blocked, so that a signal stays pending until somebody looks. */
static int run_interrupted(void)
{
	struct err err = {};
	sigset_t signals;

	interrupt_fill(&signals);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	raise(SIGTERM);
	if (run((const char *const[]){ "sleep", "1000", NULL }, &err) >= 0)
		return 1;
	return err.class == ERR_INTERRUPTED ? 0 : 2;
}

/* A tool that goes on for a quarter of an hour is not waited for: the alarm would end the test. */
static void test_interrupt_ends_a_tool(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		alarm(100);
		_exit(run_interrupted());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define MIB (1 << 20)
#define TOOL_MIB 24

/* One that holds so much at a time, and reads much more. */
static void run_large(struct proc_spent *spent)
{
	static const char *const argv[] = { "dd",     "if=/dev/zero", "of=/dev/null",
					    "bs=24M", "count=8",      NULL };
	struct err err;

	assert_int_equal(
		proc_run(&(struct proc){ .argv = argv, .netns_fd = -1, .spent = spent }, &err), 0);
}

/* The kernel's own account of all children that were waited for. */
static uint64_t children_cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

static void test_spent(void **state)
{
	struct proc_spent spent = {};
	uint64_t before_ns = children_cpu_ns(), one_ns;

	(void)state;
	run_large(&spent);
	one_ns = spent.cpu_ns;
	assert_true(one_ns > 0);
	run_large(&spent);
	assert_true(spent.cpu_ns > one_ns);
	/* Microseconds, rounded for each. */
	assert_near((double)spent.cpu_ns, (double)(children_cpu_ns() - before_ns), 10000);
	assert_true(spent.peak_bytes > TOOL_MIB * MIB);
	assert_true(spent.peak_bytes < (TOOL_MIB + 16) * MIB);
	assert_true(spent.peak_bytes > spent.hidden_bytes);
}

/* The kernel's figure for a small tool is then ours. */
static void test_spent_hidden(void **state)
{
	struct proc_spent spent = {};
	size_t bytes = 4 * TOOL_MIB * MIB;
	char *large = malloc(bytes);
	struct err err;

	(void)state;
	assert_non_null(large);
	memset(large, 1, bytes);
	assert_int_equal(proc_run(&(struct proc){ .argv = (const char *const[]){ "true", NULL },
						  .netns_fd = -1,
						  .spent = &spent },
				  &err),
			 0);
	assert_int_equal(spent.peak_bytes, 0);
	assert_true(spent.hidden_bytes >= bytes);
	run_large(&spent);
	/* The large one is known to be no larger than that, no more. */
	assert_true(spent.peak_bytes <= spent.hidden_bytes);
	assert_int_equal(large[bytes / 2], 1);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_interrupt_ends_a_tool),
		cmocka_unit_test(test_spent),
		cmocka_unit_test(test_spent_hidden),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
