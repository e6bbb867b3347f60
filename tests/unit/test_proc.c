// SPDX-License-Identifier: GPL-2.0-only
#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"
#include "harness/proc.h"

#include <errno.h>
#include <string.h>
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_interrupt_ends_a_tool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
