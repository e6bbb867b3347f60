// SPDX-License-Identifier: GPL-2.0-only
/* `labrun vm shell`: labrun's verbs typed in a guest, through a pipe and on a terminal. */
#include "tests/netns/leak_fixture.h"
#include "tests/vm/need_fixture.h"

#include "harness/proc.h"
#include "harness/vm.h"

#include <pty.h>
#include <termios.h>
#include <utmp.h>

static void take_commands(void)
{
	if (dup2(open("commands", O_RDONLY), STDIN_FILENO) < 0)
		_exit(125);
}

static struct finished shell_of(const char *commands)
{
	write_text("commands", commands);
	return labrun_as(take_commands, "vm", "shell", "6.1");
}

static void test_pipe(void **state)
{
	_holdings_ struct holdings *before = NULL;
	_finished_ struct finished finished = {};

	(void)state;
	need_kernel("6.1");
	before = holdings_new();
	finished =
		shell_of("labrun list; uname -r\nlabrun run vxlan --batches 1 --iterations 2 "
			 "--quiet --no-charts --out r >/dev/null; head -c 6 r/samples.csv; exit\n");
	assert_status(finished, 0);
	assert_says(finished.out, "experiments:\n");
	assert_says(finished.out, "vxlan-direct");
	assert_says(finished.out, "\n6.1.");
	assert_says(finished.out, "\ncell,");
	if (strstr(finished.out, "reboot") || strstr(finished.out, "labrun list"))
		fail_msg("more than the shell said: %s", finished.out);
	assert_nothing_left(before);
}

static void test_end_of_file(void **state)
{
	_finished_ struct finished finished = {};

	(void)state;
	need_kernel("6.1");
	finished = shell_of("echo one two\n");
	assert_status(finished, 0);
	/* dash ends its line at an end of file. */
	assert_string_equal(finished.out, "one two\n\n");
}

static void test_status(void **state)
{
	static const struct {
		const char *commands;
		int status;
		const char *out, *error;
	} cases[] = {
		{ "true\nfalse\n", 1, "", "" },
		{ "nosuch\n", 127, "nosuch", "" },
		{ "false\nexit 7\n", 7, "", "" },
		/* By a signal, as a shell tells it. What looks like the mark of an end is none. */
		{ "printf 'a\\037b\\037labrun shell end'; kill -9 $$\n", 137,
		  "a\037b\037labrun shell end", "" },
		/* The machine ends, and nobody knows how its shell would have. */
		{ "echo b >/proc/sysrq-trigger\n", 4, "", "the guest ended before its shell did" },
	};

	(void)state;
	need_kernel("6.1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_finished_ struct finished finished = shell_of(cases[i].commands);

		assert_status(finished, cases[i].status);
		assert_says(finished.out, cases[i].out);
		assert_says(finished.error, cases[i].error);
	}
}

/* Reads until `text` has come; false: it did not. */
static bool expect(int fd, const char *text)
{
	uint64_t deadline = clock_ms() + 60000;
	char seen[65536] = "";
	size_t used = 0;

	while (!strstr(seen, text) && clock_ms() < deadline && used < sizeof(seen) - 1) {
		ssize_t got = 0;

		if (poll(&(struct pollfd){ fd, POLLIN, 0 }, 1, 100) > 0)
			got = read(fd, seen + used, sizeof(seen) - 1 - used);
		if (got < 0)
			break;
		used += (size_t)got;
	}
	return strstr(seen, text);
}

static void test_terminal(void **state)
{
	struct winsize size = { .ws_row = 33, .ws_col = 77 };
	struct termios first, raw, last;
	int master, slave, status;
	pid_t pid;

	(void)state;
	need_kernel("6.1");
	assert_int_equal(openpty(&master, &slave, NULL, NULL, &size), 0);
	assert_int_equal(tcgetattr(slave, &first), 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (login_tty(slave))
			_exit(125);
		execl(getenv("LABRUN"), "labrun", "vm", "shell", "6.1", NULL);
		_exit(126);
	}
	assert_true(expect(master, "guest# "));
	assert_int_equal(tcgetattr(slave, &raw), 0);
	assert_false(raw.c_lflag & (ICANON | ECHO | ISIG));
	/* Ctrl-C is the guest's. */
	dprintf(master, "echo go; cat\r");
	assert_true(expect(master, "\ngo"));
	dprintf(master, "\003");
	assert_true(expect(master, "guest# "));
	dprintf(master, "exit 3\r");
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
	assert_int_equal(tcgetattr(slave, &last), 0);
	assert_int_equal(first.c_lflag, last.c_lflag);
	assert_int_equal(first.c_oflag, last.c_oflag);
	close(master);
	close(slave);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		program_test(test_pipe),
		program_test(test_end_of_file),
		program_test(test_status),
		program_test(test_terminal),
	};
	int status = run_prepare();

	return status ? status : cmocka_run_group_tests(tests, NULL, NULL);
}
