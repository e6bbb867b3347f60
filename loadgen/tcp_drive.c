// SPDX-License-Identifier: GPL-2.0-only
/*
 * The schedule of the load "tcp": gives each request, when it is due, to a connection that is free,
 * and moves all connections on as epoll tells.
 */
#include "harness/cleanup.h"
#include "loadgen/tcp_driver.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#define DRIVE_EVENTS 64
/* So many at a time, where all are opened beforehand: fewer than any server's backlog. */
#define DRIVE_OPENING 64
/* Between looks at what a stream's server has got. */
#define DRIVE_NAP_NS 10000

static struct tcp_connection *take_free(struct tcp *tcp)
{
	struct tcp_connection *connection = tcp->free[tcp->free_first];

	tcp->free_first = (tcp->free_first + 1) % tcp->connection_count;
	tcp->free_count--;
	return connection;
}

static int check_deadlines(struct tcp *tcp, uint64_t now_ns)
{
	int code = 0;

	tcp->check_ns = UINT64_MAX;
	for (uint64_t i = 0; i < tcp->connection_count && !code; i++) {
		struct tcp_connection *connection = &tcp->connections[i];

		if (connection->state == CONNECTION_IDLE || connection->state == CONNECTION_CLOSED)
			continue;
		if (connection->deadline_ns <= now_ns)
			code = tcp_exchange_give_up(tcp, connection);
		else if (connection->deadline_ns < tcp->check_ns)
			tcp->check_ns = connection->deadline_ns;
	}
	return code;
}

/* Until something moves, or that time has come. */
static int wait_until(struct tcp *tcp, uint64_t wake_ns)
{
	struct epoll_event events[DRIVE_EVENTS];
	uint64_t now_ns = pace_now_ns(), sleep_ns = wake_ns > now_ns ? wake_ns - now_ns : 0;
	struct timespec timeout = { .tv_sec = (time_t)(sleep_ns / 1000000000),
				    .tv_nsec = (long)(sleep_ns % 1000000000) };
	int count = epoll_pwait2(tcp->target.epoll_fd, events, DRIVE_EVENTS, &timeout, NULL);
	int code = 0;

	if (count < 0 && errno != EINTR)
		return err_errno(tcp->err, -errno, "epoll");
	for (int i = 0; i < count && !code; i++)
		code = tcp_exchange_move_on(tcp, events[i].data.ptr);
	now_ns = pace_now_ns();
	return code || now_ns < tcp->check_ns ? code : check_deadlines(tcp, now_ns);
}

static bool is_over(const struct tcp *tcp, uint64_t now_ns)
{
	uint64_t duration_ns = tcp->pass->duration_ns;

	return tcp->next >= tcp->pass->count || load_is_stopped(tcp->report) ||
	       (duration_ns && now_ns - tcp->pace.start_ns >= duration_ns);
}

/* Without a schedule a request is due as soon as a connection is free for it. */
static int start_due(struct tcp *tcp)
{
	bool scheduled = tcp->pace.interval_ps;
	int code = 0;

	while (!code && tcp->free_count) {
		uint64_t now_ns = pace_now_ns(), due_ns = now_ns;
		struct tcp_connection *connection;

		if (scheduled)
			due_ns = pace_intended_ns(&tcp->pace, tcp->next);
		if (due_ns > now_ns || is_over(tcp, now_ns))
			return 0;
		connection = take_free(tcp);
		connection->due_ns = due_ns;
		connection->index = tcp->next++;
		code = connection->state == CONNECTION_CLOSED ? tcp_exchange_open(tcp, connection)
							      : tcp_exchange_send(tcp, connection);
	}
	return code;
}

/* When to look again even if nothing moves; the last stretch to a send is spun. */
static uint64_t next_wake_ns(const struct tcp *tcp)
{
	uint64_t wake_ns = tcp->check_ns;

	/* Without a schedule a request waits for a connection, never for a time. */
	if (!tcp->free_count || tcp->next >= tcp->pass->count || !tcp->pace.interval_ps)
		return wake_ns;
	return pace_wake_ns(&tcp->pace, tcp->next) < wake_ns ? pace_wake_ns(&tcp->pace, tcp->next)
							     : wake_ns;
}

static bool is_done(const struct tcp *tcp)
{
	return tcp->free_count == tcp->connection_count && is_over(tcp, pace_now_ns());
}

