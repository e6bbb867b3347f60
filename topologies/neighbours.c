// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/lab_internal.h"

#include <stdlib.h>
#include <string.h>

/*
 * Who is whose neighbour follows from the topology, so that no ARP request or neighbour
 * solicitation is ever sent: the packets of a measurement are the load's. Four rules, the earlier
 * one wins where two speak of the same address on the same device.
 */
enum rule { RULE_EXPLICIT, RULE_LINK, RULE_ROUTE, RULE_SUBNET };

/* In a larger subnet everybody's knowing everybody would cost more than the build. */
#define SUBNET_MAX 64

struct candidate {
	struct lab_neighbour neighbour;
	enum rule rule;
};

struct holder {
	const struct lab_device *device;
	const struct address *address;
};

/* The derivation's own memory; what it finds moves to the lab's arena. */
struct derivation {
	struct lab *lab;
	struct candidate *candidates;
	size_t count, space;
	struct holder *holders; /* every address of the topology, by network */
	size_t holder_count;
};

static void add(struct derivation *derivation, enum rule rule, const struct lab_device *device,
		const struct holder *of)
{
	if (derivation->count == derivation->space) {
		derivation->space = derivation->space ? 2 * derivation->space : 256;
		derivation->candidates = reallocarray(derivation->candidates, derivation->space,
						      sizeof(*derivation->candidates));
		if (!derivation->candidates)
			abort();
	}
	derivation->candidates[derivation->count++] = (struct candidate){
		.neighbour = { .device = device, .address = of->address, .of = of->device },
		.rule = rule,
	};
}

static unsigned full_length(const struct address *address)
{
	return address->family == AF_INET6 ? 128 : 32;
}

static int compare_address(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return address_compare_bits(a, b, full_length(a));
}

/* Orders by network: those of one subnet are next to each other, by address. */
static int compare_network(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	if (a->prefix_length != b->prefix_length)
		return a->prefix_length - b->prefix_length;
	return address_compare_bits(a, b, a->prefix_length);
}

static int compare_holders(const void *left, const void *right)
{
	const struct holder *a = left, *b = right;
	int order = compare_network(a->address, b->address);

	if (order == 0)
		order = compare_address(a->address, b->address);
	if (order == 0)
		order = (a->device > b->device) - (a->device < b->device);
	return order;
}

static int compare_candidates(const void *left, const void *right)
{
	const struct candidate *a = left, *b = right;
	int order = (a->neighbour.device > b->neighbour.device) -
		    (a->neighbour.device < b->neighbour.device);

	if (order == 0)
		order = compare_address(a->neighbour.address, b->neighbour.address);
	return order ? order : (int)a->rule - (int)b->rule;
}

static const struct address *addresses_of(const struct lab_device *device)
{
	return device->port->addresses.items;
}

static bool on_subnet_of(const struct lab_device *device, const struct address *address)
{
	for (size_t i = 0; i < device->port->addresses.count; i++)
		if (address_is_in(address, &addresses_of(device)[i]))
			return true;
	return false;
}

static void list_holders(struct derivation *derivation)
{
	struct lab *lab = derivation->lab;
	size_t count = 0;

	for (size_t i = 0; i < lab->device_count; i++)
		count += lab->devices[i].port->addresses.count;
	derivation->holders = calloc(count + 1, sizeof(*derivation->holders));
	if (!derivation->holders)
		abort();
	for (size_t i = 0; i < lab->device_count; i++)
		for (size_t j = 0; j < lab->devices[i].port->addresses.count; j++)
			derivation->holders[derivation->holder_count++] = (struct holder){
				.device = &lab->devices[i],
				.address = &addresses_of(&lab->devices[i])[j],
			};
	qsort(derivation->holders, derivation->holder_count, sizeof(*derivation->holders),
	      compare_holders);
}

static void derive_explicit(struct derivation *derivation, size_t node)
{
	struct lab *lab = derivation->lab;
	const struct list *list = &lab_topo_node(lab, node)->neighbours;
	const struct topo_neighbour *neighbours = list->items;

	for (size_t i = 0; i < list->count; i++) {
		const struct lab_device *device = lab_find_device(lab, node, neighbours[i].device);
		const struct holder of = {
			.device = lab_find_device(lab, neighbours[i].of_node,
						  neighbours[i].of_device),
			.address = &neighbours[i].address,
		};

		if (device && of.device)
			add(derivation, RULE_EXPLICIT, device, &of);
	}
}

