// SPDX-License-Identifier: GPL-2.0-only
/* UDP in bulk: every packet is sent once, counted once, or dropped where the kernel counts it. */
#include "tests/netns/load_fixture.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <sys/wait.h>

#define ACROSS                                                                                     \
	.ops = &load_udp, .from = LEFT, .to = RIGHT, .source = "198.18.0.1",                       \
	.destination = "198.18.0.2"
#define PORTS .port = 9000, .source_port = 4000, .one_way = true

static const struct trial complete_trials[] = {
	{ ACROSS, .count = 5000, .udp = { PORTS, .size = 16, .flows = 1, .burst = 64, .gso = 1 } },
	{ ACROSS, .has_rate = true, .count = 1001,
	  .udp = { PORTS, .size = 64, .flows = 3, .burst = 1, .gso = 1 } },
	{ ACROSS, .count = 999, .udp = { PORTS, .size = 1472, .flows = 2, .burst = 7, .gso = 1 } },
	{ ACROSS, .count = 1, .udp = { PORTS, .size = 64, .flows = 1, .burst = 1024, .gso = 1 } },
	{ ACROSS, .count = 5000, .udp = { PORTS, .size = 18, .flows = 1, .burst = 1, .gso = 64 } },
	{ ACROSS, .count = 3001, .first_sequence = STAMP_WARMUP,
	  .udp = { PORTS, .size = 1000, .flows = 5, .burst = 3, .gso = 60 } },
	{ ACROSS, .has_rate = true, .interval_us = 10, .count = 3000,
	  .first_sequence = UINT32_MAX - 99,
	  .udp = { PORTS, .size = 100, .flows = 2, .burst = 16, .gso = 4 } },
	{ .ops = &load_udp,
	  .destination = "::1",
	  .has_rate = true,
	  .interval_us = 20,
	  .count = 3000,
	  .udp = { PORTS, .size = 64, .flows = 1, .burst = 1, .gso = 1 } },
	{ .ops = &load_udp,
	  .destination = "::1",
	  .count = 3000,
	  .udp = { PORTS, .size = 1200, .flows = 8, .burst = 4, .gso = 50 } },
	/* Fragmented, each. */
	{ ACROSS, .count = 40, .udp = { PORTS, .size = 9000, .flows = 1, .burst = 8, .gso = 1 } },
};

/* What the whole namespace's UDP has received but no socket has got. */
static uint64_t receive_errors(const struct lab *lab, int node)
{
	_fclose_ FILE *file = NULL;
	uint64_t delivered, no_ports, errors = UINT64_MAX;
	char line[512];

	assert_int_equal(setns(lab->fds[node], CLONE_NEWNET), 0);
	file = fopen("/proc/thread-self/net/snmp", "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		sscanf(line, "Udp: %lu %lu %lu", &delivered, &no_ports, &errors);
	assert_int_equal(setns(lab->fds[HERE], CLONE_NEWNET), 0);
	assert_true(errors != UINT64_MAX);
	return errors;
}

/* Here all processes share two processors or less: a socket's buffer may well be full. */
static void test_each_packet_is_delivered_or_dropped(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(complete_trials); i++) {
		const struct trial *trial = &complete_trials[i];
		uint64_t before = receive_errors(*state, trial->to), dropped;
		struct load_report *report;
		struct load *load;
		struct err err;

		report = trial_run(trial, *state, &load, 0, &err);
		dropped = receive_errors(*state, trial->to) - before;
		assert_int_equal(report->count, 0);
		if (report->sent != trial->count || report->received + dropped != trial->count)
			fail_msg("trial %zu: %lu sent, %lu received, %lu dropped", i, report->sent,
				 report->received, dropped);
		assert_int_equal(report->duplicates, 0);
		assert_int_equal(report->send_errors, 0);
		assert_int_equal(report->lateness_ns.count, trial->interval_us ? trial->count : 0);
		assert_int_equal(report->one_way_ns.count, 0);
		assert_true(report->driver_cpu_ns > 0);
		assert_true(report->ended_ns > report->started_ns);
		load_free(load);
	}
}

/* More than fits a buffer, and nobody reads until all is sent. */
static void test_a_full_buffer(void **state)
{
	const struct trial trial = { ACROSS, .count = 100000,
				     .udp = { PORTS, .size = 1000, .flows = 1, .burst = 8,
					      .gso = 16 } };
	uint64_t before = receive_errors(*state, RIGHT), dropped;
	struct load_report *report;
	struct load *load;
	struct err err;
	pid_t server;

	assert_int_equal(trial_start(&trial, *state, &load, &err), 0);
	server = first_child();
	assert_int_equal(kill(server, SIGSTOP), 0);
	assert_int_equal(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 60000), 1);
	assert_int_equal(kill(server, SIGCONT), 0);
	assert_int_equal(load_finish(load, &report, &err), 0);
	dropped = receive_errors(*state, RIGHT) - before;
	assert_int_equal(report->sent, trial.count);
	assert_true(dropped > 0);
	assert_int_equal(report->received + dropped, trial.count);
	assert_int_equal(report->duplicates, 0);
	load_free(load);
}

