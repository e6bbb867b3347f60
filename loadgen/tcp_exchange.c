// SPDX-License-Identifier: GPL-2.0-only
/* What goes on on one connection of the load "tcp", from its opening to its end. */
#include "loadgen/tcp_driver.h"

#include <errno.h>

static void set_deadline(struct tcp *tcp, struct tcp_connection *connection, uint64_t now_ns)
{
	connection->deadline_ns = now_ns + tcp_timeout_ns(tcp);
	if (connection->deadline_ns < tcp->check_ns)
		tcp->check_ns = connection->deadline_ns;
}

void tcp_exchange_free(struct tcp *tcp, struct tcp_connection *connection)
{
	connection->index = CONNECTION_UNUSED;
	tcp->free[(tcp->free_first + tcp->free_count++) % tcp->connection_count] = connection;
}

static int fail(const struct tcp *tcp, int64_t code)
{
	if (code == -EBADMSG)
		return err_set(tcp->err, -EBADMSG, "an answer is not what the server sent");
	if (!code || code == -EPIPE || code == -ECONNRESET)
		return err_set(tcp->err, -ECONNRESET, "the server closed a connection");
	return err_errno(tcp->err, (int)code, "a connection failed");
}

static void finish_answer(struct tcp *tcp, struct tcp_connection *connection)
{
	struct load_report *report = tcp->report;
	uint64_t now_ns = pace_now_ns(), took_ns = now_ns - connection->sent_ns;

	if (took_ns > tcp_timeout_ns(tcp)) {
		atomic_fetch_add_explicit(&report->late_replies, 1, memory_order_relaxed);
	} else {
		load_round_trip_ns(report)[connection->index] = took_ns;
		atomic_fetch_add_explicit(&report->received, 1, memory_order_relaxed);
	}
	connection->requests++;
	connection->state = CONNECTION_IDLE;
	if (tcp_is_kept(tcp) || connection->requests < tcp->params->requests_per_connection) {
		tcp_exchange_free(tcp, connection);
		return;
	}
	connection->state = CONNECTION_CLOSING;
	set_deadline(tcp, connection, now_ns);
}

/* Nothing may come any more but, where there were requests enough, the end. */
static int receive_end(struct tcp *tcp, struct tcp_connection *connection)
{
	int64_t bytes = tcp_flow_receive(&connection->flow, tcp->content, 1);

	if (bytes > 0)
		return err_set(tcp->err, -EPROTO, "the server sent more than was asked for");
	if (bytes < 0)
		return fail(tcp, bytes);
	if (!connection->flow.ended)
		return 0;
	if (connection->state != CONNECTION_CLOSING)
		return fail(tcp, 0);
	tcp_connection_close(connection);
	tcp_exchange_free(tcp, connection);
	return 0;
}

/* An edge is told once: on until nothing is left, or the end. */
static int receive(struct tcp *tcp, struct tcp_connection *connection)
{
	int64_t bytes;

	while (connection->state == CONNECTION_AWAITING) {
		bytes = tcp_flow_receive(&connection->flow, tcp->content, connection->left_bytes);
		if (bytes < 0 || connection->flow.ended)
			return fail(tcp, bytes);
		if (!bytes)
			return 0;
		connection->left_bytes -= (uint64_t)bytes;
		if (!connection->left_bytes)
			finish_answer(tcp, connection);
	}
	return connection->state == CONNECTION_CLOSING ? receive_end(tcp, connection) : 0;
}

static int push(struct tcp *tcp, struct tcp_connection *connection)
{
	int64_t bytes = tcp_flow_send(&connection->flow, tcp->content, connection->left_bytes);

	if (bytes < 0)
		return fail(tcp, bytes);
	connection->left_bytes -= (uint64_t)bytes;
	/* A stream is slow as long as it moves; an answer has its time from the request on. */
	if (bytes && tcp_is_stream(tcp))
		set_deadline(tcp, connection, pace_now_ns());
	if (connection->left_bytes)
		return 0;
	atomic_fetch_add_explicit(&tcp->report->sent, 1, memory_order_relaxed);
	if (tcp_is_stream(tcp)) {
		connection->state = CONNECTION_IDLE;
		tcp_exchange_free(tcp, connection);
		return 0;
	}
	connection->state = CONNECTION_AWAITING;
	connection->left_bytes = tcp->params->response_bytes;
	return 0;
}

/* Now, on a connection that is there; a connection that had to be opened is part of the lateness.
 */
int tcp_exchange_send(struct tcp *tcp, struct tcp_connection *connection)
{
	uint64_t now_ns = pace_now_ns(), late_ns = now_ns - connection->due_ns;

	connection->sent_ns = now_ns;
	connection->left_bytes = tcp->params->request_bytes;
	connection->state = CONNECTION_SENDING;
	set_deadline(tcp, connection, now_ns);
	if (!tcp_is_stream(tcp))
		load_lateness_ns(tcp->report)[connection->index] = late_ns;
	/* A stream that goes flat out has no schedule to be late for. */
	if (!tcp_is_stream(tcp) || tcp->pace.interval_ps)
		spread_add(&tcp->report->lateness_ns, late_ns);
	return push(tcp, connection);
}

int tcp_exchange_open(struct tcp *tcp, struct tcp_connection *connection)
{
	connection->begun_ns = pace_now_ns();
	set_deadline(tcp, connection, connection->begun_ns);
	return tcp_connection_open(connection, &tcp->target, tcp->err);
}

static int finish_opening(struct tcp *tcp, struct tcp_connection *connection)
{
	bool opened = false;
	int code = tcp_connection_opened(connection, &tcp->target, &opened, tcp->err);

	if (code || !opened)
		return code;
	connection->state = CONNECTION_IDLE;
	if (!tcp_is_kept(tcp))
		spread_add(&tcp->report->connect_ns, pace_now_ns() - connection->begun_ns);
	if (connection->index != CONNECTION_UNUSED)
		return tcp_exchange_send(tcp, connection);
	tcp_exchange_free(tcp, connection);
	return 0;
}

int tcp_exchange_move_on(struct tcp *tcp, struct tcp_connection *connection)
{
	switch (connection->state) {
	case CONNECTION_CONNECTING:
		return finish_opening(tcp, connection);
	case CONNECTION_SENDING:
		return push(tcp, connection);
	case CONNECTION_AWAITING:
		return receive(tcp, connection);
	case CONNECTION_IDLE:
	case CONNECTION_CLOSING:
		return receive_end(tcp, connection);
	case CONNECTION_CLOSED:
		break;
	}
	return 0;
}

/* A request that is given up is not answered, as one that was lost; a new connection is opened. */
int tcp_exchange_give_up(struct tcp *tcp, struct tcp_connection *connection)
{
	if (connection->state == CONNECTION_CONNECTING && connection->index == CONNECTION_UNUSED)
		return err_errno(tcp->err, -ETIMEDOUT, "connect to port %u", tcp->target.port);
	if (tcp_is_stream(tcp))
		return err_errno(tcp->err, -ETIMEDOUT, "the server takes nothing more");
	tcp_connection_reset(connection);
	tcp_exchange_free(tcp, connection);
	return 0;
}
