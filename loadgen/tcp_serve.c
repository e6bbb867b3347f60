// SPDX-License-Identifier: GPL-2.0-only
/*
 * The server of the load "tcp": one process, all connections in one epoll. Where a connection has
 * an end, the server closes it first and so keeps the TIME_WAIT: the client's port is free again at
 * once, and the server lets a new connection from there take a waiting one's place (RFC 6191).
 */
#include "harness/cleanup.h"
#include "loadgen/drive.h"
#include "loadgen/tcp.h"
#include "loadgen/tcp_flow.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#define SERVE_EVENTS 64

struct peer {
	struct tcp_flow flow;
	uint64_t owed_bytes; /* of answers */
	uint64_t requests;
};

struct server {
	const struct tcp_params *params;
	struct load_report *report;
	struct tcp_content *content;
	int listener, epoll_fd;
};

/* Bound to the wildcard, as the load "udp": the destination may be translated on the way. */
int tcp_listen(const struct load_pass *pass, struct err *err)
{
	const struct tcp_params *params = pass->params;
	sa_family_t family = pass->destination.family;
	const struct address any = { .family = AF_UNSPEC };
	struct sockaddr_storage local;
	socklen_t bytes = drive_sockaddr(&any, family, (uint16_t)params->port, &local);
	_close_ int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int on = 1;

	if (fd < 0)
		return err_errno(err, -errno, "TCP socket");
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)))
		return err_errno(err, -errno, "IPv6 only");
	/* Connections of the pass before may still be in TIME_WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)))
		return err_errno(err, -errno, "reuse the address");
	if (bind(fd, (struct sockaddr *)&local, bytes))
		return err_errno(err, -errno, "bind to port %u", (unsigned int)params->port);
	/* The kernel takes its own maximum (net.core.somaxconn) if that is less. */
	if (listen(fd, TCP_MAX_CONNECTIONS))
		return err_errno(err, -errno, "listen");
	return steal_fd(&fd);
}

static int peer_close(struct peer *peer)
{
	close(peer->flow.fd);
	free(peer);
	return 0;
}

/* While an answer waits for room no more is read: the client then waits too. */
static int watch(const struct server *server, struct peer *peer, int operation)
{
	struct epoll_event event = { .events = peer->owed_bytes ? EPOLLOUT : EPOLLIN,
				     .data.ptr = peer };

	return epoll_ctl(server->epoll_fd, operation, peer->flow.fd, &event) ? -errno : 0;
}

static int add_peer(const struct server *server, int fd)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int on = 1;

	if (!peer) {
		close(fd);
		return -ENOMEM;
	}
	peer->flow.fd = fd;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return watch(server, peer, EPOLL_CTL_ADD);
}

/* A connection that broke before it was taken is not the server's fault. */
static int accept_peers(const struct server *server)
{
	int code = 0;

	while (!code) {
		int fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 && errno == EAGAIN)
			return 0;
		if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM))
			return -errno;
		if (fd >= 0)
			code = add_peer(server, fd);
	}
	return code;
}

static void count_bytes(const struct server *server, struct peer *peer, uint64_t bytes)
{
	uint64_t requests = peer->flow.received_bytes / server->params->request_bytes;
	uint64_t new = requests - peer->requests;

	peer->requests = requests;
	if (server->params->mode == TCP_REQUEST)
		peer->owed_bytes += new * server->params->response_bytes;
	atomic_fetch_add_explicit(&server->report->served, new, memory_order_relaxed);
	atomic_fetch_add_explicit(&server->report->served_bytes, bytes, memory_order_relaxed);
}

static bool is_last(const struct server *server, const struct peer *peer)
{
	uint64_t most = server->params->requests_per_connection;

	return most && peer->requests >= most && !peer->owed_bytes;
}

static int wrong_bytes(const struct server *server, const struct peer *peer)
{
	snprintf(server->report->error, sizeof(server->report->error),
		 "server: what came after byte %lu of a connection is not what was sent",
		 peer->flow.received_bytes);
	return -EBADMSG;
}

/* A connection that breaks is the driver's to tell, which sees it too. */
static int serve_peer(const struct server *server, struct peer *peer)
{
	bool waited = peer->owed_bytes;
	int64_t bytes = 0;

	if (!waited)
		bytes = tcp_flow_receive(&peer->flow, server->content, TCP_CONTENT_PERIOD);
	if (bytes == -EBADMSG)
		return wrong_bytes(server, peer);
	if (bytes < 0 || peer->flow.ended)
		return peer_close(peer);
	count_bytes(server, peer, (uint64_t)bytes);
	bytes = tcp_flow_send(&peer->flow, server->content, peer->owed_bytes);
	if (bytes < 0)
		return peer_close(peer);
	peer->owed_bytes -= (uint64_t)bytes;
	if (is_last(server, peer))
		return peer_close(peer);
	return waited != !!peer->owed_bytes ? watch(server, peer, EPOLL_CTL_MOD) : 0;
}

static int serve_events(const struct server *server)
{
	struct epoll_event events[SERVE_EVENTS];
	int count = epoll_wait(server->epoll_fd, events, SERVE_EVENTS, -1), code = 0;

	for (int i = 0; i < count && !code; i++)
		code = events[i].data.ptr ? serve_peer(server, events[i].data.ptr)
					  : accept_peers(server);
	return code;
}

int tcp_serve(int listener, const struct load_pass *pass, struct load_report *report)
{
	_free_ struct tcp_content *content = tcp_content_new(pass->magic);
	_close_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	const struct server server = { .params = pass->params,
				       .report = report,
				       .content = content,
				       .listener = listener,
				       .epoll_fd = epoll_fd };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };
	struct err err;
	int code;

	if (!content)
		return -ENOMEM;
	code = tcp_raise_limit(server.params->connections, &err);
	if (!code && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event))
		code = -errno;
	while (!code)
		code = serve_events(&server);
	return code;
}
