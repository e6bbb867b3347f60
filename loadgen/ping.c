// SPDX-License-Identifier: GPL-2.0-only
/*
 * ICMP echo, answered by the kernel of `to`, so there is no server. Raw sockets and not
 * IPPROTO_ICMP "ping" ones, whose use a sysctl of the namespace may forbid.
 */
#include "harness/cleanup.h"
#include "loadgen/drive.h"

#include <errno.h>
#include <linux/icmp.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <string.h>

/* Headers that a raw IPv4 socket shows in front: IP with options, echo. */
#define PING_HEADROOM 128

struct ping_params {
	uint64_t size, ttl;
};

/* The same layout for ICMP and ICMPv6. */
struct echo {
	uint8_t type, code;
	uint16_t checksum;
	uint16_t id, sequence;
};

_Static_assert(sizeof(struct echo) == 8, "the stamp's place is found by this length");

struct ping {
	struct drive drive; /* first */
	int fd;
	uint16_t id;
	bool ipv6;
	struct sockaddr_storage destination;
	socklen_t destination_bytes;
	size_t packet_bytes, buffer_bytes;
	char *packet, *buffer;
};

static const struct field ping_fields[] = {
	{
		.name = "size",
		.type = FIELD_UINT,
		.offset = offsetof(struct ping_params, size),
		.fallback = "56",
		.min = STAMP_BYTES,
		.max = 65000,
		.unit = "bytes",
		.help = "Echo payload, its 16-byte stamp included; at most the path's MTU less "
			"headers, since of fragments only the last has it.",
	},
	{
		.name = "ttl",
		.type = FIELD_UINT,
		.offset = offsetof(struct ping_params, ttl),
		.optional = true,
		.min = 1,
		.max = 255,
		.unit = "hops",
		.help = "Time to live or hop limit, if not the namespace's default.",
	},
	FIELD_END,
};

static uint64_t ping_packet_bytes(const struct load_common *common, const void *params)
{
	uint64_t ip_bytes = common->family ? sizeof(struct ip6_hdr) : sizeof(struct iphdr);

	return ip_bytes + sizeof(struct echo) + ((const struct ping_params *)params)->size;
}

static struct ping *ping_of(struct drive *drive)
{
	return (struct ping *)drive;
}

/* RFC 1071. */
static uint16_t internet_checksum(const void *data, size_t bytes)
{
	uint64_t sum = 0;
	uint32_t word;
	size_t at;

	for (at = 0; at + sizeof(word) <= bytes; at += sizeof(word)) {
		memcpy(&word, (const char *)data + at, sizeof(word));
		sum += word;
	}
	word = 0;
	memcpy(&word, (const char *)data + at, bytes - at);
	sum += word;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void ping_prepare(struct drive *drive, uint64_t index)
{
	struct ping *ping = ping_of(drive);
	uint32_t sequence = drive_sequence(drive, index);
	struct stamp stamp = { .magic = drive->pass->magic,
			       .sequence = sequence,
			       .direction = STAMP_ICMP };
	struct echo echo = { .type = ping->ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
			     .id = ping->id,
			     .sequence = htons((uint16_t)sequence) };

	stamp_write(ping->packet + sizeof(echo), ping->packet_bytes - sizeof(echo), &stamp);
	memcpy(ping->packet, &echo, sizeof(echo));
	/* For ICMPv6 the kernel fills it in, since it knows the pseudo-header. */
	if (!ping->ipv6)
		echo.checksum = internet_checksum(ping->packet, ping->packet_bytes);
	memcpy(ping->packet, &echo, sizeof(echo));
}

static int ping_send(struct drive *drive, uint64_t index)
{
	struct ping *ping = ping_of(drive);

	(void)index;
	if (sendto(ping->fd, ping->packet, ping->packet_bytes, 0,
		   (struct sockaddr *)&ping->destination, ping->destination_bytes) < 0)
		return -errno;
	return 0;
}

/*
 * A raw IPv4 socket shows the IP header too. Other pings' replies in this namespace come up here
 * as well: the id sorts them out, and the stamp the rest.
 */
static void ping_take(struct ping *ping, const char *data, size_t bytes, uint64_t now_ns)
{
	size_t header_bytes = 0;
	struct iphdr ip;
	struct echo echo;

	if (!ping->ipv6) {
		if (bytes < sizeof(ip))
			return;
		memcpy(&ip, data, sizeof(ip));
		header_bytes = ip.ihl * 4u;
	}
	if (bytes < header_bytes + sizeof(echo))
		return;
	memcpy(&echo, data + header_bytes, sizeof(echo));
	header_bytes += sizeof(echo);
	if (echo.id == ping->id)
		drive_take_reply(&ping->drive, data + header_bytes, bytes - header_bytes, now_ns);
}

/*
 * The receipt is CLOCK_MONOTONIC read when recv() returns, not the kernel's SO_TIMESTAMPNS. That
 * would leave out the wake-up of this process (tens of microseconds where it slept), but it is
 * CLOCK_REALTIME, which a clock step moves between send and reply; and asking for it switches on
 * timestamping of every packet received on the whole machine, a cost in the very path that is
 * measured, from some moment after the setsockopt. Where the kernel's own time is wanted, the
 * hops probe has it. Expected error: where the reply is in when the send returns, as on veth with
 * an idle CPU, one system call; else one wake-up.
 */
static bool ping_receive(struct drive *drive)
{
	struct ping *ping = ping_of(drive);
	ssize_t bytes = recv(ping->fd, ping->buffer, ping->buffer_bytes, MSG_DONTWAIT);
	uint64_t now_ns = pace_now_ns();

	if (bytes < 0)
		return false;
	ping_take(ping, ping->buffer, (size_t)bytes, now_ns);
	return true;
}

static int set_filter(int fd, bool ipv6)
{
	struct icmp_filter filter = { .data = ~(1u << ICMP_ECHOREPLY) };
	struct icmp6_filter filter6;

	ICMP6_FILTER_SETBLOCKALL(&filter6);
	ICMP6_FILTER_SETPASS(ICMP6_ECHO_REPLY, &filter6);
	return ipv6 ? setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter6, sizeof(filter6))
		    : setsockopt(fd, SOL_RAW, ICMP_FILTER, &filter, sizeof(filter));
}

