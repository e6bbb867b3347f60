// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP datagrams, echoed by a server in `to` or, one-way, only counted by it.
 */
#include "loadgen/udp.h"

#include "loadgen/stamp.h"

#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>

static const struct field udp_fields[] = {
	{
		.name = "size",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, size),
		.fallback = "64",
		.min = STAMP_BYTES,
		.max = 65000,
		.unit = "bytes",
		.help = "UDP payload, its 16-byte stamp included; at most the path's MTU less "
			"headers, since of fragments only the last has it.",
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
		.help = "The server only counts, nothing is sent back. With a `rate`, or `burst` "
			"or `gso` above 1, no packet's own times are kept, only how they are "
			"spread.",
	},
	{
		.name = "burst",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, burst),
		.fallback = "1",
		.min = 1,
		.max = UDP_MAX_BURST,
		.unit = "messages",
		.help = "Messages that one sendmmsg() sends, from one source port; all are due "
			"when the first is.",
	},
	{
		.name = "gso",
		.type = FIELD_UINT,
		.offset = offsetof(struct udp_params, gso),
		.fallback = "1",
		.min = 1,
		.max = UDP_MAX_SEGMENTS,
		.unit = "packets",
		.help = "Packets of `size` that one message is made of (UDP_SEGMENT), each with "
			"its own stamp; kernels may allow 64 at most. Devices count such a "
			"message as one packet until it is taken apart.",
	},
	{
		.name = "receive_timestamps",
		.type = FIELD_BOOL,
		.offset = offsetof(struct udp_params, receive_timestamps),
		.fallback = "false",
		.help = "Measures the delay from each packet's intended send time to the kernel's "
			"time of its receipt (SO_TIMESTAMPNS): `one_way_p50`, `_p99`, `_max`. "
			"While the load runs the kernel then times every packet that any device "
			"of the machine receives, which slows the path that is measured.",
	},
	FIELD_END,
};

static bool udp_expects_reply(const void *params)
{
	return !((const struct udp_params *)params)->one_way;
}

bool udp_is_bulk(const struct load_common *common, const void *params)
{
	const struct udp_params *udp = params;

	return udp->one_way && (common->rate.unit != RATE_NONE || udp->burst > 1 || udp->gso > 1);
}

static uint64_t udp_packet_bytes(const struct load_common *common, const void *params)
{
	uint64_t ip_bytes = common->family ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);

	return ip_bytes + sizeof(struct udphdr) + ((const struct udp_params *)params)->size;
}

static uint64_t udp_flow_count(const void *params)
{
	return ((const struct udp_params *)params)->flows;
}

static bool has_schedule(const struct load_common *common)
{
	return common->rate.unit == RATE_NONE ? common->interval_us != 0
					      : common->rate.unit != RATE_MAX;
}

static const char *udp_check(const struct load_common *common, const void *params)
{
	const struct udp_params *udp = params;

	if (udp->source_port + udp->flows - 1 > 65535)
		return "source_port and flows reach beyond port 65535";
	if (!strcmp(common->from, common->to) && udp->port >= udp->source_port &&
	    udp->port < udp->source_port + udp->flows)
		return "port is one of the source ports, and both are in one node";
	if (!udp->one_way && (udp->burst > 1 || udp->gso > 1))
		return "burst and gso above 1 need one_way: replies are awaited one by one";
	if (udp->gso > 1 && udp->size * udp->gso > UDP_MAX_MESSAGE)
		return "size times gso is more than the 65507 bytes of a UDP message";
	if (udp->receive_timestamps && !udp->one_way)
		return "receive_timestamps needs one_way: a round trip has its own times";
	if (udp->receive_timestamps && common->sink > LOAD_SINK_SOCKET)
		return "receive_timestamps are of the receiver's socket, which no packet reaches "
		       "past a sink";
	if (udp->receive_timestamps && !has_schedule(common))
		return "receive_timestamps needs a rate below \"max\" or an interval_us above 0: "
		       "without a schedule nothing says when a packet was due";
	return NULL;
}

static int udp_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	if (udp_is_bulk(pass->common, pass->params))
		return udp_drive_bulk(pass, report, err);
	return udp_drive_each(pass, report, err);
}

/* Segmentation leaves paged packets, of which no stamp can be read on their way. */
static enum load_marking udp_marking(const void *params)
{
	return ((const struct udp_params *)params)->gso > 1 ? LOAD_UNSTAMPED : LOAD_STAMPED;
}

const struct load_ops load_udp = {
	.kind = { .name = "udp",
		  .help = "UDP datagrams in one or many flows, echoed or only counted by `to`, one "
			  "by "
			  "one or in bulk.",
		  .fields = udp_fields,
		  .params_size = sizeof(struct udp_params) },
	.is_bulk = udp_is_bulk,
	.marking = udp_marking,
	.expects_reply = udp_expects_reply,
	.flow_count = udp_flow_count,
	.packet_bytes = udp_packet_bytes,
	.check = udp_check,
	.listen = udp_listen,
	.serve = udp_serve,
	.drive = udp_drive,
};
