// SPDX-License-Identifier: GPL-2.0-only
/* Requests and streams over TCP: every one is counted, checked, and timed from when it was due. */
#include "tests/netns/load_fixture.h"

#include <sys/prctl.h>

#define ACROSS                                                                                     \
	.ops = &load_tcp, .from = LEFT, .to = RIGHT, .source = "198.18.0.1",                       \
	.destination = "198.18.0.2", .timeout_ms = 10000
#define HERE6 .ops = &load_tcp, .destination = "::1", .timeout_ms = 10000
#define HERE4 .ops = &load_tcp, .destination = "127.0.0.1", .timeout_ms = 10000

static const struct trial request_trials[] = {
	{ ACROSS, .interval_us = 500, .count = 200,
	  .tcp = { .connections = 1, .request_bytes = 64, .response_bytes = 64, .port = 9000 } },
	{ ACROSS, .count = 1000,
	  .tcp = { .connections = 1, .request_bytes = 1, .response_bytes = 1, .port = 9000 } },
	{ HERE6, .count = 1000,
	  .tcp = { .connections = 7, .request_bytes = 100, .response_bytes = 9000, .port = 80 } },
	{ HERE4, .interval_us = 20, .count = 2000,
	  .tcp = { .connections = 3, .request_bytes = 100, .response_bytes = 9, .port = 65535 } },
	/* Neither side's buffers hold one. */
	{ ACROSS, .count = 6,
	  .tcp = { .connections = 2,
		   .request_bytes = 16 << 20,
		   .response_bytes = 16 << 20,
		   .port = 9000 } },
	{ ACROSS, .count = 3000,
	  .tcp = { .connections = 1000, .request_bytes = 64, .response_bytes = 64, .port = 9000 } },
	/* More connections than requests. */
	{ ACROSS, .count = 3,
	  .tcp = { .connections = 10, .request_bytes = 64, .response_bytes = 64, .port = 9000 } },
	{ ACROSS, .count = 2000,
	  .tcp = { .connections = 10,
		   .request_bytes = 64,
		   .response_bytes = 1000,
		   .requests_per_connection = 1,
		   .port = 9000 } },
	{ HERE6, .interval_us = 300, .count = 500,
	  .tcp = { .connections = 4,
		   .request_bytes = 64,
		   .response_bytes = 1000,
		   .requests_per_connection = 3,
		   .port = 9000 } },
};

static void check_times(struct load_report *report, const struct trial *trial)
{
	for (uint64_t at = 0; at < trial->count; at++) {
		assert_true(load_lateness_ns(report)[at] < 60000000000);
		assert_true(load_round_trip_ns(report)[at] > 0);
		assert_true(load_round_trip_ns(report)[at] <= trial->timeout_ms * 1000000);
	}
	assert_int_equal(report->lateness_ns.count, trial->count);
	assert_true(report->ended_ns - report->started_ns >=
		    (trial->count - 1) * trial->interval_us * 1000);
	assert_true(report->driver_cpu_ns > 0);
}

/* How many connections must have been opened at least, and may have been at most. */
static void check_connections(const struct load_report *report, const struct trial *trial)
{
	uint64_t each = trial->tcp.requests_per_connection;
	uint64_t fewest = each ? (trial->count + each - 1) / each : 0;

	assert_true(report->connect_ns.count >= fewest);
	assert_true(report->connect_ns.count <= fewest + (each ? trial->tcp.connections - 1 : 0));
}

static void test_every_request_is_answered(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(request_trials); i++) {
		const struct trial *trial = &request_trials[i];
		struct load *load;
		struct err err;
		struct load_report *report = trial_run(trial, *state, &load, 0, &err);

		if (report->sent != trial->count || report->received != trial->count)
			fail_msg("trial %zu: %lu sent, %lu received", i, report->sent,
				 report->received);
		assert_int_equal(report->served, trial->count);
		assert_int_equal(report->served_bytes, trial->count * trial->tcp.request_bytes);
		assert_int_equal(report->duplicates + report->late_replies, 0);
		assert_int_equal(report->send_errors, 0);
		check_times(report, trial);
		check_connections(report, trial);
		load_free(load);
	}
}

static const struct trial stream_trials[] = {
	{ ACROSS, .count = 1000,
	  .tcp = { .mode = TCP_STREAM, .connections = 1, .request_bytes = 65536, .port = 9000 } },
	{ ACROSS, .count = 10007,
	  .tcp = { .mode = TCP_STREAM, .connections = 16, .request_bytes = 1, .port = 9000 } },
	{ HERE6, .count = 20,
	  .tcp = { .mode = TCP_STREAM,
		   .connections = 3,
		   .request_bytes = 16 << 20,
		   .port = 9000 } },
	{ HERE4, .has_rate = true, .interval_us = 100, .count = 1000,
	  .tcp = { .mode = TCP_STREAM, .connections = 2, .request_bytes = 1000, .port = 9000 } },
	{ ACROSS, .count = 1,
	  .tcp = { .mode = TCP_STREAM, .connections = 5, .request_bytes = 131071, .port = 9000 } },
};

