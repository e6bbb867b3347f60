/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * One connection of the driver's, as a machine of states that epoll moves on; the only system
 * calls that it makes never wait.
 *
 *	CLOSED -> CONNECTING -> IDLE -> SENDING -> AWAITING -> IDLE ...
 *	                                                    -> CLOSING -> CLOSED
 */

#include "harness/err.h"
#include "loadgen/tcp_flow.h"

#include <sys/socket.h>

struct address;

enum connection_state {
	CONNECTION_CLOSED, /* free for a request, as IDLE is */
	CONNECTION_CONNECTING,
	CONNECTION_IDLE,
	CONNECTION_SENDING,
	CONNECTION_AWAITING, /* the answer */
	CONNECTION_CLOSING, /* awaiting that the server closes it */
};

#define CONNECTION_UNUSED UINT64_MAX

struct tcp_connection {
	struct tcp_flow flow;
	enum connection_state state;
	uint64_t index; /* of the request under way, or CONNECTION_UNUSED */
	uint64_t due_ns; /* its intended time */
	uint64_t sent_ns; /* just before its first byte */
	uint64_t left_bytes; /* still to send, or still to receive */
	uint64_t requests; /* answered on this connection */
	uint64_t begun_ns; /* of connecting */
	uint64_t deadline_ns; /* when what is under way is given up */
};

/* Where to. The epoll reports edges, with the connection's pointer. */
struct tcp_target {
	struct sockaddr_storage source, destination;
	socklen_t address_bytes;
	uint16_t port;
	int epoll_fd;
};

void tcp_target_set(struct tcp_target *target, const struct address *source,
		    const struct address *destination, uint16_t port);

/* Begins to connect: CONNECTING. */
int tcp_connection_open(struct tcp_connection *connection, const struct tcp_target *target,
			struct err *err);
/* Whether it has connected; an error if it was refused. */
int tcp_connection_opened(const struct tcp_connection *connection, const struct tcp_target *target,
			  bool *ret_opened, struct err *err);
/* Closed by the other side before: without a TIME_WAIT here. CLOSED. */
void tcp_connection_close(struct tcp_connection *connection);
/* In the middle, or one that is not needed any more: by a reset, so without a TIME_WAIT too. */
void tcp_connection_reset(struct tcp_connection *connection);
