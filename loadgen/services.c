// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client of a proxied node's services: each packet is the SYN of a new connection, so that each
 * walks the rules, which the kernel does for the first packet of a flow alone. Nobody listens
 * behind the services: the backend's kernel answers with an RST, at which conntrack forgets the
 * flow (tcp_packet() in net/netfilter/nf_conntrack_proto_tcp.c), so that the table does not fill.
 * The round trip of `rtt` is that of a connect() to a closed port, without the socket.
 */
#include "harness/cleanup.h"
#include "loadgen/conntrack.h"
#include "loadgen/drive.h"
#include "loadgen/frame.h"
#include "loadgen/place.h"
#include "topologies/lab.h"
#include "topologies/netns.h"
#include "topologies/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <string.h>

/* Source ports count up, so that a flow comes again only when all others have been. */
#define FIRST_PORT 1024u
#define PORTS (65536u - FIRST_PORT)
#define HEADERS_BYTES (sizeof(struct iphdr) + sizeof(struct tcphdr))
#define RECEIVE_BYTES 256

/* Beside enum place_position. */
#define POSITION_MISS (PLACE_RANDOM + 1)

struct services_params {
	int position; /* enum place_position, or POSITION_MISS */
	uint64_t port;
};

/* The last packet from a source port: whom an answer to that port is for. */
struct asked {
	uint64_t index;
	struct in_addr address;
	in_port_t port; /* as it stands */
	bool used;
};

struct services {
	struct drive drive; /* first */
	const struct services_params *params;
	const struct proxy_params *proxy; /* NULL: there is none in the topology */
	int fd;
	struct address source;
	struct frame frame;
	struct sockaddr_in target;
	unsigned char packet[8 * FRAME_HEADER_WORDS + STAMP_BYTES];
	uint64_t repeated; /* packets from a port that had been used */
	struct asked asked[PORTS];
};

static const char *const position_names[] = { "first", "middle", "last", "random", "miss", NULL };

static const struct field services_fields[] = {
	{ .name = "position",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct services_params, position),
	  .fallback = "\"random\"",
	  .choices = position_names,
	  .help = "which service, by its place in the list of rules; random: all alike, by the "
		  "experiment's seed; miss: none, but the address of `to`, past all rules" },
	{ .name = "port",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct services_params, port),
	  .fallback = "80",
	  .min = 1,
	  .max = 65535,
	  .help = "TCP port where no proxy says which: at `address`, or at `to` past all rules" },
	FIELD_END
};

static uint64_t services_packet_bytes(const struct load_common *common, const void *params)
{
	(void)common;
	(void)params;
	return HEADERS_BYTES + STAMP_BYTES;
}

static const char *services_check(const struct load_common *common, const void *params)
{
	(void)params;
	return common->family ? "services: only IPv4 services are made" : NULL;
}

static int services_suits(const struct load_pass *pass, const struct topology *topology,
			  struct err *err)
{
	const struct proxy_params *proxy = proxy_find(topology, NULL);

	(void)pass;
	if (proxy_count(topology) > 1)
		return err_usage(err, "services: two nodes have a proxy, and whose services are "
				      "meant is not clear");
	if (proxy && !proxy->endpoints)
		return err_usage(err,
				 "services: the proxy's services have no endpoints, and nobody "
				 "answers");
	if (proxy && proxy->protocol != PROXY_TCP)
		return err_usage(err, "services: the proxy's protocol is udp, and this load is of "
				      "TCP connections");
	return 0;
}

static struct services *services_of(struct drive *drive)
{
	return (struct services *)drive;
}

static uint64_t choose_place(const struct services *services, uint64_t index)
{
	const struct place place = { .position = (enum place_position)services->params->position,
				     .services = services->proxy->services,
				     .packets = services->drive.pass->count,
				     .seed = services->drive.pass->seed };

	return place_choose(&place, index);
}

static void choose_target(struct services *services, uint64_t index, struct address *ret_address,
			  uint16_t *ret_port)
{
	*ret_address = services->drive.pass->destination;
	*ret_port = (uint16_t)services->params->port;
	if (services->proxy && services->params->position != POSITION_MISS)
		proxy_service(services->proxy, choose_place(services, index), ret_address,
			      ret_port);
}

