// SPDX-License-Identifier: GPL-2.0-only
/* The server of the load "udp": its socket, and echoing. */
#include "harness/cleanup.h"
#include "loadgen/drive.h"
#include "loadgen/seen.h"
#include "loadgen/udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static int ask_for_address(int fd, sa_family_t family)
{
	int on = 1;

	return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on))
				  : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

/*
 * Bound to the wildcard: where a service's address is translated on the way, `destination` is not
 * an address of this node. The reply's source is then taken from the request (pktinfo).
 */
int udp_listen(const struct load_pass *pass, struct err *err)
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
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return err_errno(err, -errno, "IPv6 only");
	if (!params->one_way && ask_for_address(fd, family))
		return err_errno(err, -errno, "pktinfo");
	if (params->receive_timestamps &&
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)))
		return err_errno(err, -errno, "receive timestamps");
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

/* Counts the request, if it is one of this pass; the driver counts the replies to duplicates. */
static bool count_request(const struct load_pass *pass, struct load_report *report,
			  struct seen *seen, const struct stamp *stamp)
{
	uint64_t index = stamp->sequence - pass->first_sequence;

	if (stamp->direction != STAMP_REQUEST || index >= pass->count)
		return false;
	if (!seen_before(seen, index))
		atomic_fetch_add_explicit(&report->served, 1, memory_order_relaxed);
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

static int udp_echo(int listener, const struct load_pass *pass, struct load_report *report)
{
	const struct udp_params *params = pass->params;
	_free_ struct seen *seen = calloc(1, sizeof(*seen));
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
		    count_request(pass, report, seen, &stamp))
			send_reply(listener, &message, &stamp);
	}
}

int udp_serve(int listener, const struct load_pass *pass, struct load_report *report)
{
	const struct udp_params *params = pass->params;

	if (params->one_way)
		return udp_receive(listener, pass, report);
	return udp_echo(listener, pass, report);
}