static int set_ttl(int fd, bool ipv6, int ttl)
{
	return ipv6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, sizeof(ttl))
		    : setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
}

/*
 * Not connected: a connected raw socket reports ICMP errors of earlier packets as the failure of
 * the next send.
 */
static int open_socket(const struct load_pass *pass, struct err *err)
{
	const struct ping_params *params = pass->params;
	sa_family_t family = pass->destination.family;
	bool ipv6 = family == AF_INET6;
	_close_ int fd =
		socket(family, SOCK_RAW | SOCK_CLOEXEC, ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	struct sockaddr_storage source;
	socklen_t source_bytes = drive_sockaddr(&pass->source, family, 0, &source);

	if (fd < 0)
		return err_errno(err, -errno, "raw ICMP socket");
	if (set_filter(fd, ipv6))
		return err_errno(err, -errno, "ICMP filter");
	if (params->ttl && set_ttl(fd, ipv6, (int)params->ttl))
		return err_errno(err, -errno, "ttl");
	if (bind(fd, (struct sockaddr *)&source, source_bytes))
		return err_errno(err, -errno, "bind to the source address");
	drive_enlarge_buffer(fd);
	return steal_fd(&fd);
}

static int ping_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	const struct ping_params *params = pass->params;
	size_t packet_bytes = sizeof(struct echo) + params->size;
	_free_ char *packet = calloc(1, packet_bytes);
	_free_ char *buffer = calloc(1, packet_bytes + PING_HEADROOM);
	_close_ int fd = open_socket(pass, err);
	struct ping ping = {
		.drive = { .pass = pass,
			   .report = report,
			   .expects_reply = true,
			   .reply_direction = STAMP_ICMP,
			   .wait_fd = fd,
			   .prepare = ping_prepare,
			   .send = ping_send,
			   .receive = ping_receive },
		.fd = fd,
		/* The same for warm-up and batch: conntrack knows the flow by it. */
		.id = (uint16_t)pass->magic,
		.ipv6 = pass->destination.family == AF_INET6,
		.packet_bytes = packet_bytes,
		.buffer_bytes = packet_bytes + PING_HEADROOM,
		.packet = packet,
		.buffer = buffer,
	};

	if (fd < 0)
		return fd;
	if (!packet || !buffer)
		return err_errno(err, -ENOMEM, "packets of %zu bytes", packet_bytes);
	ping.destination_bytes =
		drive_sockaddr(&pass->destination, pass->destination.family, 0, &ping.destination);
	return drive_run(&ping.drive, err);
}

const struct load_ops load_ping = {
	.kind = { .name = "ping",
		  .help = "ICMP echo requests, answered by the kernel of `to`.",
		  .fields = ping_fields,
		  .params_size = sizeof(struct ping_params) },
	.packet_bytes = ping_packet_bytes,
	.drive = ping_drive,
};