/* From the first on in every pass: conntrack is emptied before each. */
static unsigned int port_of(uint64_t index)
{
	return (unsigned int)(index % PORTS);
}

/* Before it is sent: what the kernel may still know of the flow whose port comes again. */
static void note_flow(struct services *services, uint64_t index)
{
	struct asked *asked = &services->asked[port_of(index)];

	if (asked->used) {
		services->repeated++;
		services->drive.report->known_flows +=
			drive_is_outstanding(&services->drive, asked->index);
	}
	*asked = (struct asked){ .index = index,
				 .address = services->target.sin_addr,
				 .port = services->target.sin_port,
				 .used = true };
}

static void services_prepare(struct drive *drive, uint64_t index)
{
	static const unsigned char no_mac[ETH_ALEN];
	struct services *services = services_of(drive);
	struct frame_own own = {
		.port = htons((uint16_t)(FIRST_PORT + port_of(index))),
		.sequence = drive_sequence(drive, index),
	};
	struct frame_setup setup = { .source_mac = no_mac,
				     .destination_mac = no_mac,
				     .source = services->source,
				     .tcp = true,
				     .bytes = ETH_HLEN + HEADERS_BYTES + STAMP_BYTES,
				     .magic = drive->pass->magic };

	choose_target(services, index, &setup.destination, &setup.port);
	memcpy(&own.source, services->source.bytes, sizeof(own.source));
	frame_init(&services->frame, &setup);
	frame_write(services->packet, &services->frame, &own);
	services->target = (struct sockaddr_in){ .sin_family = AF_INET };
	memcpy(&services->target.sin_addr, setup.destination.bytes, sizeof(struct in_addr));
	services->target.sin_port = htons(setup.port);
	note_flow(services, index);
}

/* The IP header is the kernel's, as for any socket; the port of a raw socket's address is a
 * protocol and must be 0. */
static int services_send(struct drive *drive, uint64_t index)
{
	struct services *services = services_of(drive);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = services->target.sin_addr };
	const unsigned char *segment = services->packet + ETH_HLEN + sizeof(struct iphdr);

	(void)index;
	return sendto(services->fd, segment, sizeof(struct tcphdr) + STAMP_BYTES, 0,
		      (struct sockaddr *)&to, sizeof(to)) < 0
		       ? -errno
		       : 0;
}

/* An answer to a SYN, from whom it was sent to: a NAT that does not translate back is a loss. */
static void take_segment(struct services *services, const char *data, size_t bytes, uint64_t now_ns)
{
	const struct asked *asked;
	struct iphdr ip;
	struct tcphdr tcp;
	unsigned int port;

	memcpy(&ip, data, sizeof(ip));
	if (bytes < ip.ihl * 4u + sizeof(tcp))
		return;
	memcpy(&tcp, data + ip.ihl * 4u, sizeof(tcp));
	port = ntohs(tcp.dest);
	if (!tcp.ack || (!tcp.rst && !tcp.syn) || port < FIRST_PORT)
		return;
	asked = &services->asked[port - FIRST_PORT];
	if (asked->used && asked->address.s_addr == ip.saddr && asked->port == tcp.source)
		drive_take_answer(&services->drive, asked->index, now_ns);
}

/* Which clock, and why not the kernel's timestamp: see ping_receive(). */
static bool services_receive(struct drive *drive)
{
	struct services *services = services_of(drive);
	char buffer[RECEIVE_BYTES];
	ssize_t bytes = recv(services->fd, buffer, sizeof(buffer), MSG_DONTWAIT);
	uint64_t now_ns = pace_now_ns();

	if (bytes < 0)
		return false;
	if ((size_t)bytes >= sizeof(struct iphdr))
		take_segment(services, buffer, (size_t)bytes, now_ns);
	return true;
}

/* The source is part of the checksum: the one that the kernel would choose for a connection. */
static int find_source(struct services *services, struct err *err)
{
	_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage target;
	struct sockaddr_in own;
	struct address address;
	socklen_t bytes = sizeof(own);
	uint16_t port;

	choose_target(services, 0, &address, &port);
	drive_sockaddr(&address, AF_INET, port, &target);
	if (fd < 0 || connect(fd, (struct sockaddr *)&target, sizeof(struct sockaddr_in)) ||
	    getsockname(fd, (struct sockaddr *)&own, &bytes))
		return err_errno(err, -errno, "find a way to the services");
	services->source = (struct address){ .family = AF_INET, .prefix_length = 32 };
	memcpy(services->source.bytes, &own.sin_addr, sizeof(own.sin_addr));
	own.sin_port = 0;
	if (bind(services->fd, (struct sockaddr *)&own, sizeof(own)))
		return err_errno(err, -errno, "bind to the source address");
	return 0;
}