static void test_every_byte_is_delivered(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(stream_trials); i++) {
		const struct trial *trial = &stream_trials[i];
		struct load *load;
		struct err err;
		struct load_report *report = trial_run(trial, *state, &load, 0, &err);

		assert_int_equal(report->count, 0);
		assert_int_equal(report->sent, trial->count);
		assert_int_equal(report->received, trial->count);
		assert_int_equal(report->served_bytes, trial->count * trial->tcp.request_bytes);
		assert_int_equal(report->lateness_ns.count, trial->interval_us ? trial->count : 0);
		load_free(load);
	}
}

static void test_a_stream_until_a_time_is_up(void **state)
{
	const struct trial trial = {
		ACROSS, .has_rate = true, .count = INT32_MAX, .duration_ms = 100,
		.tcp = { .mode = TCP_STREAM, .connections = 2, .request_bytes = 1000, .port = 9000 }
	};
	struct load *load;
	struct err err;
	struct load_report *report = trial_run(&trial, *state, &load, 0, &err);

	assert_true(report->ended_ns - report->started_ns >= 100000000);
	assert_true(report->sent > 0 && report->sent < trial.count);
	assert_int_equal(report->served_bytes, report->sent * 1000);
	load_free(load);
}

/* The server stands still for a while from the first request on. */
static struct load_report *run_with_a_stall(const struct trial *trial, const struct lab *lab,
					    unsigned int stall_us, struct load **load)
{
	struct load_report *report;
	struct err err;
	pid_t server;

	assert_int_equal(trial_start(trial, lab, load, &err), 0);
	server = first_child();
	assert_int_equal(kill(server, SIGSTOP), 0);
	usleep(stall_us);
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_int_equal(poll(&(struct pollfd){ load_fd(*load), POLLIN, 0 }, 1, 20000), 1);
	assert_int_equal(load_finish(*load, &report, &err), 0);
	assert_int_equal(report->received, trial->count);
	return report;
}

/* How many took longer than 20 ms: from the send, and from when they were due. */
static void count_slow(struct load_report *report, unsigned int *ret_uncorrected,
		       unsigned int *ret_corrected)
{
	*ret_uncorrected = *ret_corrected = 0;
	for (uint64_t i = 0; i < report->count; i++) {
		uint64_t round_trip_ns = load_round_trip_ns(report)[i];

		*ret_uncorrected += round_trip_ns > 20000000;
		*ret_corrected += round_trip_ns + load_lateness_ns(report)[i] > 20000000;
	}
}

/*
 * 300 requests a millisecond apart, on one connection, meet a stall of 150 ms: all but the first
 * wait to be sent, and their round trips know nothing of it. A closed loop shows it in one request
 * however one looks. What a busy machine adds, it adds to the round trips too.
 */
static void test_a_stall_is_in_the_corrected_latency(void **state)
{
	const struct trial open = {
		ACROSS, .interval_us = 1000, .count = 300,
		.tcp = { .connections = 1, .request_bytes = 64, .response_bytes = 64, .port = 9000 }
	};
	struct trial closed = open;
	unsigned int uncorrected, corrected;
	struct load *load;

	closed.interval_us = 0;
	closed.count = 3000;
	count_slow(run_with_a_stall(&open, *state, 150000, &load), &uncorrected, &corrected);
	load_free(load);
	assert_true(uncorrected >= 1);
	assert_true(corrected >= 50 && corrected >= 5 * uncorrected);
	count_slow(run_with_a_stall(&closed, *state, 150000, &load), &uncorrected, &corrected);
	load_free(load);
	assert_true(uncorrected >= 1);
	assert_int_equal(corrected, uncorrected);
}

/* Nobody takes a request up: each is given up in its time, on a connection of its own. */
static void test_a_server_that_stands_still(void **state)
{
	const struct trial trial = {
		.ops = &load_tcp,
		.from = LEFT,
		.to = RIGHT,
		.destination = "198.18.0.2",
		.timeout_ms = 50,
		.count = 5,
		.tcp = { .connections = 1, .request_bytes = 64, .response_bytes = 64, .port = 9000 }
	};
	struct load_report *report;
	struct load *load;
	struct err err;

	assert_int_equal(trial_start(&trial, *state, &load, &err), 0);
	assert_int_equal(kill(first_child(), SIGSTOP), 0);
	assert_int_equal(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 20000), 1);
	assert_int_equal(load_finish(load, &report, &err), 0);
	assert_int_equal(report->sent, 5);
	assert_true(load_round_trip_ns(report)[4] == UINT64_MAX);
	load_free(load);
}

