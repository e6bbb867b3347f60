// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "topologies/topology_expand.h"
#include "topologies/topology_resolve.h"

#include <string.h>

/* The least that IPv4 asks of a link (RFC 791), and that veth takes. */
#define MTU_MIN 68

bool resolve_split(struct resolver *r, const char *text, char **parts, size_t count)
{
	char *rest = arena_strdup(r->arena, text);

	for (size_t i = 0; i < count; i++) {
		parts[i] = strsep(&rest, ":");
		if (!parts[i] || !*parts[i])
			return false;
	}
	return !rest;
}

/* The kernel takes more; these are safe in any tool's command line and rule file. */
static bool is_device_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";
	size_t length = strlen(name);

	return length < 16 && strspn(name, letters) == length && !strchr("_.-", *name) &&
	       strcmp(name, "lo");
}

static void refuse_device_name(struct resolver *r, const char *name, const struct jpath *at,
			       enum diag_place place)
{
	if (!strcmp(name, "lo"))
		diag_add(r->diag, at, place, "\"lo\" is there in every node already");
	else
		diag_add(r->diag, at, place,
			 "\"%.64s\" is not a device's name (at most 15 letters, digits, \"_\", "
			 "\"-\" and \".\", a letter or digit first)",
			 name);
}

static const char *device_key(struct resolver *r, size_t node, const char *device)
{
	return arena_printf(r->arena, "%zu:%s", node, device);
}

static bool has_device(struct resolver *r, size_t node, const char *device)
{
	return json_object_get(r->devices, device_key(r, node, device));
}

static void note_device(struct resolver *r, size_t node, const char *device)
{
	json_object_set_new(r->devices, device_key(r, node, device), json_true());
}

/* "n3" is no misspelt "n0", but one beyond the last. */
static bool same_but_digits(const char *a, const char *b)
{
	while (*a || *b) {
		a += strspn(a, "0123456789");
		b += strspn(b, "0123456789");
		if (*a != *b)
			return false;
		a += *a != '\0';
		b += *b != '\0';
	}
	return true;
}

long resolve_node_name(struct resolver *r, const char *name, const struct jpath *at)
{
	json_t *index = json_object_get(r->nodes, name);
	const char *near;

	if (index)
		return (long)json_integer_value(index);
	/* Those beyond the first are not shown, and each costs a search through all nodes. */
	near = diag_count(r->diag) < 200 ? topology_nearest_node(r->topology, name) : NULL;
	if (near && same_but_digits(near, name))
		near = NULL;
	if (strchr(name, '{'))
		diag_add(r->diag, at, DIAG_VALUE,
			 "no node \"%.64s\" (\"{i}\" and the like need a \"repeat\")", name);
	else if (near)
		diag_add(r->diag, at, DIAG_VALUE, "no node \"%.64s\" (did you mean \"%s\"?)", name,
			 near);
	else
		diag_add(r->diag, at, DIAG_VALUE, "no node \"%.64s\"", name);
	return -1;
}

static void refuse_device(struct resolver *r, const char *node, const char *device,
			  const struct jpath *at)
{
	diag_add(r->diag, at, DIAG_VALUE, "node \"%s\" has no device \"%.64s\"", node, device);
}

bool resolve_device_name(struct resolver *r, const char *text, const struct jpath *at, size_t *node,
			 const char **device)
{
	char *parts[2];
	long found;

	if (!resolve_split(r, text, parts, 2)) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is not \"node:device\"", text);
		return false;
	}
	found = resolve_node_name(r, parts[0], at);
	if (found < 0)
		return false;
	if (!has_device(r, (size_t)found, parts[1])) {
		refuse_device(r, parts[0], parts[1], at);
		return false;
	}
	*node = (size_t)found;
	*device = parts[1];
	return true;
}

/* "default" is a prefix, but of a route. */
static void check_addresses(struct resolver *r, const json_t *list, const struct jpath *at)
{
	const json_t *address;
	size_t i;

	json_array_foreach (list, i, address)
		if (json_is_string(address) && !strcmp(json_string_value(address), "default"))
			diag_add(r->diag, AT_INDEX(at, i), DIAG_VALUE,
				 "\"default\" is a route's destination, not an address");
}

static void check_mtu(struct resolver *r, const struct topo_port *port, const struct jpath *at)
{
	if (port->mtu && port->mtu < MTU_MIN)
		diag_add(r->diag, AT(at, "mtu"), DIAG_VALUE,
			 "%llu is too small: at least %d, or 0 for the kernel's default",
			 (unsigned long long)port->mtu, MTU_MIN);
}

