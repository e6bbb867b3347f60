// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP datagrams, echoed by a server in `to` or, one-way, only counted by it.
 */
#include "harness/cleanup.h"
#include "loadgen/drive.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#define UDP_MAX_FLOWS 1024
/* Descriptors besides the flows'. */
#define UDP_SPARE_FDS 256

struct udp_params {
	uint64_t size, flows, port, source_port;
	bool one_way;
};

/* The driver's state. */
struct udp {
	struct drive drive; /* first */
	const struct udp_params *params;
	int flow_fds[UDP_MAX_FLOWS];
	char *packet, *buffer; /* params->size bytes each, the buffer one more */
};

static const struct field udp_fields[] = {
	{
		.name = "size",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, size),
		.fallback = "64",
		.min = STAMP_BYTES,
		.max = 65000,
		.unit = "bytes",
		.help = "UDP payload, its 16-byte stamp included; beyond the path's MTU less "
			"headers it is fragmented.",
	},
	{
		.name = "flows",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, flows),
		.fallback = "1",
		.min = 1,
		.max = UDP_MAX_FLOWS,
		.unit = "flows",
		.help = "Source ports, taken in turn.",
	},
	{
		.name = "port",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, port),
		.fallback = "9000",
		.min = 1,
		.max = 65535,
		.help = "Destination port, on which the server listens.",
	},
	{
		.name = "source_port",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, source_port),
		.fallback = "40000",
		.min = 1,
		.max = 65535,
		.help = "First flow's source port; the others' follow.",
	},
	{
		.name = "one_way",
		.type = FIELD_BOOL,
		.offset = offsetof(struct udp_params, one_way),
		.fallback = "false",
		.help = "The server only counts, nothing is sent back.",
	},
	FIELD_END,
};

static struct udp *udp_of(struct drive *drive)
{
	return (struct udp *)drive;
}

static bool udp_expects_reply(const void *params)
{
	return !((const struct udp_params *)params)->one_way;
}

static uint64_t udp_packet_bytes(const struct load_common *common, const void *params)
{
	uint64_t ip_bytes = common->family ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);

	return ip_bytes + sizeof(struct udphdr) + ((const struct udp_params *)params)->size;
}

static const char *udp_check(const struct load_common *common, const void *params)
{
	const struct udp_params *udp = params;

	if (udp->source_port + udp->flows - 1 > 65535)
		return "source_port and flows reach beyond port 65535";
	if (!strcmp(common->from, common->to) && udp->port >= udp->source_port &&
	    udp->port < udp->source_port + udp->flows)
		return "port is one of the source ports, and both are in one node";
	return NULL;
}

/*
 * Bound to the wildcard: where a service's address is translated on the way, `destination` is not
 * an address of this node. The reply's source is then taken from the request (pktinfo).
 */
static int udp_listen(const struct load_pass *pass, struct err *err)
{
	const struct udp_params *params = pass->params;
	sa_family_t family = pass->destination.family;
	const struct address any = { .family = AF_UNSPEC };
	struct sockaddr_storage local;
	socklen_t bytes = drive_sockaddr(&any, family, (uint16_t)params->port, &local);
	_close_ int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return err_errno(err, -errno, "UDP socket");
	if (family == AF_INET6
		    ? setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) ||
			      setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on))
		    : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)))
		return err_errno(err, -errno, "pktinfo");
	if (bind(fd, (struct sockaddr *)&local, bytes))
		return err_errno(err, -errno, "bind to port %u", (unsigned int)params->port);
	drive_enlarge_buffer(fd);
	return steal_fd(&fd);
}

/* Keeps the address, forgets the device: how the reply leaves is up to the routes. */
static void forget_device(struct msghdr *message)
{
	struct in6_pktinfo info6;
	struct in_pktinfo info;

	for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(message); cmsg;
	     cmsg = CMSG_NXTHDR(message, cmsg)) {
		if (cmsg->cmsg_level == IPPROTO_IP && cmsg->cmsg_type == IP_PKTINFO) {
			memcpy(&info, CMSG_DATA(cmsg), sizeof(info));
			info.ipi_ifindex = 0;
			memcpy(CMSG_DATA(cmsg), &info, sizeof(info));
		} else if (cmsg->cmsg_level == IPPROTO_IPV6 && cmsg->cmsg_type == IPV6_PKTINFO) {
			memcpy(&info6, CMSG_DATA(cmsg), sizeof(info6));
			info6.ipi6_ifindex = 0;
			memcpy(CMSG_DATA(cmsg), &info6, sizeof(info6));
		}
	}
}

