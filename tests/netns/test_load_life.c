// SPDX-License-Identifier: GPL-2.0-only
/* How loads begin, fail and end: no process, descriptor or changed namespace is left behind. */
#include "tests/netns/load_fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* A minute, if nothing ends it. */
static const struct trial long_trial = {
	.ops = &load_udp,
	.destination = "127.0.0.1",
	.interval_us = 1000,
	.count = 60000,
	.udp = { .size = 64, .flows = 1, .port = 9000, .source_port = 4000 }
};

static void test_failures_say_why(void **state)
{
	static const struct {
		struct trial trial;
		const char *text;
	} cases[] = {
		{ { .ops = &load_ping,
		    .destination = "198.19.0.1",
		    .count = 3,
		    .ping = { .size = 56 } },
		  "load 'ping': driver: nothing could be sent: Network is unreachable" },
		{ { .ops = &load_ping,
		    .source = "198.19.0.1",
		    .destination = "127.0.0.1",
		    .count = 3,
		    .ping = { .size = 56 } },
		  "load 'ping': driver: bind to the source address: Cannot assign requested "
		  "address" },
		{ { .ops = &load_udp,
		    .destination = "127.0.0.1",
		    .count = 3,
		    .udp = { .size = 64, .flows = 1, .port = 9000, .source_port = 9000 } },
		  "load 'udp': driver: bind to source port 9000: Address already in use" },
	};
	struct load *load;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct load_report *report = trial_run(&cases[i].trial, *state, &load, -EIO, &err);

		assert_string_equal(err.text, cases[i].text);
		assert_int_equal(report->sent, 0);
		load_free(load);
	}
}

static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void test_a_taken_port(void **state)
{
	struct load *first, *second;
	struct err err;

	assert_int_equal(trial_start(&long_trial, *state, &first, &err), 0);
	assert_int_equal(trial_start(&long_trial, *state, &second, &err), -EADDRINUSE);
	assert_null(second);
	assert_string_equal(err.text, "load 'udp': listen in 'here': bind to port 9000: "
				      "Address already in use");
	load_free(first);
	assert_no_children();
}

static void test_no_such_node(void **state)
{
	const struct load_common common = { .from = "nowhere", .to = "here" };
	const struct udp_params params = { .size = 64, .flows = 1, .port = 9000 };
	const struct load_pass pass = {
		.common = &common, .params = &params, .destination = parse("127.0.0.1"), .count = 1
	};
	struct load *load;
	struct err err;

	/* The server runs already when the driver's node is looked up. */
	assert_int_equal(load_start(&load, &load_udp, &pass, *state, &err), -ENOENT);
	assert_string_equal(err.text, "load 'udp': there is no node 'nowhere'");
	assert_no_children();
}

static void test_free_at_any_time(void **state)
{
	uint64_t before_ns = pace_now_ns();
	struct load *load;
	struct err err;

	load_free(NULL);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(trial_start(&long_trial, *state, &load, &err), 0);
		if (i % 2)
			usleep(20000);
		load_free(load);
		assert_no_children();
	}
	assert_true(pace_now_ns() - before_ns < 2000000000);
}

static void test_stays_in_its_namespace(void **state)
{
	const struct trial trial = {
		.ops = &load_udp,
		.from = RIGHT,
		.to = LEFT,
		.destination = "198.18.0.1",
		.interval_us = 500,
		.count = 20,
		.udp = { .size = 64, .flows = 1, .port = 9000, .source_port = 4000 }
	};
	struct load *load;
	struct err err;
	_close_ int now = -1;
	char before[64], after[64];
	ssize_t length;

	length = readlink("/proc/thread-self/ns/net", before, sizeof(before));
	trial_run(&trial, *state, &load, 0, &err);
	load_free(load);
	assert_int_equal(readlink("/proc/thread-self/ns/net", after, sizeof(after)), length);
	assert_memory_equal(before, after, (size_t)length);
	now = open("/dev/null", O_RDONLY | O_CLOEXEC);
	/* And no descriptor is left behind: the lowest free one is the same as before. */
	trial_run(&trial, *state, &load, 0, &err);
	load_free(load);
	assert_int_equal(dup(now), now + 1);
	close(now + 1);
}

/*
 * Asked to stop, a driver wakes up, takes the last replies and ends as if its count were done; also
 * one that has inherited blocked signals, as the harness has them for its signalfd.
 */
static void test_stop(void **state)
{
	struct load_report *report;
	struct load *load;
	struct err err;
	sigset_t blocked, before;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	for (int i = 0; i < 6; i++) {
		sigprocmask(SIG_BLOCK, &blocked, &before);
		assert_int_equal(trial_start(&long_trial, *state, &load, &err), 0);
		sigprocmask(SIG_SETMASK, &before, NULL);
		usleep((unsigned)i * 20000);
		load_stop(load);
		assert_int_equal(load_finish(load, &report, &err), 0);
		assert_true(report->sent < long_trial.count);
		assert_int_equal(report->received, report->sent);
		assert_true(report->ended_ns >= report->started_ns);
		load_free(load);
		assert_no_children();
	}
}

static void test_children_die_with_the_harness(void **state)
{
	/* Orphans come to this process, which so sees how they end. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	kill_a_harness(&long_trial, *state, 100000);
	/* At once: before, while and after the driver asks for its signal. */
	for (int i = 0; i < 50; i++)
		kill_a_harness(&long_trial, *state, 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_failures_say_why),
		cmocka_unit_test(test_a_taken_port),
		cmocka_unit_test(test_no_such_node),
		cmocka_unit_test(test_free_at_any_time),
		cmocka_unit_test(test_stays_in_its_namespace),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_children_die_with_the_harness),
	};

	return run_in_lab(tests, ARRAY_SIZE(tests));
}
