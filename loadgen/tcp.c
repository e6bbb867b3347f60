// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests over many TCP connections, each answered by a server in `to`, or bytes streamed to it.
 *
 * The schedule is open: a request that is due while all connections are busy waits for one, and
 * that waiting is in its latency from the intended time, though not in its round trip (Tene's
 * "coordinated omission", as wrk2 corrects it). Both are kept.
 */
#include "loadgen/tcp.h"

#include <errno.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#define TCP_MAX_BYTES (16 << 20)

static const char *const modes[] = { "request", "stream", NULL };

static const struct field tcp_fields[] = {
	{
		.name = "mode",
		.type = FIELD_CHOICE,
		.offset = offsetof(struct tcp_params, mode),
		.fallback = "\"request\"",
		.choices = modes,
		.help = "\"request\": each request is answered. \"stream\": messages are only "
			"received; no message's own times are kept, but the throughput.",
	},
	{
		.name = "connections",
		.type = FIELD_UINT,
		.offset = offsetof(struct tcp_params, connections),
		.fallback = "1",
		.min = 1,
		.max = TCP_MAX_CONNECTIONS,
		.unit = "connections",
		.help = "Open at once at most, one request or message on each; what is due while "
			"all are busy waits.",
	},
	{
		.name = "request_bytes",
		.type = FIELD_UINT,
		.offset = offsetof(struct tcp_params, request_bytes),
		.fallback = "64",
		.min = 1,
		.max = TCP_MAX_BYTES,
		.unit = "bytes",
		.help = "Of a request or message; a rate in bits is of these.",
	},
	{
		.name = "response_bytes",
		.type = FIELD_UINT,
		.offset = offsetof(struct tcp_params, response_bytes),
		.fallback = "64",
		.min = 1,
		.max = TCP_MAX_BYTES,
		.unit = "bytes",
		.help = "Of the answer to a request.",
	},
	{
		.name = "requests_per_connection",
		.type = FIELD_UINT,
		.offset = offsetof(struct tcp_params, requests_per_connection),
		.fallback = "0",
		.min = 0,
		.max = 1e9,
		.unit = "requests",
		.help = "After so many the server closes the connection and another is opened "
			"when it is needed, which is then part of the lateness and by itself "
			"`connect_p50`, `_p99`, `_max`; 0: all are opened beforehand and kept.",
	},
	{
		.name = "port",
		.type = FIELD_UINT,
		.offset = offsetof(struct tcp_params, port),
		.fallback = "9000",
		.min = 1,
		.max = 65535,
		.help = "On which the server listens; the other port is the kernel's choice.",
	},
	FIELD_END,
};

static bool is_stream(const void *params)
{
	return ((const struct tcp_params *)params)->mode == TCP_STREAM;
}

static bool tcp_is_bulk(const struct load_common *common, const void *params)
{
	(void)common;
	return is_stream(params);
}

static bool tcp_expects_reply(const void *params)
{
	return !is_stream(params);
}

/* The smallest: the kernel cuts the stream to what fits the path. */
static uint64_t tcp_packet_bytes(const struct load_common *common, const void *params)
{
	(void)params;
	return sizeof(struct tcphdr) +
	       (common->family ? sizeof(struct ip6_hdr) : sizeof(struct iphdr));
}

static uint64_t tcp_rate_bytes(const struct load_common *common, const void *params)
{
	(void)common;
	return ((const struct tcp_params *)params)->request_bytes;
}

static const char *tcp_check(const struct load_common *common, const void *params)
{
	if (common->sink > LOAD_SINK_SOCKET)
		return "without its server there is no connection: a sink is for loads of packets";
	if (is_stream(params) && ((const struct tcp_params *)params)->requests_per_connection)
		return "requests_per_connection is for mode \"request\": a stream's connections "
		       "are kept";
	return NULL;
}

int tcp_raise_limit(uint64_t connections, struct err *err)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur >= connections + TCP_SPARE_FDS)
		return 0;
	if (limit.rlim_max < connections + TCP_SPARE_FDS)
		return err_set(err, -EMFILE,
			       "%lu connections are more than the limit of %lu open files allows",
			       connections, limit.rlim_max);
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) ? err_errno(err, -errno, "limit of open files") : 0;
}

/* What is dropped is sent again. */
static enum load_marking tcp_marking(const void *params)
{
	(void)params;
	return LOAD_STREAM;
}

const struct load_ops load_tcp = {
	.kind = { .name = "tcp",
		  .help = "Requests and answers over many TCP connections, kept or opened anew, or "
			  "streams.",
		  .fields = tcp_fields,
		  .params_size = sizeof(struct tcp_params) },
	.is_bulk = tcp_is_bulk,
	.marking = tcp_marking,
	.queues = true,
	.expects_reply = tcp_expects_reply,
	.packet_bytes = tcp_packet_bytes,
	.rate_bytes = tcp_rate_bytes,
	.check = tcp_check,
	.listen = tcp_listen,
	.serve = tcp_serve,
	.drive = tcp_drive,
};
