// SPDX-License-Identifier: GPL-2.0-only
/* The driver of the load "udp" where each packet is sent at its own time and its times are kept. */
#include "harness/cleanup.h"
#include "loadgen/drive.h"
#include "loadgen/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

/* Descriptors besides the flows'. */
#define UDP_SPARE_FDS 256

/* The driver's state. */
struct udp {
	struct drive drive; /* first */
	const struct udp_params *params;
	int flow_fds[UDP_MAX_FLOWS];
	char *packet, *buffer; /* params->size bytes each, the buffer one more */
};

static struct udp *udp_of(struct drive *drive)
{
	return (struct udp *)drive;
}

static void udp_prepare(struct drive *drive, uint64_t index)
{
	struct udp *udp = udp_of(drive);
	struct stamp stamp = { .magic = drive->pass->magic,
			       .sequence = drive_sequence(drive, index),
			       .direction = STAMP_REQUEST };

	stamp_write(udp->packet, udp->params->size, &stamp);
}

static int udp_send(struct drive *drive, uint64_t index)
{
	struct udp *udp = udp_of(drive);
	int fd = udp->flow_fds[index % udp->params->flows];

	if (send(fd, udp->packet, udp->params->size, 0) >= 0)
		return 0;
	/*
	 * "Connection refused" and the like is an ICMP error about an *earlier* packet, handed
	 * over once instead of sending this one; an error of this send itself comes again.
	 */
	return send(fd, udp->packet, udp->params->size, 0) < 0 ? -errno : 0;
}

/* Which clock, and why not the kernel's timestamp: see ping_receive(). */
static bool take_from(struct udp *udp, int fd)
{
	ssize_t bytes = recv(fd, udp->buffer, udp->params->size + 1, MSG_DONTWAIT);
	uint64_t now_ns = pace_now_ns();

	if (bytes >= 0)
		drive_take_reply(&udp->drive, udp->buffer, (size_t)bytes, now_ns);
	return bytes >= 0;
}

/* One flow's socket is read at once: an epoll_wait() first would count as round trip. */
static bool udp_take_replies(struct drive *drive)
{
	struct udp *udp = udp_of(drive);
	struct epoll_event events[16];
	bool any = false;
	int count;

	if (udp->params->flows == 1)
		return take_from(udp, udp->flow_fds[0]);
	count = epoll_wait(drive->wait_fd, events, ARRAY_SIZE(events), 0);
	for (int i = 0; i < count; i++)
		any |= take_from(udp, events[i].data.fd);
	return any;
}

static int open_flow(const struct load_pass *pass, uint16_t source_port, struct err *err)
{
	const struct udp_params *params = pass->params;
	sa_family_t family = pass->destination.family;
	_close_ int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage local, peer;
	socklen_t local_bytes = drive_sockaddr(&pass->source, family, source_port, &local);
	socklen_t peer_bytes =
		drive_sockaddr(&pass->destination, family, (uint16_t)params->port, &peer);

	if (fd < 0)
		return err_errno(err, -errno, "UDP socket");
	if (bind(fd, (struct sockaddr *)&local, local_bytes))
		return err_errno(err, -errno, "bind to source port %u", source_port);
	if (connect(fd, (struct sockaddr *)&peer, peer_bytes))
		return err_errno(err, -errno, "connect to port %u", (unsigned int)params->port);
	drive_enlarge_buffer(fd);
	return steal_fd(&fd);
}

/* The usual soft limit is 1024 descriptors: as many as there may be flows. */
static void raise_limit(uint64_t flows)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= flows + UDP_SPARE_FDS)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int udp_open_flows(const struct load_pass *pass, int *ret_fds, struct err *err)
{
	const struct udp_params *params = pass->params;

	raise_limit(params->flows);
	for (uint64_t i = 0; i < params->flows; i++) {
		int fd = open_flow(pass, (uint16_t)(params->source_port + i), err);

		if (fd < 0)
			return fd;
		ret_fds[i] = fd;
	}
	return 0;
}

static int watch_flows(const struct udp *udp, int epoll_fd, struct err *err)
{
	for (uint64_t i = 0; i < udp->params->flows; i++) {
		int fd = udp->flow_fds[i];
		struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
			return err_errno(err, -errno, "epoll");
	}
	return 0;
}

int udp_drive_each(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	const struct udp_params *params = pass->params;
	_free_ struct udp *udp = calloc(1, sizeof(*udp));
	_free_ char *packet = calloc(1, params->size);
	_free_ char *buffer = calloc(1, params->size + 1);
	_close_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	int result;

	if (!udp || !packet || !buffer)
		return err_errno(err, -ENOMEM, "packets of %zu bytes", (size_t)params->size);
	if (epoll_fd < 0)
		return err_errno(err, -errno, "epoll");
	udp->drive = (struct drive){ .pass = pass,
				     .report = report,
				     .expects_reply = !params->one_way,
				     .reply_direction = STAMP_REPLY,
				     .wait_fd = params->one_way ? -1 : epoll_fd,
				     .prepare = udp_prepare,
				     .send = udp_send,
				     .receive = udp_take_replies };
	udp->params = params;
	udp->packet = packet;
	udp->buffer = buffer;
	result = udp_open_flows(pass, udp->flow_fds, err);
	if (!result)
		result = watch_flows(udp, epoll_fd, err);
	if (!result && params->receive_timestamps)
		report->realtime_offset_ns = pace_realtime_offset_ns();
	if (!result)
		result = drive_run(&udp->drive, err);
	if (!result && params->receive_timestamps)
		result = udp_check_clock(report, err);
	return result;
}
