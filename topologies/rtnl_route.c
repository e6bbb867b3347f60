// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/rtnl_message.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netlink/attr.h>
#include <string.h>

#define NEIGHBOUR_KNOWN                                                                            \
	(NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

static size_t address_bytes(sa_family_t family)
{
	return family == AF_INET6 ? 16 : 4;
}

static void take_address(struct address *ret, sa_family_t family, const void *bytes)
{
	ret->family = family;
	ret->prefix_length = (uint8_t)(address_bytes(family) * 8);
	memcpy(ret->bytes, bytes, address_bytes(family));
}

static struct nlattr *find(const struct nlmsghdr *answer, size_t header_bytes, int attribute)
{
	return nlmsg_find_attr((struct nlmsghdr *)answer, (int)header_bytes, attribute);
}

static int parse_route(const struct nlmsghdr *answer, void *context)
{
	const struct rtmsg *info = nlmsg_data(answer);
	struct rtnl_hop *hop = context;
	struct nlattr *out = find(answer, sizeof(*info), RTA_OIF);
	struct nlattr *gateway = find(answer, sizeof(*info), RTA_GATEWAY);
	struct nlattr *via = find(answer, sizeof(*info), RTA_VIA);
	struct nlattr *source = find(answer, sizeof(*info), RTA_PREFSRC);

	if (answer->nlmsg_type != RTM_NEWROUTE || !out)
		return -ENETUNREACH;
	hop->ifindex = (int)nla_get_u32(out);
	hop->local = info->rtm_type == RTN_LOCAL;
	if (gateway)
		take_address(&hop->via, info->rtm_family, nla_data(gateway));
	/* An IPv4 route through an IPv6 router (RFC 5549): struct rtvia. */
	if (via)
		take_address(&hop->via, *(sa_family_t *)nla_data(via),
			     (char *)nla_data(via) + sizeof(sa_family_t));
	if (source)
		take_address(&hop->source, info->rtm_family, nla_data(source));
	return 0;
}

/* The wildcard is no choice of a source, as for a socket that is bound to it. */
static bool is_chosen(const struct address *from, const struct address *to)
{
	static const uint8_t wildcard[16];

	return from->family == to->family &&
	       memcmp(from->bytes, wildcard, address_bytes(from->family));
}

int rtnl_find_route(struct rtnl *rtnl, const struct address *to, const struct address *from,
		    struct rtnl_hop *ret, struct err *err)
{
	struct rtmsg info = {
		.rtm_family = (uint8_t)to->family,
		.rtm_dst_len = (uint8_t)(address_bytes(to->family) * 8),
	};
	struct nl_msg *message = rtnl_message(RTM_GETROUTE, 0, &info, sizeof(info));
	char text[INET6_ADDRSTRLEN + 4];
	int code;

	*ret = (struct rtnl_hop){ .via = *to };
	rtnl_message_put(message, RTA_DST, to->bytes, address_bytes(to->family));
	if (is_chosen(from, to)) {
		((struct rtmsg *)nlmsg_data(nlmsg_hdr(message)))->rtm_src_len = info.rtm_dst_len;
		rtnl_message_put(message, RTA_SRC, from->bytes, address_bytes(to->family));
	}
	code = rtnl_ask(rtnl, message, parse_route, ret);
	if (code < 0)
		return err_errno(err, code, "route to %s", address_format(to, text, sizeof(text)));
	if (is_chosen(from, to))
		ret->source = *from;
	return 0;
}

static int parse_neighbour(const struct nlmsghdr *answer, void *context)
{
	const struct ndmsg *info = nlmsg_data(answer);
	struct nlattr *mac = find(answer, sizeof(*info), NDA_LLADDR);

	if (!(info->ndm_state & NEIGHBOUR_KNOWN) || !mac || nla_len(mac) != MAC_BYTES)
		return -ENOENT;
	memcpy(context, nla_data(mac), MAC_BYTES);
	return 0;
}

int rtnl_find_neighbour(struct rtnl *rtnl, int ifindex, const struct address *address,
			uint8_t ret_mac[MAC_BYTES], struct err *err)
{
	struct ndmsg info = { .ndm_family = (uint8_t)address->family, .ndm_ifindex = ifindex };
	struct nl_msg *message = rtnl_message(RTM_GETNEIGH, 0, &info, sizeof(info));
	char text[INET6_ADDRSTRLEN + 4];
	int code;

	rtnl_message_put(message, NDA_DST, address->bytes, address_bytes(address->family));
	code = rtnl_ask(rtnl, message, parse_neighbour, ret_mac);
	return code < 0 ? err_errno(err, code, "MAC of %s",
				    address_format(address, text, sizeof(text)))
			: 0;
}

static int parse_link(const struct nlmsghdr *answer, void *context)
{
	const struct ifinfomsg *info = nlmsg_data(answer);
	struct rtnl_link_info *link = context;
	struct nlattr *name = find(answer, sizeof(*info), IFLA_IFNAME);
	struct nlattr *mac = find(answer, sizeof(*info), IFLA_ADDRESS);
	struct nlattr *mtu = find(answer, sizeof(*info), IFLA_MTU);
	struct nlattr *nest = find(answer, sizeof(*info), IFLA_LINKINFO), *inner;

	if (!name || !mtu)
		return -ENODATA;
	nla_strlcpy(link->name, name, sizeof(link->name));
	link->mtu = nla_get_u32(mtu);
	link->up = info->ifi_flags & IFF_UP;
	if (mac && nla_len(mac) == MAC_BYTES)
		memcpy(link->mac, nla_data(mac), MAC_BYTES);
	inner = nest ? nla_find(nla_data(nest), nla_len(nest), IFLA_INFO_KIND) : NULL;
	if (inner)
		nla_strlcpy(link->kind, inner, sizeof(link->kind));
	nest = find(answer, sizeof(*info), IFLA_XDP);
	inner = nest ? nla_find(nla_data(nest), nla_len(nest), IFLA_XDP_ATTACHED) : NULL;
	link->xdp = inner && nla_get_u8(inner) == XDP_ATTACHED_DRV;
	return 0;
}

int rtnl_read_link(struct rtnl *rtnl, int ifindex, struct rtnl_link_info *ret, struct err *err)
{
	struct ifinfomsg info = { .ifi_index = ifindex };
	int code;

	*ret = (struct rtnl_link_info){ .up = false };
	code = rtnl_ask(rtnl, rtnl_message(RTM_GETLINK, 0, &info, sizeof(info)), parse_link, ret);
	return code < 0 ? err_errno(err, code, "read device %d", ifindex) : 0;
}
