// SPDX-License-Identifier: GPL-2.0-only
/* What loads count and measure. */
#include "tests/netns/load_fixture.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const struct trial complete_trials[] = {
	{ .ops = &load_ping,
	  .destination = "127.0.0.1",
	  .interval_us = 1000,
	  .count = 200,
	  .ping = { .size = 56 } },
	{ .ops = &load_ping,
	  .source = "127.0.0.2",
	  .destination = "127.0.0.3",
	  .interval_us = 100,
	  .count = 200,
	  .ping = { .size = 16, .ttl = 1 } },
	{ .ops = &load_ping,
	  .source = "::1",
	  .destination = "::1",
	  .interval_us = 1000,
	  .count = 200,
	  .first_sequence = STAMP_WARMUP,
	  .ping = { .size = 57, .ttl = 3 } },
	{ .ops = &load_ping, .destination = "::1", .count = 1000, .ping = { .size = 1000 } },
	{ .ops = &load_ping, .destination = "127.0.0.1", .count = 50, .ping = { .size = 65000 } },
	{ .ops = &load_ping,
	  .from = LEFT,
	  .to = RIGHT,
	  .source = "198.18.0.1",
	  .destination = "198.18.0.2",
	  .interval_us = 500,
	  .count = 200,
	  .ping = { .size = 56, .ttl = 1 } },
	{ .ops = &load_udp,
	  .destination = "127.0.0.1",
	  .interval_us = 500,
	  .count = 200,
	  .udp = { .size = 16, .flows = 1, .port = 7, .source_port = 4000 } },
	{ .ops = &load_udp,
	  .source = "::1",
	  .destination = "::1",
	  .interval_us = 500,
	  .count = 200,
	  .udp = { .size = 64, .flows = 3, .port = 9000, .source_port = 4000 } },
	{ .ops = &load_udp,
	  .destination = "127.9.9.9",
	  .count = 1000,
	  .udp = { .size = 64, .flows = 1, .port = 9000, .source_port = 4000 } },
	{ .ops = &load_udp,
	  .destination = "127.0.0.1",
	  .interval_us = 50,
	  .count = 3000,
	  .first_sequence = STAMP_WARMUP,
	  .udp = { .size = 99, .flows = 1024, .port = 9000, .source_port = 40000 } },
	{ .ops = &load_udp,
	  .from = RIGHT,
	  .to = LEFT,
	  .source = "198.18.0.2",
	  .destination = "198.18.0.1",
	  .interval_us = 500,
	  .count = 200,
	  .udp = { .size = 1472, .flows = 1, .port = 9000, .source_port = 9000 } },
	{ .ops = &load_udp,
	  .destination = "127.0.0.1",
	  .interval_us = 100,
	  .count = 500,
	  .first_sequence = 7,
	  .udp = { .size = 64, .flows = 2, .port = 9000, .source_port = 4000, .one_way = true } },
	{ .ops = &load_udp,
	  .from = LEFT,
	  .to = RIGHT,
	  .source = "198.18.0.1",
	  .destination = "198.18.0.2",
	  .count = 2000,
	  .first_sequence = UINT32_MAX - 9,
	  .udp = { .size = 64, .flows = 64, .port = 9000, .source_port = 4000, .one_way = true } },
};

static void test_asked_is_sent_is_received(void **state)
{
	struct rlimit limit;

	/* Fewer descriptors than flows: the driver has to raise it. */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 256;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	for (size_t i = 0; i < ARRAY_SIZE(complete_trials); i++) {
		const struct trial *trial = &complete_trials[i];
		bool one_way = trial->udp.one_way;
		struct load *load;
		struct err err;
		struct load_report *report = trial_run(trial, *state, &load, 0, &err);

		if (report->sent != trial->count || report->received != trial->count)
			fail_msg("trial %zu: %lu sent, %lu received", i, report->sent,
				 report->received);
		assert_int_equal(report->served, trial->ops == &load_udp ? trial->count : 0);
		assert_int_equal(report->duplicates, 0);
		assert_int_equal(report->late_replies, 0);
		assert_int_equal(report->send_errors, 0);
		for (uint64_t at = 0; at < trial->count; at++) {
			assert_true(load_lateness_ns(report)[at] < 1000000000);
			assert_true((load_round_trip_ns(report)[at] == UINT64_MAX) == one_way);
		}
		assert_true(report->ended_ns - report->started_ns >=
			    (trial->count - 1) * trial->interval_us * 1000);
		load_free(load);
	}
}

static void test_a_start_to_come(void **state)
{
	const struct load_common common = { .from = "here", .to = "here", .timeout_ms = 1000 };
	const struct ping_params params = { .size = 56 };
	struct load_pass pass = {
		.common = &common, .params = &params, .destination = parse("127.0.0.1"), .count = 1
	};
	struct load_report *report;
	struct load *load;
	struct err err;

	pass.start_ns = pace_now_ns() + 50000000;
	assert_int_equal(load_start(&load, &load_ping, &pass, *state, &err), 0);
	assert_int_equal(load_finish(load, &report, &err), 0);
	assert_int_equal(report->started_ns, pass.start_ns);
	assert_true(report->ended_ns >= pass.start_ns);
	assert_int_equal(report->received, 1);
	load_free(load);
}

