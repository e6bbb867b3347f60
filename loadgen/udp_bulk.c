// SPDX-License-Identifier: GPL-2.0-only
/* The driver of the load "udp" in bulk: many packets a system call, and only their spreads kept. */
#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"
#include "loadgen/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <time.h>

/* Between two tries of a send for which there is no room. */
#define BULK_NAP_NS 100000

/* A step of the clock; readings of its offset differ by less. */
#define BULK_STEP_NS 10000

struct bulk {
	const struct load_pass *pass;
	const struct udp_params *params;
	struct load_report *report;
	struct pace pace;
	int flow_fds[UDP_MAX_FLOWS];
	char *payloads; /* of one call, one after the other */
	struct mmsghdr messages[UDP_MAX_BURST];
	struct iovec vectors[UDP_MAX_BURST];
	int first_error;
};

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Makes the packets of one call; returns how many messages they are. */
static unsigned int fill(struct bulk *bulk, uint64_t index, uint64_t packets)
{
	uint64_t size = bulk->params->size, gso = bulk->params->gso;
	unsigned int messages = 0;
	struct stamp stamp = { .magic = bulk->pass->magic, .direction = STAMP_REQUEST };

	for (uint64_t i = 0; i < packets; i++) {
		stamp.sequence = bulk->pass->first_sequence + (uint32_t)(index + i);
		stamp_write(bulk->payloads + i * size, size, &stamp);
	}
	for (uint64_t i = 0; i < packets; i += gso)
		bulk->vectors[messages++].iov_len = smaller(gso, packets - i) * size;
	return messages;
}

/*
 * The socket blocks while its own buffer is full; a queue of the kernel's that is full is waited
 * for only flat out, since a schedule does not wait. Any other error may be an ICMP error about an
 * *earlier* packet, handed over once instead of sending this one: an error of this send itself
 * comes again.
 */
static bool may_try_again(const struct bulk *bulk, int error, uint64_t tries)
{
	const struct timespec nap = { .tv_nsec = BULK_NAP_NS };

	if (error == EINTR)
		return true;
	if ((error != ENOBUFS && error != EAGAIN) || bulk->pass->interval_ps)
		return !tries;
	nanosleep(&nap, NULL);
	return tries * BULK_NAP_NS < bulk->pass->common->timeout_ms * 1000000;
}

/* Packets in `count` messages from the one with that number on. */
static uint64_t packets_in(const struct bulk *bulk, unsigned int first, unsigned int count)
{
	uint64_t packets = 0;

	for (unsigned int i = first; i < first + count; i++)
		packets += bulk->vectors[i].iov_len / bulk->params->size;
	return packets;
}

/* Returns how many packets the kernel took. A message that it does not take is passed over. */
static uint64_t send_messages(struct bulk *bulk, int fd, unsigned int count)
{
	uint64_t sent = 0, tries = 0;
	unsigned int at = 0;

	while (at < count) {
		int taken = sendmmsg(fd, bulk->messages + at, count - at, 0);

		if (taken > 0) {
			sent += packets_in(bulk, at, (unsigned int)taken);
			at += (unsigned int)taken;
			tries = 0;
		} else if (!may_try_again(bulk, errno, tries++)) {
			if (!bulk->first_error)
				bulk->first_error = -errno;
			atomic_fetch_add_explicit(&bulk->report->send_errors,
						  packets_in(bulk, at++, 1), memory_order_relaxed);
			tries = 0;
		}
	}
	return sent;
}

static uint64_t wait_until_due(const struct bulk *bulk, uint64_t index)
{
	uint64_t now_ns;

	do {
		now_ns = pace_wait(&bulk->pace, index);
	} while (now_ns < pace_intended_ns(&bulk->pace, index) && !load_is_stopped(bulk->report));
	return now_ns;
}

