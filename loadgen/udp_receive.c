// SPDX-License-Identifier: GPL-2.0-only
/* The one-way server of the load "udp": takes what is there, many at a time, and counts it. */
#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "loadgen/seen.h"
#include "loadgen/stamp.h"
#include "loadgen/udp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define RECEIVE_MESSAGES 64 /* a call */
#define RECEIVE_CONTROL_BYTES CMSG_SPACE(sizeof(struct timespec))

struct receiver {
	const struct load_pass *pass;
	const struct udp_params *params;
	struct load_report *report;
	struct seen seen;
	size_t buffer_bytes; /* one more than a packet has shows what is too long */
	char *buffers;
	struct mmsghdr messages[RECEIVE_MESSAGES];
	struct iovec vectors[RECEIVE_MESSAGES];
	char control[RECEIVE_MESSAGES][RECEIVE_CONTROL_BYTES] __attribute__((aligned(8)));
};

static void lay_out(struct receiver *receiver)
{
	for (size_t i = 0; i < RECEIVE_MESSAGES; i++) {
		struct msghdr *message = &receiver->messages[i].msg_hdr;

		receiver->vectors[i].iov_base = receiver->buffers + i * receiver->buffer_bytes;
		receiver->vectors[i].iov_len = receiver->buffer_bytes;
		message->msg_iov = &receiver->vectors[i];
		message->msg_iovlen = 1;
		message->msg_control = receiver->control[i];
	}
}

static int receive_messages(struct receiver *receiver, int listener)
{
	size_t control_bytes = receiver->params->receive_timestamps ? RECEIVE_CONTROL_BYTES : 0;

	/* The last call left there what it wrote. */
	for (size_t i = 0; i < RECEIVE_MESSAGES; i++)
		receiver->messages[i].msg_hdr.msg_controllen = control_bytes;
	return recvmmsg(listener, receiver->messages, RECEIVE_MESSAGES, MSG_WAITFORONE, NULL);
}

/* The schedule's own time: lateness and the way through the sending kernel are part of the delay.
 */
static uint64_t intended_ns(const struct receiver *receiver, uint64_t index)
{
	const struct pace pace = { receiver->report->started_ns, receiver->pass->interval_ps };
	uint64_t per_call = udp_per_call(receiver->pass->common, receiver->params);

	return pace_intended_ns(&pace, index - index % per_call);
}

/*
 * Set when the last device hands the packet to the receiving stack, whose own time so is not in it,
 * nor the wake-up of this process. CLOCK_REALTIME, hence the offset; the driver refuses the pass if
 * that has changed at its end.
 */
static void take_timestamp(struct receiver *receiver, struct msghdr *message, uint64_t index)
{
	struct load_report *report = receiver->report;
	struct timespec stamp;
	int64_t delay_ns;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&stamp, CMSG_DATA(cmsg), sizeof(stamp));
		delay_ns = stamp.tv_sec * 1000000000 + stamp.tv_nsec - report->realtime_offset_ns -
			   (int64_t)intended_ns(receiver, index);
		/* The offset is known to some 100 ns only. */
		spread_add(&report->one_way_ns, delay_ns > 0 ? (uint64_t)delay_ns : 0);
	}
}

/* Adds to one of the two if it is a packet of this pass. */
static void take(struct receiver *receiver, struct mmsghdr *message, uint64_t *new, uint64_t *again)
{
	const struct load_pass *pass = receiver->pass;
	struct stamp stamp;
	uint64_t index;

	if (!stamp_find(message->msg_hdr.msg_iov->iov_base, message->msg_len, pass->magic,
			&stamp) ||
	    stamp.direction != STAMP_REQUEST)
		return;
	index = stamp.sequence - pass->first_sequence;
	if (index >= pass->count)
		return;
	if (seen_before(&receiver->seen, index)) {
		++*again;
		return;
	}
	++*new;
	/* A pass without a schedule, as the warm-up, has no intended times. */
	if (receiver->params->receive_timestamps && pass->interval_ps)
		take_timestamp(receiver, &message->msg_hdr, index);
}

int udp_receive(int listener, const struct load_pass *pass, struct load_report *report)
{
	const struct udp_params *params = pass->params;
	_free_ struct receiver *receiver = calloc(1, sizeof(*receiver));
	_free_ char *buffers = calloc(RECEIVE_MESSAGES, params->size + 1);

	if (!receiver || !buffers)
		return -ENOMEM;
	receiver->pass = pass;
	receiver->params = params;
	receiver->report = report;
	receiver->buffer_bytes = params->size + 1;
	receiver->buffers = buffers;
	lay_out(receiver);
	for (;;) {
		uint64_t new = 0, again = 0;
		int count = receive_messages(receiver, listener);

		for (int i = 0; i < count; i++)
			take(receiver, &receiver->messages[i], &new, &again);
		atomic_fetch_add_explicit(&report->served, new, memory_order_relaxed);
		atomic_fetch_add_explicit(&report->duplicates, again, memory_order_relaxed);
	}
}