static void set_echo_ignored(const struct lab *lab, int node, const char *value)
{
	_close_ int fd = -1;

	assert_int_equal(setns(lab->fds[node], CLONE_NEWNET), 0);
	fd = open("/proc/sys/net/ipv4/icmp_echo_ignore_all", O_WRONLY);
	assert_int_equal(write(fd, value, 1), 1);
	assert_int_equal(setns(lab->fds[HERE], CLONE_NEWNET), 0);
}

static void test_unanswered_ends_in_time(void **state)
{
	const struct trial trials[] = {
		{ .ops = &load_ping,
		  .from = LEFT,
		  .to = RIGHT,
		  .destination = "198.18.0.2",
		  .interval_us = 1000,
		  .timeout_ms = 100,
		  .count = 5,
		  .ping = { .size = 56 } },
		{ .ops = &load_ping,
		  .from = LEFT,
		  .to = RIGHT,
		  .destination = "198.18.0.2",
		  .timeout_ms = 20,
		  .count = 5,
		  .ping = { .size = 56 } },
		/* Nobody listens there: each refusal is an answer, but no reply. */
		{ .ops = &load_udp,
		  .from = LEFT,
		  .to = HERE,
		  .destination = "198.18.0.2",
		  .interval_us = 1000,
		  .timeout_ms = 100,
		  .count = 5,
		  .udp = { .size = 64, .flows = 1, .port = 9000, .source_port = 4000 } },
	};
	struct load *load;
	struct err err;

	set_echo_ignored(*state, RIGHT, "1");
	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		uint64_t begun_ns = pace_now_ns();
		struct load_report *report = trial_run(&trials[i], *state, &load, 0, &err);
		uint64_t took_ns = pace_now_ns() - begun_ns;

		assert_int_equal(report->sent, 5);
		assert_int_equal(report->send_errors, 0);
		assert_int_equal(report->received, 0);
		assert_true(load_lateness_ns(report)[4] != UINT64_MAX);
		assert_true(load_round_trip_ns(report)[4] == UINT64_MAX);
		assert_true(took_ns >= 100000000 && took_ns < 1000000000);
		load_free(load);
	}
	set_echo_ignored(*state, RIGHT, "0");
}

static void test_one_way_loss(void **state)
{
	const struct trial trial = { .ops = &load_udp,
				     .from = LEFT,
				     .to = HERE,
				     .destination = "198.18.0.2",
				     .interval_us = 1000,
				     .timeout_ms = 100,
				     .count = 5,
				     .udp = { .size = 64,
					      .flows = 1,
					      .port = 9000,
					      .source_port = 4000,
					      .one_way = true } };
	uint64_t before_ns = pace_now_ns();
	struct load *load;
	struct err err;
	struct load_report *report = trial_run(&trial, *state, &load, 0, &err);

	assert_int_equal(report->sent, 5);
	assert_int_equal(report->received, 0);
	assert_true(pace_now_ns() - before_ns < 1000000000);
	load_free(load);
}

/*
 * The server reads nothing until load_finish() has waited longer than its quiet time: what is in
 * the server's buffer is not lost.
 */
static void test_one_way_backlog(void **state)
{
	const struct trial trial = { .ops = &load_udp,
				     .destination = "127.0.0.1",
				     .interval_us = 100,
				     .count = 200,
				     .udp = { .size = 64,
					      .flows = 1,
					      .port = 9000,
					      .source_port = 4000,
					      .one_way = true } };
	struct load_report *report;
	struct load *load;
	struct err err;
	pid_t server, waker;

	assert_int_equal(trial_start(&trial, *state, &load, &err), 0);
	server = first_child();
	assert_int_equal(kill(server, SIGSTOP), 0);
	assert_int_equal(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 20000), 1);
	waker = fork();
	if (!waker) {
		usleep(100000);
		_exit(kill(server, SIGCONT) ? 1 : 0);
	}
	assert_int_equal(load_finish(load, &report, &err), 0);
	assert_int_equal(waitpid(waker, NULL, 0), waker);
	assert_int_equal(report->sent, 200);
	assert_int_equal(report->received, 200);
	load_free(load);
}

/* Seen by a raw socket of the receiving node, which is shown the requests' IP headers. */
static void test_time_to_live(void **state)
{
	const struct trial trial = { .ops = &load_ping,
				     .from = LEFT,
				     .to = RIGHT,
				     .destination = "198.18.0.2",
				     .count = 1,
				     .ping = { .size = 56, .ttl = 17 } };
	const struct lab *lab = *state;
	struct load_report *report;
	unsigned char packet[256];
	struct load *load;
	struct err err;
	_close_ int fd = -1;

	assert_int_equal(setns(lab->fds[RIGHT], CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	assert_int_equal(setns(lab->fds[HERE], CLONE_NEWNET), 0);
	report = trial_run(&trial, lab, &load, 0, &err);
	assert_int_equal(report->received, 1);
	assert_int_equal(recv(fd, packet, sizeof(packet), MSG_DONTWAIT), 20 + 8 + 56);
	assert_int_equal(packet[8], 17);
	load_free(load);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asked_is_sent_is_received),
		cmocka_unit_test(test_a_start_to_come),
		cmocka_unit_test(test_unanswered_ends_in_time),
		cmocka_unit_test(test_one_way_loss),
		cmocka_unit_test(test_one_way_backlog),
		cmocka_unit_test(test_time_to_live),
	};

	return run_in_lab(tests, ARRAY_SIZE(tests));
}
