// SPDX-License-Identifier: GPL-2.0-only
/*
 * The sending loop over a network of the test's own: a queue of replies, each due at some time.
 */
#include "loadgen/drive.h"
#include "tests/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MAGIC 42
#define COUNT 20
#define PAYLOAD_BYTES 32
#define TIMEOUT_MS 100

struct queued {
	uint64_t due_ns;
	char payload[PAYLOAD_BYTES];
};

struct fake {
	struct drive drive; /* first */
	struct load_common common;
	struct load_pass pass;
	struct queued queue[4 * COUNT];
	size_t queued, taken;
	/* What the network does to packet `index`: queues its replies, or returns an errno. */
	int (*carry)(struct fake *fake, uint64_t index);
};

static struct fake *fake_of(struct drive *drive)
{
	return (struct fake *)drive;
}

static void queue_reply(struct fake *fake, uint64_t index, uint64_t delay_ns)
{
	struct queued *queued = &fake->queue[fake->queued++];
	struct stamp stamp = { .magic = MAGIC,
			       .sequence = drive_sequence(&fake->drive, index),
			       .direction = STAMP_REPLY };

	queued->due_ns = pace_now_ns() + delay_ns;
	stamp_write(queued->payload, PAYLOAD_BYTES, &stamp);
}

static void fake_prepare(struct drive *drive, uint64_t index)
{
	(void)drive;
	(void)index;
}

static int fake_send(struct drive *drive, uint64_t index)
{
	return fake_of(drive)->carry(fake_of(drive), index);
}

static bool fake_receive(struct drive *drive)
{
	struct fake *fake = fake_of(drive);
	uint64_t now_ns = pace_now_ns();

	if (fake->taken == fake->queued || fake->queue[fake->taken].due_ns > now_ns)
		return false;
	drive_take_reply(drive, fake->queue[fake->taken++].payload, PAYLOAD_BYTES, now_ns);
	return true;
}

/* The report of a pass; the caller frees it. */
static struct load_report *run(struct fake *fake, uint64_t interval_us,
			       int (*carry)(struct fake *, uint64_t), int expected)
{
	size_t value_bytes = 2 * COUNT * sizeof(uint64_t);
	struct load_report *report = calloc(1, sizeof(*report) + value_bytes);
	int always_readable = eventfd(1, EFD_CLOEXEC); /* else the loop sleeps past the reply */
	struct err err;

	assert_non_null(report);
	report->count = COUNT;
	memset(report->values, 0xff, value_bytes);
	*fake = (struct fake){ .common = { .timeout_ms = TIMEOUT_MS },
			       .pass = { .magic = MAGIC,
					 .count = COUNT,
					 .interval_ps = interval_us * 1000000,
					 .first_sequence = UINT32_MAX - 5 },
			       .carry = carry };
	fake->pass.common = &fake->common;
	fake->drive = (struct drive){ .pass = &fake->pass,
				      .report = report,
				      .expects_reply = true,
				      .reply_direction = STAMP_REPLY,
				      .wait_fd = always_readable,
				      .prepare = fake_prepare,
				      .send = fake_send,
				      .receive = fake_receive };
	assert_int_equal(drive_run(&fake->drive, &err), expected);
	close(always_readable);
	return report;
}

static int carry_well(struct fake *fake, uint64_t index)
{
	queue_reply(fake, index, 1000);
	return 0;
}

static void test_every_packet_once(void **state)
{
	static const uint64_t intervals_us[] = { 0, 10, 200 };
	struct fake fake;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct load_report *report = run(&fake, intervals_us[i], carry_well, 0);

		assert_int_equal(report->sent, COUNT);
		assert_int_equal(report->received, COUNT);
		assert_int_equal(report->duplicates + report->late_replies, 0);
		for (size_t at = 0; at < COUNT; at++) {
			assert_true(load_lateness_ns(report)[at] < 1000000000);
			assert_true(load_round_trip_ns(report)[at] >= 1000);
			assert_true(load_round_trip_ns(report)[at] < TIMEOUT_MS * 1000000);
		}
		assert_true(report->ended_ns - report->started_ns >=
			    (COUNT - 1) * intervals_us[i] * 1000);
		free(report);
	}
}

static int carry_twice(struct fake *fake, uint64_t index)
{
	queue_reply(fake, index, 0);
	queue_reply(fake, index, 0);
	return 0;
}