/* Flat out nothing is intended, and so nothing is late. */
static void send_call(struct bulk *bulk, uint64_t index, uint64_t packets, int fd)
{
	unsigned int messages = fill(bulk, index, packets);
	uint64_t now_ns = 0, sent;

	if (bulk->pace.interval_ps)
		now_ns = wait_until_due(bulk, index);
	if (load_is_stopped(bulk->report))
		return;
	sent = send_messages(bulk, fd, messages);
	atomic_fetch_add_explicit(&bulk->report->sent, sent, memory_order_relaxed);
	if (bulk->pace.interval_ps)
		spread_add_times(&bulk->report->lateness_ns,
				 now_ns - pace_intended_ns(&bulk->pace, index), sent);
}

static bool is_over(const struct bulk *bulk)
{
	uint64_t duration_ns = bulk->pass->duration_ns;

	return load_is_stopped(bulk->report) ||
	       (duration_ns && pace_now_ns() - bulk->pace.start_ns >= duration_ns);
}

static void send_all(struct bulk *bulk)
{
	const struct load_pass *pass = bulk->pass;
	uint64_t per_call = udp_per_call(pass->common, bulk->params), call = 0;

	wait_until_due(bulk, 0);
	for (uint64_t index = 0; index < pass->count && !is_over(bulk); index += per_call)
		send_call(bulk, index, smaller(per_call, pass->count - index),
			  bulk->flow_fds[call++ % bulk->params->flows]);
}

static int lay_out(struct bulk *bulk, struct err *err)
{
	const struct udp_params *params = bulk->params;
	int segment_bytes = (int)params->size;

	for (uint64_t i = 0; i < params->burst; i++) {
		bulk->vectors[i].iov_base = bulk->payloads + i * params->gso * params->size;
		bulk->messages[i].msg_hdr.msg_iov = &bulk->vectors[i];
		bulk->messages[i].msg_hdr.msg_iovlen = 1;
	}
	for (uint64_t i = 0; i < params->flows && params->gso > 1; i++)
		if (setsockopt(bulk->flow_fds[i], IPPROTO_UDP, UDP_SEGMENT, &segment_bytes,
			       sizeof(segment_bytes)))
			return err_errno(err, -errno, "UDP_SEGMENT of %d bytes", segment_bytes);
	return 0;
}

int udp_check_clock(const struct load_report *report, struct err *err)
{
	int64_t step_ns = pace_realtime_offset_ns() - report->realtime_offset_ns;

	if (llabs(step_ns) < BULK_STEP_NS)
		return 0;
	return err_set(err, -ESTALE,
		       "the system's clock was set by %+lld ns meanwhile: one-way delays are void",
		       (long long)step_ns);
}

static int run(struct bulk *bulk, struct err *err)
{
	struct load_report *report = bulk->report;
	uint64_t cpu_ns;

	/* The receiver reads this and the start, though not before the first packet. */
	report->realtime_offset_ns = pace_realtime_offset_ns();
	bulk->pace.interval_ps = bulk->pass->interval_ps;
	bulk->pace.start_ns = bulk->pass->start_ns ? bulk->pass->start_ns : pace_now_ns();
	report->started_ns = bulk->pace.start_ns;
	cpu_ns = pace_cpu_ns();
	send_all(bulk);
	report->driver_cpu_ns = pace_cpu_ns() - cpu_ns;
	report->ended_ns = pace_now_ns();
	if (bulk->first_error && !atomic_load(&report->sent))
		return err_errno(err, bulk->first_error, "nothing could be sent%s",
				 bulk->params->gso > 1 ? " (with gso each packet must fit the "
							 "device's MTU)"
						       : "");
	return bulk->params->receive_timestamps ? udp_check_clock(report, err) : 0;
}

int udp_drive_bulk(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	const struct udp_params *params = pass->params;
	_free_ struct bulk *bulk = calloc(1, sizeof(*bulk));
	_free_ char *payloads = calloc(params->burst * params->gso, params->size);
	int result;

	if (!bulk || !payloads)
		return err_errno(err, -ENOMEM, "packets of one call");
	bulk->pass = pass;
	bulk->params = params;
	bulk->report = report;
	bulk->payloads = payloads;
	result = udp_open_flows(pass, bulk->flow_fds, err);
	if (!result)
		result = lay_out(bulk, err);
	return result ? result : run(bulk, err);
}