/* Counts the request; whether it is one of this pass. `seen` has a bit a sequence. */
static bool count_request(const struct load_pass *pass, struct load_report *report, uint8_t *seen,
			  const struct stamp *stamp)
{
	const struct udp_params *params = pass->params;
	uint64_t index = stamp->sequence - pass->first_sequence;
	uint8_t bit;

	if (stamp->direction != STAMP_REQUEST || index >= pass->count)
		return false;
	bit = (uint8_t)(1u << (index % 8));
	if (!(seen[index / 8] & bit))
		atomic_fetch_add_explicit(&report->served, 1, memory_order_relaxed);
	else if (params->one_way) /* else the driver counts the replies to both */
		atomic_fetch_add_explicit(&report->duplicates, 1, memory_order_relaxed);
	seen[index / 8] |= bit;
	return true;
}

/* A lost reply is not the server's failure: the driver counts what does not come. */
static void send_reply(int listener, struct msghdr *message, struct stamp *stamp)
{
	stamp->direction = STAMP_REPLY;
	stamp_write(message->msg_iov->iov_base, message->msg_iov->iov_len, stamp);
	forget_device(message);
	sendmsg(listener, message, 0);
}

static int udp_serve(int listener, const struct load_pass *pass, struct load_report *report)
{
	const struct udp_params *params = pass->params;
	_free_ uint8_t *seen = calloc(1, pass->count / 8 + 1);
	_free_ char *buffer = calloc(1, params->size + 1); /* one more shows what is too long */
	char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8)));
	struct sockaddr_storage peer;
	struct stamp stamp;

	if (!seen || !buffer)
		return -ENOMEM;
	for (;;) {
		struct iovec iov = { .iov_base = buffer, .iov_len = params->size + 1 };
		struct msghdr message = { .msg_name = &peer,
					  .msg_namelen = sizeof(peer),
					  .msg_iov = &iov,
					  .msg_iovlen = 1,
					  .msg_control = control,
					  .msg_controllen = sizeof(control) };
		ssize_t bytes = recvmsg(listener, &message, 0);

		if (bytes < 0)
			continue; /* an ICMP error about an earlier reply */
		iov.iov_len = (size_t)bytes;
		if (stamp_find(buffer, iov.iov_len, pass->magic, &stamp) &&
		    count_request(pass, report, seen, &stamp) && !params->one_way)
			send_reply(listener, &message, &stamp);
	}
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
static bool udp_receive(struct drive *drive)
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

static int open_flows(struct udp *udp, int epoll_fd, struct err *err)
{
	const struct udp_params *params = udp->params;
	struct rlimit limit;

	/* The usual soft limit is 1024 descriptors: as many as there may be flows. */
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < params->flows + UDP_SPARE_FDS) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	for (uint64_t i = 0; i < params->flows; i++) {
		struct epoll_event event = { .events = EPOLLIN };
		int fd = open_flow(udp->drive.pass, (uint16_t)(params->source_port + i), err);

		if (fd < 0)
			return fd;
		udp->flow_fds[i] = fd; /* until the process ends */
		event.data.fd = fd;
		if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event))
			return err_errno(err, -errno, "epoll");
	}
	return 0;
}

static int udp_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
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
				     .receive = udp_receive };
	udp->params = params;
	udp->packet = packet;
	udp->buffer = buffer;
	result = open_flows(udp, epoll_fd, err);
	return result ? result : drive_run(&udp->drive, err);
}

const struct load_ops load_udp = {
	.kind = { .name = "udp",
		  .help = "UDP datagrams in one or many flows, echoed or only counted by `to`.",
		  .fields = udp_fields,
		  .params_size = sizeof(struct udp_params) },
	.expects_reply = udp_expects_reply,
	.packet_bytes = udp_packet_bytes,
	.check = udp_check,
	.listen = udp_listen,
	.serve = udp_serve,
	.drive = udp_drive,
};