static void resolve_device(struct resolver *r, const struct declared_device *from,
			   const json_t *json, struct topo_device *device, const struct jpath *at)
{
	/* What else is no name, the field's table has refused. */
	if (!strcmp(from->name, "lo"))
		refuse_device_name(r, from->name, at, DIAG_KEY);
	*device = (struct topo_device){
		.name = from->name,
		.ops = (const struct device_ops *)from->chosen.kind,
		.params = from->chosen.params,
	};
	if (from->chosen.common)
		device->port = *(const struct topo_port *)from->chosen.common;
	check_addresses(r, json_object_get(json, "addresses"), AT(at, "addresses"));
	check_mtu(r, &device->port, at);
}

static const json_t *node_json(const struct resolver *r, const char *name)
{
	return json_object_get(json_object_get(r->json, "nodes"), name);
}

static void resolve_devices(struct resolver *r, size_t index, struct topo_node *node,
			    const struct jpath *at)
{
	const struct declared_node *declared =
		&((struct declared_node *)r->declared->nodes.items)[index];
	const struct declared_device *from = declared->devices.items;
	const json_t *json = json_object_get(node_json(r, declared->name), "devices");
	struct topo_device *devices;

	devices = arena_alloc(r->arena, declared->devices.count * sizeof(*devices));
	/* A device of an unknown kind stays, so that what refers to it is no second fault. */
	node->devices = (struct list){ .items = devices, .count = declared->devices.count };
	for (size_t i = 0; i < declared->devices.count; i++) {
		resolve_device(r, &from[i], json_object_get(json, from[i].name), &devices[i],
			       AT(AT(at, "devices"), from[i].name));
		note_device(r, index, from[i].name);
	}
}

static void resolve_nodes(struct resolver *r)
{
	const struct declared_node *declared = r->declared->nodes.items;
	size_t count = r->declared->nodes.count;
	struct topo_node *nodes = arena_alloc(r->arena, count * sizeof(*nodes));

	r->topology->nodes = (struct list){ .items = nodes, .count = count };
	for (size_t i = 0; i < count; i++) {
		const struct jpath *at = AT(AT(NULL, "nodes"), declared[i].name);

		nodes[i].name = declared[i].name;
		json_object_set_new(r->nodes, nodes[i].name, json_integer((json_int_t)i));
		if (strchr(nodes[i].name, '{') &&
		    !json_object_get(node_json(r, nodes[i].name), "repeat"))
			diag_add(r->diag, at, DIAG_KEY,
				 "\"%.64s\" stands for a number only in a node with \"repeat\"",
				 nodes[i].name);
		resolve_devices(r, i, &nodes[i], at);
		memcpy(nodes[i].features, declared[i].features, sizeof(nodes[i].features));
	}
	if (!count)
		diag_add(r->diag, AT(NULL, "nodes"), DIAG_VALUE, "a topology needs a node");
}

static bool resolve_end(struct resolver *r, const struct declared_link *declared, size_t side,
			struct topo_end *end, const struct jpath *at)
{
	const char *text = ((const char *const *)declared->endpoints.items)[side];
	const struct list *addresses = declared->addresses.items;
	char *parts[2];
	long node;

	/* What is no string has been refused. */
	if (!text)
		return false;
	if (!resolve_split(r, text, parts, 2)) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is not \"node:device\"", text);
		return false;
	}
	node = resolve_node_name(r, parts[0], at);
	if (!is_device_name(parts[1])) {
		refuse_device_name(r, parts[1], at, DIAG_VALUE);
		return false;
	}
	if (node < 0)
		return false;
	if (has_device(r, (size_t)node, parts[1])) {
		diag_add(r->diag, at, DIAG_VALUE, "node \"%s\" has a device \"%s\" already",
			 parts[0], parts[1]);
		return false;
	}
	note_device(r, (size_t)node, parts[1]);
	*end = (struct topo_end){ .node = (size_t)node,
				  .device = parts[1],
				  .port = declared->port };
	if (side < declared->addresses.count)
		end->port.addresses = addresses[side];
	return true;
}

static void check_link(struct resolver *r, size_t index, const struct jpath *at)
{
	const struct declared_link *declared = r->declared->links.items;
	const json_t *json = json_array_get(json_object_get(r->json, "links"), index);
	const json_t *addresses = json_object_get(json, "addresses");

	for (size_t i = 0; i < json_array_size(addresses); i++)
		check_addresses(r, json_array_get(addresses, i), AT_INDEX(AT(at, "addresses"), i));
	check_mtu(r, &declared[index].port, at);
}

