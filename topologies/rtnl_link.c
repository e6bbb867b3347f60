// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/rtnl_message.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

static void put_u32(struct nl_msg *message, int attribute, uint64_t value)
{
	uint32_t small = (uint32_t)value;

	if (value)
		rtnl_message_put(message, attribute, &small, sizeof(small));
}

static void put_link(struct nl_msg *message, const struct rtnl_link *link)
{
	static const uint8_t no_mac[MAC_BYTES];

	rtnl_message_put(message, IFLA_IFNAME, link->name, strlen(link->name) + 1);
	if (memcmp(link->mac, no_mac, MAC_BYTES) != 0)
		rtnl_message_put(message, IFLA_ADDRESS, link->mac, MAC_BYTES);
	put_u32(message, IFLA_MTU, link->mtu);
	put_u32(message, IFLA_NUM_TX_QUEUES, link->tx_queues);
	put_u32(message, IFLA_NUM_RX_QUEUES, link->rx_queues);
	put_u32(message, IFLA_LINK, (uint64_t)link->link);
	if (link->netns_fd >= 0)
		rtnl_message_put(message, IFLA_NET_NS_FD, &link->netns_fd, sizeof(int));
}

void rtnl_link_begin(struct rtnl *rtnl, const struct rtnl_link *link)
{
	struct ifinfomsg info = { .ifi_index = link->ifindex };
	struct nl_msg *message =
		rtnl_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));

	put_link(message, link);
	rtnl->link.message = message;
	rtnl->link.about = rtnl_about("add %s '%s'", link->kind, link->name);
	rtnl->link.about.need = link->kind;
	rtnl->link.info = rtnl_message_nest(message, IFLA_LINKINFO);
	rtnl_message_put(message, IFLA_INFO_KIND, link->kind, strlen(link->kind) + 1);
	rtnl->link.data = rtnl_message_nest(message, IFLA_INFO_DATA);
}

void rtnl_put(struct rtnl *rtnl, int attribute, const void *value, size_t bytes)
{
	rtnl_message_put(rtnl->link.message, attribute, value, bytes);
}

void rtnl_put_u8(struct rtnl *rtnl, int attribute, uint8_t value)
{
	rtnl_put(rtnl, attribute, &value, sizeof(value));
}

void rtnl_put_u16(struct rtnl *rtnl, int attribute, uint16_t value)
{
	rtnl_put(rtnl, attribute, &value, sizeof(value));
}

void rtnl_put_u32(struct rtnl *rtnl, int attribute, uint32_t value)
{
	rtnl_put(rtnl, attribute, &value, sizeof(value));
}

int rtnl_link_end(struct rtnl *rtnl, struct err *err)
{
	struct nl_msg *message = rtnl->link.message;

	rtnl->link.message = NULL;
	nla_nest_end(message, rtnl->link.data);
	nla_nest_end(message, rtnl->link.info);
	return rtnl_queue(rtnl, message, &rtnl->link.about, err);
}

int rtnl_add_veth(struct rtnl *rtnl, const struct rtnl_link ends[2], struct err *err)
{
	struct ifinfomsg info = { .ifi_index = ends[1].ifindex };
	struct nlattr *peer;

	rtnl_link_begin(rtnl, &ends[0]);
	peer = rtnl_message_nest(rtnl->link.message, VETH_INFO_PEER);
	if (nlmsg_append(rtnl->link.message, &info, sizeof(info), NLMSG_ALIGNTO) < 0)
		abort();
	put_link(rtnl->link.message, &ends[1]);
	nla_nest_end(rtnl->link.message, peer);
	rtnl->link.about = rtnl_about("add veth '%s' - '%s'", ends[0].name, ends[1].name);
	rtnl->link.about.need = "veth";
	return rtnl_link_end(rtnl, err);
}

/* Choosing the index at a move needs Linux 5.13. */
int rtnl_move(struct rtnl *rtnl, int ifindex, const struct rtnl_link *link, struct err *err)
{
	struct ifinfomsg info = { .ifi_index = ifindex };
	struct nl_msg *message = rtnl_message(RTM_NEWLINK, 0, &info, sizeof(info));
	struct rtnl_request about = rtnl_about("move %s '%s'", link->kind, link->name);

	put_link(message, link);
	put_u32(message, IFLA_NEW_IFINDEX, (uint64_t)link->ifindex);
	return rtnl_queue(rtnl, message, &about, err);
}

