// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/tcp_connection.h"

#include "harness/cleanup.h"
#include "loadgen/drive.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

void tcp_target_set(struct tcp_target *target, const struct address *source,
		    const struct address *destination, uint16_t port)
{
	drive_sockaddr(source, destination->family, 0, &target->source);
	target->address_bytes =
		drive_sockaddr(destination, destination->family, port, &target->destination);
	target->port = port;
}

/* The local port is chosen by connect(), which may take one that other destinations use. */
static int open_socket(const struct tcp_target *target, struct err *err)
{
	sa_family_t family = target->destination.ss_family;
	_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return err_errno(err, -errno, "TCP socket");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (const struct sockaddr *)&target->source, target->address_bytes))
		return err_errno(err, -errno, "bind to the source address");
	return steal_fd(&fd);
}

static int connect_error(const struct tcp_target *target, int error, struct err *err)
{
	if (error == EADDRNOTAVAIL)
		return err_set(err, -error,
			       "connect to port %u: no local port is left "
			       "(net.ipv4.ip_local_port_range)",
			       target->port);
	return err_errno(err, -error, "connect to port %u", target->port);
}

int tcp_connection_open(struct tcp_connection *connection, const struct tcp_target *target,
			struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
				     .data.ptr = connection };
	_close_ int fd = open_socket(target, err);

	if (fd < 0)
		return fd;
	if (connect(fd, (const struct sockaddr *)&target->destination, target->address_bytes) &&
	    errno != EINPROGRESS)
		return connect_error(target, errno, err);
	if (epoll_ctl(target->epoll_fd, EPOLL_CTL_ADD, fd, &event))
		return err_errno(err, -errno, "epoll");
	connection->flow = (struct tcp_flow){ .fd = steal_fd(&fd) };
	connection->state = CONNECTION_CONNECTING;
	connection->requests = 0;
	return 0;
}

int tcp_connection_opened(const struct tcp_connection *connection, const struct tcp_target *target,
			  bool *ret_opened, struct err *err)
{
	struct sockaddr_storage peer;
	socklen_t error_bytes = sizeof(int), peer_bytes = sizeof(peer);
	int error = 0;

	if (getsockopt(connection->flow.fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes))
		return err_errno(err, -errno, "connect to port %u", target->port);
	if (error)
		return connect_error(target, error, err);
	*ret_opened = !getpeername(connection->flow.fd, (struct sockaddr *)&peer, &peer_bytes);
	return 0;
}

void tcp_connection_close(struct tcp_connection *connection)
{
	if (connection->flow.fd >= 0)
		close(steal_fd(&connection->flow.fd));
	connection->state = CONNECTION_CLOSED;
}

void tcp_connection_reset(struct tcp_connection *connection)
{
	const struct linger at_once = { .l_onoff = 1 };

	if (connection->flow.fd >= 0)
		setsockopt(connection->flow.fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	tcp_connection_close(connection);
}
