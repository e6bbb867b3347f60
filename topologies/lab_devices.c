// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/lab_internal.h"

#include <errno.h>
#include <string.h>

/*
 * Above the fallback devices (sit0, tunl0, gre0, ...) that some kernels put into every namespace.
 * Choosing the index spares asking the kernel for it, and one that is unique in the lab makes
 * traces readable.
 */
#define FIRST_IFINDEX 16

const struct topo_node *lab_topo_node(const struct lab *lab, size_t node)
{
	return (const struct topo_node *)lab->topology->nodes.items + node;
}

static const struct topo_link *links(const struct lab *lab)
{
	return lab->topology->links.items;
}

static void count_devices(struct lab *lab)
{
	size_t first = 0;

	for (size_t i = 0; i < lab->topology->links.count; i++)
		for (int end = 0; end < 2; end++)
			lab->nodes[links(lab)[i].ends[end].node].device_count++;
	for (size_t i = 0; i < lab->node_count; i++)
		lab->device_count +=
			lab->nodes[i].device_count + lab_topo_node(lab, i)->devices.count;
	lab->devices = arena_alloc(lab->arena, lab->device_count * sizeof(*lab->devices));
	for (size_t i = 0; i < lab->node_count; i++) {
		struct lab_node *node = &lab->nodes[i];

		node->devices = &lab->devices[first];
		first += node->device_count + lab_topo_node(lab, i)->devices.count;
		node->device_count = 0;
	}
}

/* Locally administered, and the same in every build of the topology: 02:00:node:node:dev:dev. */
static void set_mac(uint8_t mac[MAC_BYTES], size_t node, size_t ordinal)
{
	const uint8_t bytes[MAC_BYTES] = { 2,
					   (uint8_t)(node >> 16),
					   (uint8_t)(node >> 8),
					   (uint8_t)node,
					   (uint8_t)(ordinal >> 8),
					   (uint8_t)ordinal };

	memcpy(mac, bytes, MAC_BYTES);
}

static struct lab_device *add_device(struct lab *lab, size_t node, const char *name,
				     const struct topo_port *port)
{
	struct lab_node *of = &lab->nodes[node];
	struct lab_device *device = &of->devices[of->device_count];

	device->name = name;
	device->port = port;
	device->node = node;
	device->ifindex = FIRST_IFINDEX + (int)(device - lab->devices);
	set_mac(device->mac, node, of->device_count++);
	for (size_t i = 0; i < port->addresses.count; i++) {
		const struct address *address = (const struct address *)port->addresses.items + i;

		*(address->family == AF_INET6 ? &of->ipv6 : &of->ipv4) = true;
	}
	return device;
}

int lab_list_devices(struct lab *lab, struct err *err)
{
	count_devices(lab);
	if (lab->node_count > 1 << 24)
		return err_set(err, -E2BIG, "more than %d nodes", 1 << 24);
	for (size_t i = 0; i < lab->topology->links.count; i++) {
		const struct topo_end *ends = links(lab)[i].ends;
		struct lab_device *a = add_device(lab, ends[0].node, ends[0].device, &ends[0].port);
		struct lab_device *b = add_device(lab, ends[1].node, ends[1].device, &ends[1].port);

		a->peer = b;
		b->peer = a;
		a->virtio = b->virtio = links(lab)[i].virtio;
	}
	for (size_t i = 0; i < lab->node_count; i++) {
		const struct list *list = &lab_topo_node(lab, i)->devices;
		const struct topo_device *devices = list->items;

		for (size_t j = 0; j < list->count; j++)
			add_device(lab, i, devices[j].name, &devices[j].port)->declared =
				&devices[j];
		if (lab->nodes[i].device_count > 1 << 16)
			return err_set(err, -E2BIG, "node '%s': more than %d devices",
				       lab_topo_node(lab, i)->name, 1 << 16);
	}
	return 0;
}

struct lab_device *lab_find_device(const struct lab *lab, size_t node, const char *name)
{
	const struct lab_node *of = &lab->nodes[node];

	for (size_t i = 0; i < of->device_count; i++)
		if (strcmp(of->devices[i].name, name) == 0)
			return &of->devices[i];
	return NULL;
}

const struct lab_device *lab_find_of(const struct lab *lab, const char *node_and_device)
{
	const char *colon = strchr(node_and_device, ':');
	size_t length = colon ? (size_t)(colon - node_and_device) : 0;

	for (size_t i = 0; colon && i < lab->node_count; i++) {
		const char *name = lab_topo_node(lab, i)->name;

		if (strlen(name) == length && strncmp(name, node_and_device, length) == 0)
			return lab_find_device(lab, i, colon + 1);
	}
	return NULL;
}

struct build_node lab_build_node(struct lab *lab, size_t node, struct rtnl *rtnl)
{
	return (struct build_node){
		.lab = lab,
		.index = node,
		.node = lab_topo_node(lab, node),
		.ipv4 = lab->nodes[node].ipv4,
		.ipv6 = lab->nodes[node].ipv6,
		.rtnl = rtnl,
		.tools = &lab->cost.tools,
	};
}