static void derive_link(struct derivation *derivation, const struct lab_device *device)
{
	const struct lab_device *peer = device->peer;

	for (size_t i = 0; peer && i < peer->port->addresses.count; i++) {
		const struct holder of = { .device = peer, .address = &addresses_of(peer)[i] };

		if (on_subnet_of(device, of.address))
			add(derivation, RULE_LINK, device, &of);
	}
}

/* The one device with that address; NULL if there is none, or more and so no telling which. */
static const struct lab_device *find_holder(const struct derivation *derivation,
					    const struct address *address)
{
	const struct lab_device *found = NULL;

	for (unsigned length = 0; length <= full_length(address); length++) {
		struct address key = *address;
		size_t low = 0, high = derivation->holder_count;

		key.prefix_length = (uint8_t)length;
		while (low < high) {
			size_t middle = low + (high - low) / 2;
			const struct holder at = { .device = NULL, .address = &key };

			if (compare_holders(&derivation->holders[middle], &at) < 0)
				low = middle + 1;
			else
				high = middle;
		}
		for (; low < derivation->holder_count; low++) {
			const struct holder *holder = &derivation->holders[low];

			if (holder->address->prefix_length != length ||
			    compare_address(holder->address, address) != 0)
				break;
			if (found && found != holder->device)
				return NULL;
			found = holder->device;
		}
	}
	return found;
}

static const struct lab_device *device_towards(const struct lab *lab, size_t node,
					       const struct topo_route *route)
{
	const struct lab_node *of = &lab->nodes[node];

	if (route->device)
		return lab_find_device(lab, node, route->device);
	for (size_t i = 0; i < of->device_count; i++)
		if (on_subnet_of(&of->devices[i], &route->via))
			return &of->devices[i];
	return NULL;
}

static void derive_routes(struct derivation *derivation, size_t node)
{
	const struct list *list = &lab_topo_node(derivation->lab, node)->routes;
	const struct topo_route *routes = list->items;

	for (size_t i = 0; i < list->count; i++) {
		struct holder of = { .address = &routes[i].via };
		const struct lab_device *device;

		if (routes[i].via.family == AF_UNSPEC)
			continue;
		device = device_towards(derivation->lab, node, &routes[i]);
		of.device = device ? find_holder(derivation, of.address) : NULL;
		if (of.device && of.device != device)
			add(derivation, RULE_ROUTE, device, &of);
	}
}

static bool held_twice(const struct holder *holders, size_t count, size_t index)
{
	return (index > 0 &&
		compare_address(holders[index - 1].address, holders[index].address) == 0) ||
	       (index + 1 < count &&
		compare_address(holders[index + 1].address, holders[index].address) == 0);
}

static void derive_subnet(struct derivation *derivation, const struct holder *holders, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			if (holders[i].device->node != holders[j].device->node &&
			    !held_twice(holders, count, j))
				add(derivation, RULE_SUBNET, holders[i].device, &holders[j]);
}

static void derive_subnets(struct derivation *derivation)
{
	const struct holder *holders = derivation->holders;
	size_t first = 0;

	for (size_t i = 1; i <= derivation->holder_count; i++) {
		if (i < derivation->holder_count &&
		    compare_network(holders[first].address, holders[i].address) == 0)
			continue;
		if (i - first > 1 && i - first <= SUBNET_MAX)
			derive_subnet(derivation, &holders[first], i - first);
		first = i;
	}
}

static void keep_first(struct derivation *derivation)
{
	struct lab *lab = derivation->lab;

	if (derivation->count == 0)
		return;
	qsort(derivation->candidates, derivation->count, sizeof(*derivation->candidates),
	      compare_candidates);
	lab->neighbours = arena_alloc(lab->arena, derivation->count * sizeof(*lab->neighbours));
	for (size_t i = 0; i < derivation->count; i++) {
		const struct lab_neighbour *next = &derivation->candidates[i].neighbour;
		const struct lab_neighbour *last =
			lab->neighbour_count ? &lab->neighbours[lab->neighbour_count - 1] : NULL;

		if (!last || last->device != next->device ||
		    compare_address(last->address, next->address) != 0)
			lab->neighbours[lab->neighbour_count++] = *next;
	}
}

void lab_derive_neighbours(struct lab *lab)
{
	struct derivation derivation = { .lab = lab };

	list_holders(&derivation);
	for (size_t i = 0; i < lab->device_count; i++)
		derive_link(&derivation, &lab->devices[i]);
	for (size_t i = 0; i < lab->node_count; i++) {
		derive_explicit(&derivation, i);
		derive_routes(&derivation, i);
	}
	derive_subnets(&derivation);
	keep_first(&derivation);
	free(derivation.holders);
	free(derivation.candidates);
}
