// SPDX-License-Identifier: GPL-2.0-only
#include "loadgen/way.h"

#include "harness/cleanup.h"
#include "topologies/lab.h"
#include "topologies/netns.h"
#include "topologies/offloads.h"
#include "topologies/rtnl.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_ether.h>
#include <netinet/in.h>
#include <string.h>

/* Kinds of devices whose drivers have ndo_xdp_xmit; hardware has no kind and is not in a lab. */
static const char *const capable_kinds[] = { "veth", "tun", "bond", "" };

static unsigned count_ones(const unsigned char *bytes, size_t size)
{
	unsigned ones = 0;

	for (size_t i = 0; i < size; i++)
		ones += (unsigned)__builtin_popcount(bytes[i]);
	return ones;
}

static const unsigned char *bytes_of(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr;
	return (const void *)&((const struct sockaddr_in *)(const void *)address)->sin_addr;
}

/* An address's own subnet is known to whoever gave it to the device, and asked from there. */
static void find_prefix(struct address *address)
{
	size_t size = address->family == AF_INET6 ? 16 : 4;
	struct ifaddrs *list = NULL;

	if (getifaddrs(&list))
		return;
	for (const struct ifaddrs *at = list; at; at = at->ifa_next)
		if (at->ifa_addr && at->ifa_netmask && at->ifa_addr->sa_family == address->family &&
		    !memcmp(bytes_of(at->ifa_addr), address->bytes, size))
			address->prefix_length =
				(uint8_t)count_ones(bytes_of(at->ifa_netmask), size);
	freeifaddrs(list);
}

static int take_hop(struct way *way, const struct rtnl_hop *hop, const struct address *destination,
		    struct err *err)
{
	char text[INET6_ADDRSTRLEN + 4];

	address_format(destination, text, sizeof(text));
	if (hop->local)
		return err_set(err, -EINVAL,
			       "%s is the node's own address: frames are sent out "
			       "of a device",
			       text);
	if (hop->source.family == AF_UNSPEC)
		return err_set(err, -EADDRNOTAVAIL, "the node has no address to send to %s from",
			       text);
	way->ifindex = hop->ifindex;
	way->via = hop->via;
	way->source = hop->source;
	find_prefix(&way->source);
	return 0;
}

static int take_device(struct way *way, struct rtnl *rtnl, struct err *err)
{
	struct rtnl_link_info link;
	char text[INET6_ADDRSTRLEN + 4];
	int code = rtnl_read_link(rtnl, way->ifindex, &link, err);

	if (code)
		return code;
	memcpy(way->device, link.name, sizeof(way->device));
	memcpy(way->kind, link.kind, sizeof(way->kind));
	memcpy(way->source_mac, link.mac, sizeof(way->source_mac));
	way->mtu = link.mtu;
	if (!link.up)
		return err_set(err, -ENETDOWN, "device '%s' is down", link.name);
	if (!rtnl_find_neighbour(rtnl, way->ifindex, &way->via, way->next_mac, err))
		return 0;
	return err_set(err, -EHOSTUNREACH,
		       "device '%s' does not know the MAC of %s, and a generator does not ask for "
		       "it: add it to the node's \"neighbours\"",
		       link.name, address_format(&way->via, text, sizeof(text)));
}

int way_find(struct way *ret, const struct address *source, const struct address *destination,
	     struct err *err)
{
	_rtnl_ struct rtnl *rtnl = NULL;
	struct rtnl_hop hop;
	int code = rtnl_open(&rtnl, err);

	*ret = (struct way){ .ifindex = 0 };
	if (!code)
		code = rtnl_find_route(rtnl, destination, source, &hop, err);
	if (!code)
		code = take_hop(ret, &hop, destination, err);
	return code ? code : take_device(ret, rtnl, err);
}

static bool is_capable(const char *kind)
{
	for (size_t i = 0; i < ARRAY_SIZE(capable_kinds); i++)
		if (!strcmp(kind, capable_kinds[i]))
			return true;
	return false;
}

/* The other end of the link that the device is an end of; NULL: it is of none. */
static const struct topo_end *find_peer(const struct topology *topology, size_t node,
					const char *device)
{
	size_t end;
	const struct topo_link *link = topology_find_link(topology, node, device, &end);

	return link ? &link->ends[!end] : NULL;
}

/* What a veth drops without a word hangs on its other end. */
struct peer {
	char name[200]; /* "node:device" */
	struct offloads_state state;
	struct rtnl_link_info link;
};

static int read_peer(struct peer *peer, const struct lab *lab, const struct topo_end *end,
		     struct err *err)
{
	const struct topo_node *nodes = lab_topology(lab)->nodes.items;
	_netns_home_ int home = netns_current();
	_rtnl_ struct rtnl *rtnl = NULL;
	int code;