static void resolve_links(struct resolver *r)
{
	const struct declared_link *declared = r->declared->links.items;
	size_t count = r->declared->links.count;
	struct topo_link *links = arena_alloc(r->arena, count * sizeof(*links));

	r->topology->links.items = links;
	for (size_t i = 0; i < count; i++) {
		const struct jpath *at = AT_INDEX(AT(NULL, "links"), i);
		const struct jpath *ends = AT(at, "endpoints");
		struct topo_link link = { .virtio = declared[i].uplink &&
						    r->declared->uplink == UPLINK_VIRTIO };
		bool first, second;

		check_link(r, i, at);
		if (declared[i].endpoints.count != 2)
			continue;
		first = resolve_end(r, &declared[i], 0, &link.ends[0], AT_INDEX(ends, 0));
		second = resolve_end(r, &declared[i], 1, &link.ends[1], AT_INDEX(ends, 1));
		if (first && second)
			links[r->topology->links.count++] = link;
	}
}

static void resolve_routes(struct resolver *r, size_t index, const struct jpath *at)
{
	const struct declared_node *declared =
		&((struct declared_node *)r->declared->nodes.items)[index];
	const struct declared_route *from = declared->routes.items;
	struct topo_node *node = &((struct topo_node *)r->topology->nodes.items)[index];
	const json_t *list = json_object_get(node_json(r, declared->name), "routes"), *json;
	struct topo_route *routes = arena_alloc(r->arena, declared->routes.count * sizeof(*routes));

	node->routes = (struct list){ .items = routes, .count = declared->routes.count };
	for (size_t i = 0; i < declared->routes.count; i++) {
		const struct jpath *here = AT_INDEX(AT(at, "routes"), i);

		routes[i] = (struct topo_route){ from[i].to, from[i].via, from[i].device };
		if (from[i].device && !has_device(r, index, from[i].device))
			refuse_device(r, node->name, from[i].device, AT(here, "device"));
		json = json_array_get(list, i);
		if (json_is_object(json) && !json_object_get(json, "via") &&
		    !json_object_get(json, "device"))
			diag_add(r->diag, here, DIAG_VALUE, "a route needs \"via\" or \"device\"");
		if (from[i].to.family && from[i].via.family &&
		    from[i].to.family != from[i].via.family)
			diag_add(r->diag, AT(here, "via"), DIAG_VALUE,
				 "the next hop is not of the destination's family");
	}
}

static void resolve_neighbours(struct resolver *r, size_t index, const struct jpath *at)
{
	const struct declared_node *declared =
		&((struct declared_node *)r->declared->nodes.items)[index];
	const struct declared_neighbour *from = declared->neighbours.items;
	struct topo_node *node = &((struct topo_node *)r->topology->nodes.items)[index];
	struct topo_neighbour *to;

	to = arena_alloc(r->arena, declared->neighbours.count * sizeof(*to));
	node->neighbours = (struct list){ .items = to, .count = 0 };
	for (size_t i = 0; i < declared->neighbours.count; i++) {
		const struct jpath *here = AT_INDEX(AT(at, "neighbours"), i);
		struct topo_neighbour *neighbour = &to[node->neighbours.count];

		if (!from[i].device || !from[i].of)
			continue;
		neighbour->address = from[i].address;
		neighbour->device = from[i].device;
		if (!has_device(r, index, from[i].device))
			refuse_device(r, node->name, from[i].device, AT(here, "device"));
		if (resolve_device_name(r, from[i].of, AT(here, "of"), &neighbour->of_node,
					&neighbour->of_device))
			node->neighbours.count++;
	}
}

static void resolve(struct resolver *r)
{
	resolve_nodes(r);
	resolve_links(r);
	resolve_uplink(r);
	for (size_t i = 0; i < r->topology->nodes.count; i++) {
		const struct topo_node *node = &((struct topo_node *)r->topology->nodes.items)[i];
		const struct jpath *at = AT(AT(NULL, "nodes"), node->name);

		resolve_routes(r, i, at);
		resolve_neighbours(r, i, at);
	}
	resolve_references(r);
	resolve_path(r);
	resolve_spans(r);
}

const struct topology *topology_parse(json_t *json, struct arena *arena, struct diag *diag)
{
	struct declared_topology declared = {};
	struct topology *topology = arena_alloc(arena, sizeof(*topology));
	struct fault_map *map = fault_map_new(arena);
	_diag_ struct diag *found = diag_new("", NULL, 0);
	_json_ json_t *nodes = json_object(), *devices = json_object();
	_json_ json_t *points = json_object(), *series = json_object();
	_json_ json_t *expanded = topology_expand(json, map, arena, diag);
	struct resolver resolver = { expanded, &declared, topology, arena, found,
				     nodes,    devices,	  points,   series };

	if (!expanded)
		return topology;
	field_parse(topology_fields, expanded, NULL, &declared, arena, found);
	topology->name = declared.name;
	topology->title = declared.title;
	resolve(&resolver);
	fault_map_transfer(map, found, diag);
	return topology;
}