/* Where there is no proxy, at the end of the path; else where its rules are. */
static size_t tracking_node(const struct load_pass *pass)
{
	const struct topology *topology = lab_topology(pass->lab);
	size_t node = (size_t)topology_find_node(topology, pass->common->to);

	proxy_find(topology, &node);
	return node;
}

/* What is not answered in time is forgotten then, so that its port may come again. */
static int shorten_timeouts(const struct load_pass *pass, size_t node, struct err *err)
{
	_netns_home_ int home = netns_current();
	char seconds[32];
	int code = home < 0 ? home : netns_enter(lab_node_fd(pass->lab, node), err);

	snprintf(seconds, sizeof(seconds), "%llu",
		 (unsigned long long)(pass->common->timeout_ms + 999) / 1000);
	if (!code)
		code = netns_sysctl_write("netfilter/nf_conntrack_tcp_timeout_syn_sent", seconds);
	return code ? err_errno(err, code, "shorten conntrack's timeouts") : 0;
}

/* Whatever is left beyond the unanswered was not forgotten: then nothing is sure of ports that
 * came again. */
static void judge_flows(struct services *services, const struct conntrack_totals *before,
			const struct conntrack_totals *after)
{
	struct load_report *report = services->drive.report;

	report->lost_flows = after->lost - before->lost;
	if (after->entries > services->drive.outstanding && services->repeated)
		report->known_flows = services->repeated;
}

static int drive_tracked(struct services *services, struct err *err)
{
	const struct load_pass *pass = services->drive.pass;
	size_t node = tracking_node(pass);
	_close_ int tracking = conntrack_open(lab_node_fd(pass->lab, node), err);
	struct conntrack_totals before, after;
	int code = tracking < 0 ? tracking : shorten_timeouts(pass, node, err);

	if (!code)
		code = conntrack_flush(tracking, err);
	if (!code)
		code = conntrack_read(tracking, &before, err);
	if (!code)
		code = drive_run(&services->drive, err);
	if (!code)
		code = conntrack_read(tracking, &after, err);
	if (!code)
		judge_flows(services, &before, &after);
	return code;
}

static int services_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	_free_ struct services *services = calloc(1, sizeof(*services));
	_close_ int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_TCP);
	int code;

	if (!services)
		return err_errno(err, -ENOMEM, "a table of %u ports", PORTS);
	if (fd < 0)
		return err_errno(err, -errno, "raw TCP socket");
	services->drive = (struct drive){ .pass = pass,
					  .report = report,
					  .expects_reply = true,
					  .wait_fd = fd,
					  .prepare = services_prepare,
					  .send = services_send,
					  .receive = services_receive };
	services->params = pass->params;
	services->proxy = proxy_find(lab_topology(pass->lab), NULL);
	services->fd = fd;
	drive_enlarge_buffer(fd);
	code = find_source(services, err);
	return code ? code : drive_tracked(services, err);
}

static const char *const modules[] = { "nf_conntrack_netlink", NULL };

/* Where it is a module, the kernel loads it at the first question. */
static int services_available(struct err *err)
{
	_close_ int home = netns_current();
	_close_ int fd = home < 0 ? home : conntrack_open(home, err);
	struct conntrack_totals totals;

	if (home < 0)
		return err_errno(err, home, "open the own network namespace");
	return fd < 0 ? fd : conntrack_read(fd, &totals, err);
}

const struct load_ops load_services = {
	.kind = { .name = "services",
		  .help = "TCP connections to a proxied node's services, a new one each packet: "
			  "the SYN and the RST that answers it.",
		  .modules = modules,
		  .fields = services_fields,
		  .params_size = sizeof(struct services_params) },
	.available = services_available,
	.bare_replies = true,
	.of_new_flows = true,
	.packet_bytes = services_packet_bytes,
	.check = services_check,
	.suits = services_suits,
	.drive = services_drive,
};
