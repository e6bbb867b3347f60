/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The driver of the load "tcp", in two parts: the schedule (tcp_drive.c) takes a free connection
 * for each request that is due; the exchange (tcp_exchange.c) moves a connection on until it is
 * free again. One process, no threads.
 */

#include "loadgen/pace.h"
#include "loadgen/tcp.h"
#include "loadgen/tcp_connection.h"

struct tcp {
	const struct load_pass *pass;
	const struct tcp_params *params;
	struct load_report *report;
	struct err *err;
	struct pace pace;
	struct tcp_target target;
	struct tcp_content *content;
	struct tcp_connection *connections;
	uint64_t connection_count;
	struct tcp_connection **free; /* a ring of those that are IDLE or CLOSED, longest first */
	uint64_t free_first, free_count;
	uint64_t next; /* request */
	uint64_t check_ns; /* no deadline is before that */
};

static inline bool tcp_is_stream(const struct tcp *tcp)
{
	return tcp->params->mode == TCP_STREAM;
}

static inline bool tcp_is_kept(const struct tcp *tcp)
{
	return !tcp->params->requests_per_connection;
}

static inline uint64_t tcp_timeout_ns(const struct tcp *tcp)
{
	return tcp->pass->common->timeout_ms * 1000000;
}

/* On a connection that is not open: connects, and sends its request, if it has one. */
int tcp_exchange_open(struct tcp *tcp, struct tcp_connection *connection);
/* On an IDLE one: sends its request now. */
int tcp_exchange_send(struct tcp *tcp, struct tcp_connection *connection);
/* After an event. */
int tcp_exchange_move_on(struct tcp *tcp, struct tcp_connection *connection);
/* After its deadline. */
int tcp_exchange_give_up(struct tcp *tcp, struct tcp_connection *connection);
/* Puts it last among the free. */
void tcp_exchange_free(struct tcp *tcp, struct tcp_connection *connection);