static const struct trial long_trials[] = {
	{ ACROSS, .interval_us = 1000, .count = 60000,
	  .tcp = { .connections = 10, .request_bytes = 64, .response_bytes = 64, .port = 9000 } },
	{ ACROSS, .interval_us = 1000, .count = 60000,
	  .tcp = { .connections = 10,
		   .request_bytes = 64,
		   .response_bytes = 64,
		   .requests_per_connection = 1,
		   .port = 9000 } },
	{ ACROSS, .has_rate = true, .count = INT32_MAX,
	  .tcp = { .mode = TCP_STREAM, .connections = 3, .request_bytes = 1000, .port = 9000 } },
};

static void test_a_server_that_dies(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(long_trials); i++) {
		struct load_report *report;
		struct load *load;
		struct err err;

		assert_int_equal(trial_start(&long_trials[i], *state, &load, &err), 0);
		usleep(100000);
		assert_int_equal(kill(first_child(), SIGKILL), 0);
		assert_int_equal(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 20000), 1);
		assert_int_equal(load_finish(load, &report, &err), -EIO);
		if (strcmp(err.text, "load 'tcp': driver: the server closed a connection") &&
		    strcmp(err.text, "load 'tcp': driver: connect to port 9000: "
				     "Connection refused"))
			fail_msg("trial %zu: %s", i, err.text);
		load_free(load);
	}
}

static void test_failures_say_why(void **state)
{
	static const struct {
		struct trial trial;
		const char *text;
	} cases[] = {
		/* It listens in another node than the address is of. */
		{ { .ops = &load_tcp,
		    .from = LEFT,
		    .to = HERE,
		    .destination = "198.18.0.2",
		    .count = 3,
		    .tcp = { .connections = 2, .request_bytes = 64, .port = 9000 } },
		  "load 'tcp': driver: connect to port 9000: Connection refused" },
		{ { .ops = &load_tcp,
		    .from = LEFT,
		    .to = RIGHT,
		    .destination = "198.18.0.99",
		    .timeout_ms = 100,
		    .count = 3,
		    .tcp = { .connections = 1, .request_bytes = 64, .port = 9000 } },
		  "load 'tcp': driver: connect to port 9000: Connection timed out" },
		{ { .ops = &load_tcp,
		    .destination = "198.19.0.1",
		    .count = 3,
		    .tcp = { .connections = 1, .request_bytes = 64, .port = 9000 } },
		  "load 'tcp': driver: connect to port 9000: Network is unreachable" },
		{ { .ops = &load_tcp,
		    .source = "198.19.0.1",
		    .destination = "127.0.0.1",
		    .count = 3,
		    .tcp = { .connections = 1, .request_bytes = 64, .port = 9000 } },
		  "load 'tcp': driver: bind to the source address: Cannot assign requested "
		  "address" },
	};
	struct load *load;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		trial_run(&cases[i].trial, *state, &load, -EIO, &err);
		assert_string_equal(err.text, cases[i].text);
		load_free(load);
	}
}

static void set_local_ports(const struct lab *lab, const char *range)
{
	assert_int_equal(setns(lab->fds[LEFT], CLONE_NEWNET), 0);
	assert_int_equal(write_file("/proc/sys/net/ipv4/ip_local_port_range", range), 0);
	assert_int_equal(setns(lab->fds[HERE], CLONE_NEWNET), 0);
}

/*
 * Ten ports do for a thousand connections one after the other, since none of them stays in
 * TIME_WAIT on this side; but not for twenty at once.
 */
static void test_few_ports(void **state)
{
	const struct trial churn = { ACROSS, .count = 1000,
				     .tcp = { .connections = 4,
					      .request_bytes = 64,
					      .response_bytes = 64,
					      .requests_per_connection = 1,
					      .port = 9000 } };
	const struct trial kept = { ACROSS, .count = 100,
				    .tcp = { .connections = 20,
					     .request_bytes = 64,
					     .response_bytes = 64,
					     .port = 9000 } };
	struct load_report *report;
	struct load *load;
	struct err err;

	set_local_ports(*state, "41000 41009");
	report = trial_run(&churn, *state, &load, 0, &err);
	assert_int_equal(report->received, 1000);
	load_free(load);
	trial_run(&kept, *state, &load, -EIO, &err);
	assert_string_equal(err.text, "load 'tcp': driver: connect to port 9000: no local port is "
				      "left (net.ipv4.ip_local_port_range)");
	load_free(load);
	set_local_ports(*state, "32768 60999");
}

static void test_children_die_with_the_harness(void **state)
{
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(long_trials); i++) {
		kill_a_harness(&long_trials[i], *state, 100000);
		kill_a_harness(&long_trials[i], *state, 0);
	}
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_request_is_answered),
		cmocka_unit_test(test_every_byte_is_delivered),
		cmocka_unit_test(test_a_stream_until_a_time_is_up),
		cmocka_unit_test(test_a_stall_is_in_the_corrected_latency),
		cmocka_unit_test(test_a_server_that_stands_still),
		cmocka_unit_test(test_a_server_that_dies),
		cmocka_unit_test(test_failures_say_why),
		cmocka_unit_test(test_few_ports),
		cmocka_unit_test(test_children_die_with_the_harness),
	};

	return run_in_lab(tests, ARRAY_SIZE(tests));
}