	snprintf(peer->name, sizeof(peer->name), "%s:%s", nodes[end->node].name, end->device);
	if (home < 0)
		return err_errno(err, home, "open the network namespace");
	code = netns_enter(lab_node_fd(lab, end->node), err);
	if (!code)
		code = offloads_read(end->device, &peer->state, err);
	if (!code)
		code = rtnl_open(&rtnl, err);
	if (!code)
		code = rtnl_read_link(rtnl, lab_ifindex(lab, end->node, end->device), &peer->link,
				      err);
	return code;
}

/* A veth's receive queue is the sending CPU's number modulo their count. */
static bool share_queue(const struct way_load *load, uint32_t queues)
{
	for (size_t i = 0; i < load->cpu_count; i++)
		for (size_t j = 0; j < i; j++)
			if (load->cpus[i] % (int)queues == load->cpus[j] % (int)queues)
				return true;
	return false;
}

static int check_mtu(uint64_t frame_bytes, uint32_t mtu, const char *name, struct err *err)
{
	if (frame_bytes <= mtu + (uint64_t)ETH_HLEN)
		return 0;
	return err_usage(err,
			 "frames of %llu bytes do not fit %s, whose MTU is %u and frames at "
			 "most %u: set its \"mtu\", or a smaller size",
			 (unsigned long long)frame_bytes, name, mtu, mtu + ETH_HLEN);
}

static int check_queues(const char *out, const struct offloads_state *state,
			const struct peer *peer, const struct way_load *load, struct err *err)
{
	if (state->rx_queues < peer->state.tx_queues)
		return err_usage(err,
				 "%s takes no redirected frames with %u receive queues while its "
				 "other end %s has %u to transmit: give that link as many "
				 "\"rx_queues\" as \"tx_queues\"",
				 out, state->rx_queues, peer->name, peer->state.tx_queues);
	if (share_queue(load, peer->state.rx_queues))
		return err_usage(err,
				 "%zu threads would share a receive queue of %s, which has %u: "
				 "give that link \"rx_queues\": %d",
				 load->cpu_count, peer->name, peer->state.rx_queues,
				 load->cpus[load->cpu_count - 1] + 1);
	return 0;
}

static int refuse_peer(const char *out, const char *peer, struct err *err)
{
	return err_usage(err,
			 "%s would drop every frame: its other end %s has neither GRO nor an XDP "
			 "program; give that link \"offloads\": { \"gro\": \"on\" }",
			 out, peer);
}

static int check_peer(const char *out, const struct peer *peer, struct err *err)
{
	if (!peer->link.up)
		return err_usage(err, "%s is down, so that %s drops all", peer->name, out);
	if (!peer->state.gro && !peer->link.xdp)
		return refuse_peer(out, peer->name, err);
	return 0;
}

static int check_link(const char *out, const struct way *way, const struct lab *lab,
		      const struct topo_end *end, const struct way_load *load, struct err *err)
{
	struct offloads_state state;
	struct peer peer;
	int code = offloads_read(way->device, &state, err);

	if (!code)
		code = read_peer(&peer, lab, end, err);
	if (!code && load->redirected)
		code = check_peer(out, &peer, err);
	if (!code && load->redirected)
		code = check_queues(out, &state, &peer, load, err);
	return code ? code : check_mtu(load->frame_bytes, peer.link.mtu, peer.name, err);
}

int way_check(const struct way *way, const struct lab *lab, const struct way_load *load,
	      struct err *err)
{
	long node = topology_find_node(lab_topology(lab), load->from);
	const struct topo_end *end = find_peer(lab_topology(lab), (size_t)node, way->device);
	char out[200];
	int code;

	snprintf(out, sizeof(out), "%s:%s", load->from, way->device);
	if (load->redirected && !is_capable(way->kind))
		return err_usage(err,
				 "%s is a %s, whose driver takes no redirected frames: send from a "
				 "node whose way out is a link's end, or take the load \"udp\"",
				 out, way->kind);
	code = check_mtu(load->frame_bytes, way->mtu, out, err);
	return code || !end ? code : check_link(out, way, lab, end, load, err);
}

static const char *name_end(const struct topology *topology, const struct topo_end *end,
			    char name[static 200])
{
	const struct topo_node *nodes = topology->nodes.items;

	snprintf(name, 200, "%s:%s", nodes[end->node].name, end->device);
	return name;
}

int way_check_declared(const struct topology *topology, size_t node,
		       const struct address *destination, const struct topo_end *sink,
		       struct err *err)
{
	const char *device = topology_find_way(topology, node, destination);
	const struct topo_link *link = NULL;
	const struct topo_end *peer;
	char out[200], other[200];
	size_t end;

	if (device)
		link = topology_find_link(topology, node, device, &end);
	if (!link || link->virtio)
		return 0;
	peer = &link->ends[!end];
	if (peer->port.offloads.gro == OFFLOAD_ON ||
	    (peer->node == sink->node && sink->device && !strcmp(peer->device, sink->device)))
		return 0;
	return refuse_peer(name_end(topology, &link->ends[end], out),
			   name_end(topology, peer, other), err);
}