int rtnl_set_up(struct rtnl *rtnl, const struct rtnl_device *device, struct err *err)
{
	struct ifinfomsg info = {
		.ifi_index = device->ifindex,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};
	struct rtnl_request about = rtnl_about("set '%s' up", device->name);

	return rtnl_queue(rtnl, rtnl_message(RTM_NEWLINK, 0, &info, sizeof(info)), &about, err);
}

int rtnl_set_no_link_local(struct rtnl *rtnl, const struct rtnl_device *device, struct err *err)
{
	struct ifinfomsg info = { .ifi_index = device->ifindex };
	struct nl_msg *message = rtnl_message(RTM_NEWLINK, 0, &info, sizeof(info));
	struct rtnl_request about = rtnl_about("set '%s' without link-local", device->name);
	struct nlattr *families = rtnl_message_nest(message, IFLA_AF_SPEC);
	struct nlattr *ipv6 = rtnl_message_nest(message, AF_INET6);
	uint8_t mode = IN6_ADDR_GEN_MODE_NONE;

	/* Said by a kernel without IPv6, and by a device whose MTU is too small for it. */
	about.harmless = -EAFNOSUPPORT;
	rtnl_message_put(message, IFLA_INET6_ADDR_GEN_MODE, &mode, sizeof(mode));
	nla_nest_end(message, ipv6);
	nla_nest_end(message, families);
	return rtnl_queue(rtnl, message, &about, err);
}

int rtnl_set_master(struct rtnl *rtnl, const struct rtnl_device *device,
		    const struct rtnl_device *master, struct err *err)
{
	struct ifinfomsg info = { .ifi_index = device->ifindex };
	struct nl_msg *message = rtnl_message(RTM_NEWLINK, 0, &info, sizeof(info));
	struct rtnl_request about =
		rtnl_about("make '%s' a port of '%s'", device->name, master->name);

	rtnl_message_put(message, IFLA_MASTER, &master->ifindex, sizeof(int));
	return rtnl_queue(rtnl, message, &about, err);
}

static int parse_state(const struct nlmsghdr *answer, void *context)
{
	struct nlattr *state = nlmsg_find_attr((struct nlmsghdr *)answer, sizeof(struct ifinfomsg),
					       IFLA_OPERSTATE);

	if (!state)
		return -ENODATA;
	*(uint8_t *)context = nla_get_u8(state);
	return 0;
}

int rtnl_read_state(struct rtnl *rtnl, const struct rtnl_device *device, uint8_t *ret,
		    struct err *err)
{
	struct ifinfomsg info = { .ifi_index = device->ifindex };
	struct nl_msg *message = rtnl_message(RTM_GETLINK, 0, &info, sizeof(info));
	int code;

	put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	code = rtnl_ask(rtnl, message, parse_state, ret);
	return code < 0 ? err_errno(err, code, "read the state of '%s'", device->name) : 0;
}

static int parse_stats(const struct nlmsghdr *answer, void *context)
{
	struct nlattr *stats = nlmsg_find_attr((struct nlmsghdr *)answer,
					       sizeof(struct if_stats_msg), IFLA_STATS_LINK_64);
	size_t bytes;

	if (!stats)
		return -ENODATA;
	/* Kernels differ in how much of the struct they know. */
	bytes = (size_t)nla_len(stats);
	memset(context, 0, sizeof(struct rtnl_link_stats64));
	memcpy(context, nla_data(stats),
	       bytes < sizeof(struct rtnl_link_stats64) ? bytes : sizeof(struct rtnl_link_stats64));
	return 0;
}

/* RTM_GETSTATS, not RTM_GETLINK: the same 64-bit counters without all else about the device. */
int rtnl_read_stats(struct rtnl *rtnl, const struct rtnl_device *device,
		    struct rtnl_link_stats64 *ret, struct err *err)
{
	struct if_stats_msg ask = {
		.ifindex = (uint32_t)device->ifindex,
		.filter_mask = IFLA_STATS_FILTER_BIT(IFLA_STATS_LINK_64),
	};
	int code =
		rtnl_ask(rtnl, rtnl_message(RTM_GETSTATS, 0, &ask, sizeof(ask)), parse_stats, ret);

	return code < 0 ? err_errno(err, code, "read counters of '%s'", device->name) : 0;
}
