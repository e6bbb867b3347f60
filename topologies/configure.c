// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/lab_internal.h"
#include "topologies/netns.h"
#include "topologies/offloads.h"

#include <errno.h>

static struct rtnl_device handle(const struct lab_device *device)
{
	return (struct rtnl_device){ .name = device->name, .ifindex = device->ifindex };
}

/* By ioctl and not in the batch: seldom asked for. */
int lab_set_offloads(const struct lab *lab, struct err *err)
{
	for (size_t i = 0; i < lab->device_count; i++) {
		const struct lab_device *device = &lab->devices[i];
		int code;

		if (!offloads_wanted(&device->port->offloads))
			continue;
		code = netns_enter(lab->nodes[device->node].fd, err);
		if (code == 0)
			code = offloads_set(device->name, &device->port->offloads, err);
		if (code < 0)
			return err_wrap(err, code, "node '%s'",
					lab_topo_node(lab, device->node)->name);
	}
	return 0;
}

static int add_device(struct rtnl *rtnl, const struct lab_device *device, struct err *err)
{
	const struct address *addresses = device->port->addresses.items;
	const struct rtnl_device to = handle(device);
	int code = rtnl_set_no_link_local(rtnl, &to, err);

	for (size_t i = 0; code == 0 && i < device->port->addresses.count; i++)
		code = rtnl_add_address(rtnl, &to, &addresses[i], err);
	return code < 0 ? code : rtnl_set_up(rtnl, &to, err);
}

static int add_devices(struct rtnl *rtnl, const struct lab_node *node, struct err *err)
{
	const struct rtnl_device loopback = { .name = "lo", .ifindex = 1 };
	int code = rtnl_set_up(rtnl, &loopback, err);

	for (size_t i = 0; code == 0 && i < node->device_count; i++)
		code = add_device(rtnl, &node->devices[i], err);
	return code;
}

static int add_routes(struct rtnl *rtnl, const struct lab *lab, size_t node, struct err *err)
{
	const struct list *list = &lab_topo_node(lab, node)->routes;
	const struct topo_route *routes = list->items;
	int code = 0;

	for (size_t i = 0; code == 0 && i < list->count; i++) {
		struct rtnl_route route = { .to = &routes[i].to, .via = &routes[i].via };
		const struct lab_device *device = NULL;

		if (routes[i].device) {
			device = lab_find_device(lab, node, routes[i].device);
			if (!device)
				return err_set(err, -ENODEV, "add route: no device '%s'",
					       routes[i].device);
			route.ifindex = device->ifindex;
		}
		code = rtnl_add_route(rtnl, &route, err);
	}
	return code;
}

/* The neighbours are sorted by device, and a node's devices lie next to each other. */
static size_t first_neighbour(const struct lab *lab, const struct lab_device *device)
{
	size_t low = 0, high = lab->neighbour_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (lab->neighbours[middle].device < device)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int add_neighbours(struct rtnl *rtnl, const struct lab *lab, size_t node, struct err *err)
{
	const struct lab_node *of = &lab->nodes[node];
	int code = 0;

	for (size_t i = first_neighbour(lab, of->devices); code == 0 && i < lab->neighbour_count;
	     i++) {
		const struct lab_neighbour *neighbour = &lab->neighbours[i];
		struct rtnl_device device = handle(neighbour->device);

		if (neighbour->device->node != node)
			break;
		code = rtnl_add_neighbour(rtnl, &device, neighbour->address, neighbour->of->mac,
					  err);
	}
	return code;
}

static int add_fdb(struct rtnl *rtnl, const struct lab *lab, size_t node, struct err *err)
{
	int code = 0;

	for (const struct lab_fdb *fdb = lab->fdb; code == 0 && fdb; fdb = fdb->next) {
		const uint8_t *mac = fdb->entry.mac;
		struct rtnl_device device;

		if (fdb->node != node)
			continue;
		device = handle(lab_find_device(lab, node, fdb->device));
		if (fdb->entry.of) {
			const struct lab_device *of = lab_find_of(lab, fdb->entry.of);

			if (!of)
				return err_usage(err, "vxlan '%s': fdb: no device \"%s\"",
						 fdb->device, fdb->entry.of);
			mac = of->mac;
		}
		code = rtnl_add_fdb(rtnl, &device, mac, fdb->entry.via, err);
	}
	return code;
}

int lab_configure_node(struct lab *lab, size_t node, struct err *err)
{
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = netns_enter(lab->nodes[node].fd, err);

	if (code == 0)
		code = rtnl_open(&rtnl, err);
	if (code == 0)
		code = add_devices(rtnl, &lab->nodes[node], err);
	if (code == 0)
		code = add_fdb(rtnl, lab, node, err);
	if (code == 0)
		code = add_routes(rtnl, lab, node, err);
	if (code == 0)
		code = add_neighbours(rtnl, lab, node, err);
	return code < 0 ? code : rtnl_flush(rtnl, err);
}
