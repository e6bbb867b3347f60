// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/calibrate.h"

#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <unistd.h>

#define CONDITIONS 3
#define HALF_ROUNDS 4
#define HALF_BLOCKS (CONDITIONS * HALF_ROUNDS)
_Static_assert(2 * HALF_BLOCKS == CALIBRATE_BLOCKS, "there and back");

static int echo_failed(const struct calibrate *calibrate, struct err *err)
{
	return err_errno(err, -errno, "%s: calibrate over loopback", calibrate->name);
}

int calibrate_open_echo(const struct calibrate *calibrate, struct err *err)
{
	struct sockaddr_in self = { .sin_family = AF_INET };
	const struct timeval limit = { .tv_sec = 1 };
	socklen_t size = sizeof(self);
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	self.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    bind(fd, (struct sockaddr *)&self, sizeof(self)) ||
	    getsockname(fd, (struct sockaddr *)&self, &size) ||
	    connect(fd, (struct sockaddr *)&self, sizeof(self)))
		return echo_failed(calibrate, err);
	return steal_fd(&fd);
}

static int compare_ns(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

uint64_t calibrate_median(uint64_t *times_ns, size_t count)
{
	qsort(times_ns, count, sizeof(*times_ns), compare_ns);
	return times_ns[count / 2];
}

int calibrate_echo(const struct calibrate *calibrate, int fd, const struct stamp *stamp,
		   struct err *err)
{
	char reply[STAMP_BYTES];

	if (send(fd, stamp, sizeof(*stamp), 0) != (ssize_t)sizeof(*stamp) ||
	    recv(fd, reply, sizeof(reply), 0) != (ssize_t)sizeof(reply))
		return echo_failed(calibrate, err);
	return 0;
}

static int send_block(const struct calibrate *calibrate, int fd, struct probe_block *block,
		      struct err *err)
{
	struct stamp stamp = { .magic = calibrate->magic, .payload_bytes = STAMP_BYTES };
	uint64_t times_ns[CALIBRATE_PACKETS];

	for (unsigned i = 0; i < calibrate->packets; i++) {
		uint64_t started_ns = pace_now_ns();
		int code;

		stamp.sequence = i;
		code = calibrate_echo(calibrate, fd, &stamp, err);
		if (code)
			return code;
		times_ns[i] = pace_now_ns() - started_ns;
	}
	block->packet_ns = calibrate_median(times_ns, calibrate->packets);
	block->packets = calibrate->packets;
	return 0;
}

static int run_block(const struct calibrate *calibrate, int fd, struct probe_block *block,
		     struct err *err)
{
	int code = calibrate->attach(calibrate->probe, block->condition, err);

	if (!code)
		code = send_block(calibrate, fd, block, err);
	block->events = calibrate->events(calibrate->probe);
	return code;
}

/* The empty twins fire as often as the real ones do. */
static void share_events(struct probe_block *blocks, size_t count)
{
	uint64_t events = 0;

	for (size_t i = 0; i < count; i++)
		if (blocks[i].condition == BLOCK_FULL)
			events = blocks[i].events;
	for (size_t i = 0; i < count; i++)
		if (blocks[i].condition == BLOCK_EMPTY)
			blocks[i].events = events;
}

/* There or back: for each condition in turn, a block of each of this half's rounds. */
static int run_half(const struct calibrate *calibrate, int fd, unsigned half,
		    struct probe_block *blocks, struct err *err)
{
	static const int order[] = { BLOCK_OFF, BLOCK_EMPTY, BLOCK_FULL };
	int code = 0;

	for (unsigned i = 0; i < HALF_BLOCKS && !code; i++) {
		unsigned at = i / HALF_ROUNDS;

		blocks[i] = (struct probe_block){
			.round = half * HALF_ROUNDS + i % HALF_ROUNDS,
			.condition = order[half ? CONDITIONS - 1 - at : at],
		};
		code = run_block(calibrate, fd, &blocks[i], err);
	}
	return code;
}

int calibrate_by_echo(const struct calibrate *calibrate, struct probe_block *blocks, size_t max,
		      struct err *err)
{
	_close_ int fd = calibrate_open_echo(calibrate, err);
	struct probe_block discarded = {};
	int code = fd < 0 ? fd : send_block(calibrate, fd, &discarded, err);

	if (max < CALIBRATE_BLOCKS)
		return 0;
	for (unsigned half = 0; half < 2 && !code; half++)
		code = run_half(calibrate, fd, half, &blocks[half * HALF_BLOCKS], err);
	share_events(blocks, CALIBRATE_BLOCKS);
	return code ? code : CALIBRATE_BLOCKS;
}