static void test_duplicates_are_counted_apart(void **state)
{
	struct fake fake;
	struct load_report *report = run(&fake, 50, carry_twice, 0);

	(void)state;
	assert_int_equal(report->received, COUNT);
	assert_int_equal(report->duplicates, COUNT);
	free(report);
}

/* Packet 3 comes after its timeout, while the last, which never comes, is still awaited. */
static int carry_one_late(struct fake *fake, uint64_t index)
{
	if (index == COUNT - 1) {
		pace_spin_until(fake->drive.sent_ns[3] + (TIMEOUT_MS + 1) * 1000000);
		queue_reply(fake, 3, 0);
	} else if (index != 3) {
		queue_reply(fake, index, 0);
	}
	return 0;
}

static void test_late_is_not_received(void **state)
{
	struct fake fake;
	struct load_report *report = run(&fake, 1000, carry_one_late, 0);

	(void)state;
	assert_int_equal(report->sent, COUNT);
	assert_int_equal(report->received, COUNT - 2);
	assert_int_equal(report->late_replies, 1);
	assert_true(load_round_trip_ns(report)[3] == UINT64_MAX);
	assert_true(load_round_trip_ns(report)[COUNT - 1] == UINT64_MAX);
	free(report);
}

static int carry_foreign(struct fake *fake, uint64_t index)
{
	struct stamp stamp = { .magic = MAGIC + 1, .direction = STAMP_REPLY };

	queue_reply(fake, index, 0);
	stamp.sequence = drive_sequence(&fake->drive, index);
	stamp_write(fake->queue[fake->queued - 1].payload, PAYLOAD_BYTES, &stamp);
	/* Its own magic, but the request come back, and a sequence of another pass. */
	stamp.magic = MAGIC;
	stamp.direction = STAMP_REQUEST;
	queue_reply(fake, index, 0);
	stamp_write(fake->queue[fake->queued - 1].payload, PAYLOAD_BYTES, &stamp);
	queue_reply(fake, index + COUNT, 0);
	return 0;
}

static void test_foreign_packets_are_nothing(void **state)
{
	struct fake fake;
	struct load_report *report = run(&fake, 10, carry_foreign, 0);

	(void)state;
	assert_int_equal(report->sent, COUNT);
	assert_int_equal(report->received + report->duplicates + report->late_replies, 0);
	free(report);
}

static int carry_odd(struct fake *fake, uint64_t index)
{
	if (index % 2)
		return -ENOBUFS;
	queue_reply(fake, index, 0);
	return 0;
}

static int carry_none(struct fake *fake, uint64_t index)
{
	(void)fake;
	(void)index;
	return -EPERM;
}

static void test_failed_sends_are_counted(void **state)
{
	struct fake fake;
	struct load_report *report = run(&fake, 0, carry_odd, 0);

	(void)state;
	assert_int_equal(report->sent, COUNT / 2);
	assert_int_equal(report->received, COUNT / 2);
	assert_int_equal(report->send_errors, COUNT / 2);
	assert_true(load_lateness_ns(report)[1] == UINT64_MAX);
	free(report);
	report = run(&fake, 10, carry_none, -EPERM);
	assert_int_equal(report->sent, 0);
	assert_int_equal(report->send_errors, COUNT);
	free(report);
}

/* Packet 0 blocks for 5 ms: the four after it were due meanwhile and are late, the rest is not. */
static int carry_stalled(struct fake *fake, uint64_t index)
{
	queue_reply(fake, index, 0);
	if (!index)
		pace_spin_until(pace_now_ns() + 5000000);
	return 0;
}

static void test_a_stall_shows_as_lateness(void **state)
{
	struct fake fake;
	struct load_report *report = run(&fake, 1000, carry_stalled, 0);
	const uint64_t *lateness_ns = load_lateness_ns(report);

	(void)state;
	for (size_t index = 1; index < 5; index++)
		assert_true(lateness_ns[index] >= 5000000 - index * 1000000);
	assert_int_equal(report->received, COUNT);
	free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_packet_once),
		cmocka_unit_test(test_duplicates_are_counted_apart),
		cmocka_unit_test(test_late_is_not_received),
		cmocka_unit_test(test_foreign_packets_are_nothing),
		cmocka_unit_test(test_failed_sends_are_counted),
		cmocka_unit_test(test_a_stall_shows_as_lateness),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