static void test_until_a_time_is_up(void **state)
{
	const struct trial trial = {
		ACROSS, .has_rate = true, .count = INT32_MAX, .duration_ms = 100,
		.udp = { PORTS, .size = 64, .flows = 4, .burst = 32, .gso = 1 }
	};
	uint64_t before = receive_errors(*state, RIGHT), dropped;
	struct load *load;
	struct err err;
	struct load_report *report = trial_run(&trial, *state, &load, 0, &err);

	dropped = receive_errors(*state, RIGHT) - before;
	assert_true(report->ended_ns - report->started_ns >= 100000000);
	assert_true(report->sent > 0 && report->sent < trial.count);
	assert_int_equal(report->received + dropped, report->sent);
	load_free(load);
}

/*
 * With a burst the intended time is that of its first packet, so that no delay can be below what
 * the same packet's send was late.
 */
static void test_one_way_delays(void **state)
{
	const struct trial trials[] = {
		{ ACROSS, .has_rate = true, .interval_us = 50, .count = 2000,
		  .udp = { PORTS, .size = 64, .flows = 2, .burst = 4, .gso = 2,
			   .receive_timestamps = true } },
		{ ACROSS, .interval_us = 100, .count = 1000,
		  .udp = { PORTS, .size = 64, .flows = 1, .burst = 1, .gso = 1,
			   .receive_timestamps = true } },
		{ .ops = &load_udp,
		  .destination = "::1",
		  .interval_us = 100,
		  .count = 1000,
		  .udp = { PORTS, .size = 64, .flows = 1, .burst = 1, .gso = 1,
			   .receive_timestamps = true } },
	};
	struct load *load;
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(trials); i++) {
		struct load_report *report = trial_run(&trials[i], *state, &load, 0, &err);
		const struct spread *delays = &report->one_way_ns;
		uint64_t took_ns = report->ended_ns - report->started_ns;

		assert_int_equal(report->sent, trials[i].count);
		assert_int_equal(delays->count, report->received);
		assert_true(delays->max >= report->lateness_ns.max);
		assert_true(spread_percentile(delays, 0.5) > 0);
		assert_true(delays->max < took_ns + 1000000000);
		load_free(load);
	}
}

/* Two datagrams with one stamp, sent from beside the load; the server knows them by the stamp. */
static void test_duplicates(void **state)
{
	const struct trial trial = { ACROSS, .has_rate = true, .interval_us = 1000, .count = 300,
				     .udp = { PORTS, .size = 64, .flows = 1, .burst = 1,
					      .gso = 1 } };
	const struct stamp stamp = { .magic = 0x6c616272756e0001 + (uint64_t)getpid(),
				     .sequence = 150 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9000) };
	const struct lab *lab = *state;
	struct load_report *report;
	_close_ int fd = -1;
	struct load *load;
	char packet[64] = {};
	struct err err;

	stamp_write(packet, sizeof(packet), &stamp);
	inet_pton(AF_INET, "198.18.0.2", &to.sin_addr);
	assert_int_equal(setns(lab->fds[LEFT], CLONE_NEWNET), 0);
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setns(lab->fds[HERE], CLONE_NEWNET), 0);
	assert_int_equal(trial_start(&trial, lab, &load, &err), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			sendto(fd, packet, sizeof(packet), 0, (struct sockaddr *)&to, sizeof(to)),
			sizeof(packet));
	assert_int_equal(poll(&(struct pollfd){ load_fd(load), POLLIN, 0 }, 1, 20000), 1);
	assert_int_equal(load_finish(load, &report, &err), 0);
	assert_int_equal(report->sent, 300);
	assert_int_equal(report->received, 300);
	assert_int_equal(report->duplicates, 3);
	load_free(load);
}

/* A segment that is over the MTU is the sender's fault; the kernel takes none of it. */
static void test_segments_over_the_mtu(void **state)
{
	const struct trial trial = { ACROSS, .count = 100,
				     .udp = { PORTS, .size = 2000, .flows = 1, .burst = 1,
					      .gso = 10 } };
	struct load *load;
	struct err err;
	struct load_report *report = trial_run(&trial, *state, &load, -EIO, &err);

	/* Which errno it is differs from kernel to kernel. */
	assert_non_null(strstr(err.text, "load 'udp': driver: nothing could be sent (with gso each "
					 "packet must fit the device's MTU): "));
	assert_int_equal(report->sent, 0);
	assert_int_equal(report->send_errors, 100);
	load_free(load);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_packet_is_delivered_or_dropped),
		cmocka_unit_test(test_a_full_buffer),
		cmocka_unit_test(test_until_a_time_is_up),
		cmocka_unit_test(test_one_way_delays),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_segments_over_the_mtu),
	};

	return run_in_lab(tests, ARRAY_SIZE(tests));
}
