// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a firing of the probe costs: the same packets over loopback with no program attached, with
 * empty ones, and with the real ones, then the same backwards, so that a drift of the machine's
 * speed cancels. Each change of programs costs a grace period, so there are few of them.
 * run_time_ns would leave out the dispatch, which is half of the cost.
 *
 * Attached is what the jobs will attach. A block is as long as the log allows: dropping an event
 * costs less than logging it.
 *
 * What could be challenged: loopback is warm. Between hops of a long path the probe's own code and
 * log have been pushed out of the caches a little, and it costs somewhat more there.
 */
#include "bpf/hops_log.h"

#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"

#include "bpf/hops.skel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define CONDITIONS 3
#define HALF_ROUNDS 4
#define HALF_BLOCKS (CONDITIONS * HALF_ROUNDS)
#define BLOCK_PACKETS 1000

/* A UDP socket that talks to itself: each packet crosses all tracepoints but GRO's once. */
static int open_echo(struct err *err)
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
		return err_errno(err, -errno, "hops: calibrate over loopback");
	return steal_fd(&fd);
}

static int compare_ns(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	return *a < *b ? -1 : *a > *b;
}

static int send_one(int fd, const struct stamp *stamp, struct err *err)
{
	char reply[STAMP_BYTES];

	if (send(fd, stamp, sizeof(*stamp), 0) != (ssize_t)sizeof(*stamp) ||
	    recv(fd, reply, sizeof(reply), 0) != (ssize_t)sizeof(reply))
		return err_errno(err, -errno, "hops: calibrate over loopback");
	return 0;
}

static int send_block(const struct hops *hops, int fd, struct probe_block *block, struct err *err)
{
	struct stamp stamp = { .magic = hops->skeleton->rodata->stamp_magic,
			       .payload_bytes = STAMP_BYTES };
	size_t room = hops->events_per_cpu / HOP_FUNCTION_COUNT;
	size_t count = room < BLOCK_PACKETS ? room + 1 : BLOCK_PACKETS;
	uint64_t times_ns[BLOCK_PACKETS];

	for (unsigned i = 0; i < count; i++) {
		uint64_t started_ns = pace_now_ns();
		int code;

		stamp.sequence = i;
		code = send_one(fd, &stamp, err);
		if (code)
			return code;
		times_ns[i] = pace_now_ns() - started_ns;
	}
	qsort(times_ns, count, sizeof(*times_ns), compare_ns);
	block->packet_ns = times_ns[count / 2];
	block->packets = count;
	return 0;
}

static int run_block(struct hops *hops, int fd, struct probe_block *block, struct err *err)
{
	static const enum hops_attach attach[] = {
		[BLOCK_OFF] = HOPS_DETACHED,
		[BLOCK_EMPTY] = HOPS_EMPTY,
		[BLOCK_FULL] = HOPS_FULL,
	};
	int code = hops_attach(hops, attach[block->condition], hops->calibrated_functions, err);

	hops_log_reset(hops);
	if (!code)
		code = send_block(hops, fd, block, err);
	for (size_t i = 0; i < hops->cpu_count; i++)
		block->events += hops->skeleton->bss->cpus[i].next;
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
static int run_half(struct hops *hops, int fd, unsigned half, struct probe_block *blocks,
		    struct err *err)
{
	static const int order[] = { BLOCK_OFF, BLOCK_EMPTY, BLOCK_FULL };
	int code = 0;

	for (unsigned i = 0; i < HALF_BLOCKS && !code; i++) {
		unsigned at = i / HALF_ROUNDS;

		blocks[i] = (struct probe_block){
			.round = half * HALF_ROUNDS + i % HALF_ROUNDS,
			.condition = order[half ? CONDITIONS - 1 - at : at],
		};
		code = run_block(hops, fd, &blocks[i], err);
	}
	return code;
}

int hops_calibrate(struct probe *probe, struct probe_block *blocks, size_t max, struct err *err)
{
	struct hops *hops = (struct hops *)probe;
	_close_ int fd = open_echo(err);
	struct probe_block discarded = {};
	int code = fd < 0 ? fd : send_block(hops, fd, &discarded, err);

	if (max < 2 * HALF_BLOCKS)
		return 0;
	for (unsigned half = 0; half < 2 && !code; half++)
		code = run_half(hops, fd, half, &blocks[half * HALF_BLOCKS], err);
	share_events(blocks, 2 * HALF_BLOCKS);
	return code ? code : 2 * HALF_BLOCKS;
}
