// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology.h"

#include <string.h>

/* The longest prefix so far; several devices of one length leave open which is taken. */
struct choice {
	const struct address *address; /* looked for */
	const char *device; /* NULL: none yet, or open */
	int length; /* -1: none yet */
};

static void choose(struct choice *choice, int length, const char *device)
{
	if (length < choice->length)
		return;
	if (length == choice->length && choice->device && device && !strcmp(choice->device, device))
		return;
	choice->device = length == choice->length ? NULL : device;
	choice->length = length;
}

static void try_port(struct choice *choice, const char *device, const struct topo_port *port)
{
	const struct address *addresses = port->addresses.items;

	for (size_t i = 0; i < port->addresses.count; i++)
		if (address_is_in(choice->address, &addresses[i]))
			choose(choice, addresses[i].prefix_length, device);
}

static void try_subnets(struct choice *choice, const struct topology *topology, size_t node)
{
	const struct topo_node *nodes = topology->nodes.items;
	const struct topo_device *devices = nodes[node].devices.items;
	const struct topo_link *links = topology->links.items;

	for (size_t i = 0; i < nodes[node].devices.count; i++)
		try_port(choice, devices[i].name, &devices[i].port);
	for (size_t i = 0; i < topology->links.count; i++)
		for (size_t j = 0; j < 2; j++)
			if (links[i].ends[j].node == node)
				try_port(choice, links[i].ends[j].device, &links[i].ends[j].port);
}

static const char *route_device(const struct topology *topology, size_t node,
				const struct topo_route *route)
{
	struct choice choice = { .address = &route->via, .length = -1 };

	if (route->device || route->via.family == AF_UNSPEC)
		return route->device;
	try_subnets(&choice, topology, node);
	return choice.device;
}

static bool route_leads_to(const struct topo_route *route, const struct address *address)
{
	if (route->to.family == AF_UNSPEC)
		return route->via.family == address->family;
	return address_is_in(address, &route->to);
}

const char *topology_find_way(const struct topology *topology, size_t node,
			      const struct address *address)
{
	const struct topo_node *nodes = topology->nodes.items;
	const struct topo_route *routes = nodes[node].routes.items;
	struct choice choice = { .address = address, .length = -1 };

	try_subnets(&choice, topology, node);
	for (size_t i = 0; i < nodes[node].routes.count; i++)
		if (route_leads_to(&routes[i], address))
			choose(&choice, routes[i].to.prefix_length,
			       route_device(topology, node, &routes[i]));
	return choice.device;
}