static int run_schedule(struct tcp *tcp)
{
	int code = start_due(tcp);

	while (!code && !is_done(tcp)) {
		code = wait_until(tcp, next_wake_ns(tcp));
		if (!code)
			code = start_due(tcp);
	}
	return code;
}

/* Before the first is due, so that connecting is in no request's time. */
static int open_kept(struct tcp *tcp)
{
	uint64_t begun = 0;
	int code = 0;

	while (!code && tcp->free_count < tcp->connection_count) {
		while (!code && begun < tcp->connection_count &&
		       begun - tcp->free_count < DRIVE_OPENING)
			code = tcp_exchange_open(tcp, &tcp->connections[begun++]);
		if (!code)
			code = wait_until(tcp, tcp->check_ns);
	}
	return code;
}

/* What the server has got by its own count, in memory that both see. */
static void await_delivery(const struct tcp *tcp)
{
	const struct timespec nap = { .tv_nsec = DRIVE_NAP_NS };
	uint64_t sent_bytes = 0, seen_bytes = 0, moved_ns = pace_now_ns(), now_ns = moved_ns;

	for (uint64_t i = 0; i < tcp->connection_count; i++)
		sent_bytes += tcp->connections[i].flow.sent_bytes;
	while (now_ns - moved_ns < tcp_timeout_ns(tcp)) {
		uint64_t served_bytes = atomic_load(&tcp->report->served_bytes);

		if (served_bytes >= sent_bytes)
			return;
		if (served_bytes != seen_bytes)
			moved_ns = now_ns;
		seen_bytes = served_bytes;
		nanosleep(&nap, NULL);
		now_ns = pace_now_ns();
	}
}

static int measure(struct tcp *tcp)
{
	uint64_t cpu_ns;
	int code;

	tcp->pace.interval_ps = tcp->pass->interval_ps;
	tcp->pace.start_ns = tcp->pass->start_ns ? tcp->pass->start_ns : pace_now_ns();
	tcp->report->started_ns = tcp->pace.start_ns;
	cpu_ns = pace_cpu_ns();
	pace_wait(&tcp->pace, 0);
	code = run_schedule(tcp);
	tcp->report->driver_cpu_ns = pace_cpu_ns() - cpu_ns;
	if (!code && tcp_is_stream(tcp))
		await_delivery(tcp);
	tcp->report->ended_ns = pace_now_ns();
	return code;
}

static int run(struct tcp *tcp)
{
	int code = tcp_raise_limit(tcp->connection_count, tcp->err);

	for (uint64_t i = 0; i < tcp->connection_count; i++) {
		tcp->connections[i].flow.fd = -1;
		tcp->connections[i].index = CONNECTION_UNUSED;
		if (!tcp_is_kept(tcp))
			tcp_exchange_free(tcp, &tcp->connections[i]);
	}
	if (!code && tcp_is_kept(tcp))
		code = open_kept(tcp);
	if (!code)
		code = measure(tcp);
	for (uint64_t i = 0; i < tcp->connection_count; i++)
		tcp_connection_reset(&tcp->connections[i]);
	return code;
}

int tcp_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	const struct tcp_params *params = pass->params;
	/* A pass of one request, to see whether the path is there, needs no more of them. */
	uint64_t count = pass->count < params->connections ? pass->count : params->connections;
	_free_ struct tcp_content *content = tcp_content_new(pass->magic);
	_free_ struct tcp_connection *connections = calloc(count, sizeof(*connections));
	_free_ struct tcp_connection **free_ring = calloc(count, sizeof(struct tcp_connection *));
	_close_ int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	struct tcp tcp = { .pass = pass,
			   .params = params,
			   .report = report,
			   .err = err,
			   .target.epoll_fd = epoll_fd,
			   .content = content,
			   .connections = connections,
			   .connection_count = count,
			   .free = free_ring,
			   .check_ns = UINT64_MAX };

	if (!content || !connections || !free_ring)
		return err_errno(err, -ENOMEM, "%lu connections", count);
	if (epoll_fd < 0)
		return err_errno(err, -errno, "epoll");
	tcp_target_set(&tcp.target, &pass->source, &pass->destination, (uint16_t)params->port);
	return run(&tcp);
}
