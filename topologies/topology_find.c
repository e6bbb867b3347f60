// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology.h"

#include "harness/cleanup.h"

#include <string.h>

long topology_find_node(const struct topology *topology, const char *name)
{
	const struct topo_node *nodes = topology->nodes.items;

	for (size_t i = 0; i < topology->nodes.count; i++)
		if (!strcmp(nodes[i].name, name))
			return (long)i;
	return -1;
}

const char *topology_nearest_node(const struct topology *topology, const char *name)
{
	const struct topo_node *nodes = topology->nodes.items;
	_free_ const char **names = calloc(topology->nodes.count + 1, sizeof(*names));

	if (!names)
		abort();
	for (size_t i = 0; i < topology->nodes.count; i++)
		names[i] = nodes[i].name;
	return field_nearest(name, names);
}

const struct topo_link *topology_find_link(const struct topology *topology, size_t node,
					   const char *device, size_t *ret_end)
{
	const struct topo_link *links = topology->links.items;

	for (size_t i = 0; i < topology->links.count; i++)
		for (size_t j = 0; j < 2; j++)
			if (links[i].ends[j].node == node &&
			    !strcmp(links[i].ends[j].device, device)) {
				*ret_end = j;
				return &links[i];
			}
	return NULL;
}

const struct topo_port *topology_find_port(const struct topology *topology, size_t node,
					   const char *device)
{
	const struct topo_node *nodes = topology->nodes.items;
	const struct topo_device *devices = nodes[node].devices.items;
	const struct topo_link *link;
	size_t end;

	for (size_t i = 0; i < nodes[node].devices.count; i++)
		if (!strcmp(devices[i].name, device))
			return &devices[i].port;
	link = topology_find_link(topology, node, device, &end);
	return link ? &link->ends[end].port : NULL;
}

bool topology_has_device(const struct topology *topology, size_t node, const char *device)
{
	return topology_find_port(topology, node, device);
}

static const struct address *port_address(const struct topo_port *port, sa_family_t family)
{
	const struct address *addresses = port->addresses.items;

	for (size_t i = 0; i < port->addresses.count; i++)
		if (addresses[i].family == family)
			return &addresses[i];
	return NULL;
}

static bool has_address(const struct topo_port *port, const struct address *address)
{
	const struct address *addresses = port->addresses.items;
	size_t bytes = address->family == AF_INET6 ? 16 : 4;

	for (size_t i = 0; i < port->addresses.count; i++)
		if (addresses[i].family == address->family &&
		    !memcmp(addresses[i].bytes, address->bytes, bytes))
			return true;
	return false;
}

const char *topology_find_address_device(const struct topology *topology, size_t node,
					 const struct address *address)
{
	const struct topo_node *nodes = topology->nodes.items;
	const struct topo_device *devices = nodes[node].devices.items;
	const struct topo_link *links = topology->links.items;

	for (size_t i = 0; i < topology->links.count; i++)
		for (size_t j = 0; j < 2; j++)
			if (links[i].ends[j].node == node &&
			    has_address(&links[i].ends[j].port, address))
				return links[i].ends[j].device;
	for (size_t i = 0; i < nodes[node].devices.count; i++)
		if (has_address(&devices[i].port, address))
			return devices[i].name;
	return NULL;
}

const struct address *topology_find_address(const struct topology *topology, size_t node,
					    sa_family_t family)
{
	const struct topo_node *nodes = topology->nodes.items;
	const struct topo_device *devices = nodes[node].devices.items;
	const struct topo_link *links = topology->links.items;
	const struct address *found = NULL;

	for (size_t i = 0; i < topology->links.count && !found; i++)
		for (size_t j = 0; j < 2 && !found; j++)
			if (links[i].ends[j].node == node)
				found = port_address(&links[i].ends[j].port, family);
	for (size_t i = 0; i < nodes[node].devices.count && !found; i++)
		found = port_address(&devices[i].port, family);
	return found;
}
