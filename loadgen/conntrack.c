// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/conntrack.h"

#include "harness/cleanup.h"
#include "topologies/netns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* An entry is freed when the last packet that holds it is: some of a batch's last ones may. */
#define FLUSH_TRIES 50

struct request {
	struct nlmsghdr header;
	struct nfgenmsg family;
};

typedef void (*attribute_fn)(unsigned int type, uint32_t value, struct conntrack_totals *totals);

int conntrack_open(int netns_fd, struct err *err)
{
	_netns_home_ int home = netns_current();
	int fd, code = home < 0 ? err_errno(err, home, "open the own network namespace")
				: netns_enter(netns_fd, err);

	if (code)
		return code;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	return fd < 0 ? err_errno(err, -errno, "netfilter's netlink socket") : fd;
}

static int ask(int fd, unsigned int type, unsigned int flags, unsigned char family)
{
	const struct request request = {
		.header = { .nlmsg_len = sizeof(request),
			    .nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | type),
			    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags) },
		.family = { .nfgen_family = family, .version = NFNETLINK_V0 },
	};

	return send(fd, &request, sizeof(request), 0) < 0 ? -errno : 0;
}

/* All attributes that are read here are one word in network order. */
static void take_attributes(const struct nlmsghdr *message, attribute_fn take,
			    struct conntrack_totals *totals)
{
	const char *at = (const char *)message + NLMSG_LENGTH(sizeof(struct nfgenmsg));
	const char *end = (const char *)message + message->nlmsg_len;
	struct nlattr attribute;
	uint32_t value;

	while (end - at >= (long)(sizeof(attribute) + sizeof(value))) {
		memcpy(&attribute, at, sizeof(attribute));
		memcpy(&value, at + sizeof(attribute), sizeof(value));
		if (attribute.nla_len < sizeof(attribute))
			return;
		if (attribute.nla_len == sizeof(attribute) + sizeof(value))
			take(attribute.nla_type & NLA_TYPE_MASK, ntohl(value), totals);
		at += NLMSG_ALIGN(attribute.nla_len);
	}
}

static int error_of(const struct nlmsghdr *message)
{
	struct nlmsgerr error;

	memcpy(&error, (const char *)message + NLMSG_HDRLEN, sizeof(error));
	return error.error;
}

/* To the end of the answer; `take` may be NULL. */
static int read_answer(int fd, attribute_fn take, struct conntrack_totals *totals)
{
	char buffer[16384] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (;;) {
		ssize_t bytes = recv(fd, buffer, sizeof(buffer), 0);

		if (bytes < 0)
			return -errno;
		for (const struct nlmsghdr *message = (const void *)buffer;
		     NLMSG_OK(message, (size_t)bytes); message = NLMSG_NEXT(message, bytes)) {
			if (message->nlmsg_type == NLMSG_ERROR)
				return error_of(message);
			if (message->nlmsg_type == NLMSG_DONE)
				return 0;
			take_attributes(message, take, totals);
		}
	}
}

static void take_count(unsigned int type, uint32_t value, struct conntrack_totals *totals)
{
	if (type == CTA_STATS_GLOBAL_ENTRIES)
		totals->entries = value;
}

static void take_losses(unsigned int type, uint32_t value, struct conntrack_totals *totals)
{
	if (type == CTA_STATS_DROP || type == CTA_STATS_EARLY_DROP ||
	    type == CTA_STATS_INSERT_FAILED)
		totals->lost += value;
}

int conntrack_read(int fd, struct conntrack_totals *ret, struct err *err)
{
	int code;

	*ret = (struct conntrack_totals){};
	code = ask(fd, IPCTNL_MSG_CT_GET_STATS, NLM_F_ACK, AF_UNSPEC);
	if (!code)
		code = read_answer(fd, take_count, ret);
	if (!code)
		code = ask(fd, IPCTNL_MSG_CT_GET_STATS_CPU, NLM_F_DUMP, AF_UNSPEC);
	if (!code)
		code = read_answer(fd, take_losses, ret);
	return code ? err_errno(err, code, "read conntrack's statistics") : 0;
}

int conntrack_flush(int fd, struct err *err)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	struct conntrack_totals totals;
	int code;

	for (int i = 0; i < FLUSH_TRIES; i++) {
		code = ask(fd, IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_UNSPEC);
		if (!code)
			code = read_answer(fd, NULL, NULL);
		if (code)
			return err_errno(err, code, "flush conntrack");
		code = conntrack_read(fd, &totals, err);
		if (code || !totals.entries)
			return code;
		nanosleep(&nap, NULL);
	}
	return err_set(err, -EBUSY, "conntrack keeps %llu flows that are not the load's",
		       (unsigned long long)totals.entries);
}
