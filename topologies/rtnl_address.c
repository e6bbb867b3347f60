// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/rtnl_message.h"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

static size_t address_bytes(const struct address *address)
{
	return address->family == AF_INET6 ? 16 : 4;
}

static void put_address(struct nl_msg *message, int attribute, const struct address *address)
{
	rtnl_message_put(message, attribute, address->bytes, address_bytes(address));
}

int rtnl_add_address(struct rtnl *rtnl, const struct rtnl_device *device,
		     const struct address *address, struct err *err)
{
	struct ifaddrmsg info = {
		.ifa_family = (uint8_t)address->family,
		.ifa_prefixlen = address->prefix_length,
		.ifa_index = (uint32_t)device->ifindex,
	};
	struct nl_msg *message =
		rtnl_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	char text[INET6_ADDRSTRLEN + 4];
	struct rtnl_request about =
		rtnl_about("add address %s to '%s'", address_format(address, text, sizeof(text)),
			   device->name);
	uint32_t flags = IFA_F_NODAD;

	put_address(message, IFA_LOCAL, address);
	put_address(message, IFA_ADDRESS, address);
	if (address->family == AF_INET6)
		rtnl_message_put(message, IFA_FLAGS, &flags, sizeof(flags));
	return rtnl_queue(rtnl, message, &about, err);
}

static struct rtnl_request about_route(const struct rtnl_route *route)
{
	char to[INET6_ADDRSTRLEN + 4] = "default", via[INET6_ADDRSTRLEN + 4];

	if (route->to->family != AF_UNSPEC)
		address_format(route->to, to, sizeof(to));
	if (route->via->family == AF_UNSPEC)
		return rtnl_about("add route %s", to);
	return rtnl_about("add route %s via %s", to, address_format(route->via, via, sizeof(via)));
}

static sa_family_t route_family(const struct rtnl_route *route)
{
	if (route->to->family != AF_UNSPEC)
		return route->to->family;
	return route->via->family != AF_UNSPEC ? route->via->family : AF_INET;
}

static void put_via(struct nl_msg *message, sa_family_t family, const struct address *via)
{
	/* struct rtvia, whose address has no fixed size. */
	uint8_t other[sizeof(sa_family_t) + 16];

	if (via->family == AF_UNSPEC)
		return;
	if (via->family == family) {
		put_address(message, RTA_GATEWAY, via);
		return;
	}
	/* An IPv4 route through an IPv6 router (RFC 5549). */
	memcpy(other, &via->family, sizeof(sa_family_t));
	memcpy(other + sizeof(sa_family_t), via->bytes, address_bytes(via));
	rtnl_message_put(message, RTA_VIA, other, sizeof(sa_family_t) + address_bytes(via));
}

int rtnl_add_route(struct rtnl *rtnl, const struct rtnl_route *route, struct err *err)
{
	struct rtmsg info = {
		.rtm_family = (uint8_t)route_family(route),
		.rtm_dst_len = route->to->prefix_length,
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = route->via->family == AF_UNSPEC ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_UNICAST,
	};
	struct nl_msg *message =
		rtnl_message(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &info, sizeof(info));
	struct rtnl_request about = about_route(route);

	if (info.rtm_dst_len > 0)
		put_address(message, RTA_DST, route->to);
	put_via(message, info.rtm_family, route->via);
	if (route->ifindex > 0)
		rtnl_message_put(message, RTA_OIF, &route->ifindex, sizeof(int));
	return rtnl_queue(rtnl, message, &about, err);
}

int rtnl_add_neighbour(struct rtnl *rtnl, const struct rtnl_device *device,
		       const struct address *address, const uint8_t mac[MAC_BYTES], struct err *err)
{
	struct ndmsg info = {
		.ndm_family = (uint8_t)address->family,
		.ndm_ifindex = device->ifindex,
		.ndm_state = NUD_PERMANENT,
	};
	struct nl_msg *message =
		rtnl_message(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &info, sizeof(info));
	char text[INET6_ADDRSTRLEN + 4];
	struct rtnl_request about =
		rtnl_about("add neighbour %s to '%s'", address_format(address, text, sizeof(text)),
			   device->name);

	put_address(message, NDA_DST, address);
	rtnl_message_put(message, NDA_LLADDR, mac, MAC_BYTES);
	return rtnl_queue(rtnl, message, &about, err);
}

int rtnl_add_fdb(struct rtnl *rtnl, const struct rtnl_device *device, const uint8_t mac[MAC_BYTES],
		 const struct address *via, struct err *err)
{
	static const uint8_t flood[MAC_BYTES];
	/* An all-zero MAC is the destination of what has no entry: there may be several. */
	bool append = memcmp(mac, flood, MAC_BYTES) == 0;
	struct ndmsg info = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = device->ifindex,
		.ndm_state = NUD_NOARP | NUD_PERMANENT,
		.ndm_flags = NTF_SELF,
	};
	struct nl_msg *message =
		rtnl_message(RTM_NEWNEIGH, NLM_F_CREATE | (append ? NLM_F_APPEND : NLM_F_EXCL),
			     &info, sizeof(info));
	char text[INET6_ADDRSTRLEN + 4];
	struct rtnl_request about =
		rtnl_about("add forwarding entry via %s to '%s'",
			   address_format(via, text, sizeof(text)), device->name);

	put_address(message, NDA_DST, via);
	rtnl_message_put(message, NDA_LLADDR, mac, MAC_BYTES);
	return rtnl_queue(rtnl, message, &about, err);
}
