// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "topologies/topology_expand.h"
#include "topologies/topology_fields.h"

#include <string.h>

/* Names resolved to indices, step by step, with every fault said where its text stands. */
struct resolver {
	const struct declared_topology *declared;
	struct topology *topology;
	struct arena *arena;
	struct diag *diag;
};

#define AT(up_, key_)                                                                              \
	&(const struct jpath)                                                                      \
	{                                                                                          \
		.up = (up_), .key = (key_)                                                         \
	}
#define AT_INDEX(up_, index_)                                                                      \
	&(const struct jpath)                                                                      \
	{                                                                                          \
		.up = (up_), .index = (index_)                                                     \
	}

/* Splits "node:device" and, where asked for, ":role" at the colons, in the arena. */
static bool split(struct resolver *r, const char *text, char **parts, size_t count)
{
	char *rest = arena_strdup(r->arena, text);

	for (size_t i = 0; i < count; i++) {
		parts[i] = strsep(&rest, ":");
		if (!parts[i] || !*parts[i])
			return false;
	}
	return !rest;
}

static bool is_device_name(const char *name)
{
	return strlen(name) < 16 && !strpbrk(name, "/ \t\n{}%") && strcmp(name, ".") &&
	       strcmp(name, "..") && strcmp(name, "lo");
}

static const char *nearest_node(struct resolver *r, const char *name)
{
	const struct topo_node *nodes = r->topology->nodes.items;
	size_t count = r->topology->nodes.count;
	const char **names = arena_alloc(r->arena, (count + 1) * sizeof(*names));

	for (size_t i = 0; i < count; i++)
		names[i] = nodes[i].name;
	return field_nearest(name, names);
}

/* The node of that name, or -1 with the fault said. */
static long find_node(struct resolver *r, const char *name, const struct jpath *at)
{
	long node = topology_find_node(r->topology, name);
	const char *near;

	if (node >= 0)
		return node;
	near = nearest_node(r, name);
	if (near)
		diag_add(r->diag, at, DIAG_VALUE, "no node \"%.64s\" (did you mean \"%s\"?)", name,
			 near);
	else
		diag_add(r->diag, at, DIAG_VALUE, "no node \"%.64s\"", name);
	return -1;
}

/* "node:device" of a device that must exist. */
static bool find_device(struct resolver *r, const char *text, const struct jpath *at, size_t *node,
			const char **device)
{
	char *parts[2];
	long found;

	if (!split(r, text, parts, 2)) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is not \"node:device\"", text);
		return false;
	}
	found = find_node(r, parts[0], at);
	if (found < 0)
		return false;
	if (!topology_has_device(r->topology, (size_t)found, parts[1])) {
		diag_add(r->diag, at, DIAG_VALUE, "node \"%s\" has no device \"%.64s\"", parts[0],
			 parts[1]);
		return false;
	}
	*node = (size_t)found;
	*device = parts[1];
	return true;
}

/* The file's choices are keep, off, on; the builder's values -1, 0, 1. */
static void shift_offloads(struct topo_offloads *offloads)
{
	int *const values[] = { &offloads->gro, &offloads->gso,		&offloads->tso,
				&offloads->sg,	&offloads->tx_checksum, &offloads->rx_checksum };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		*values[i] -= 1;
}

static void resolve_devices(struct resolver *r, const struct declared_node *declared,
			    struct topo_node *node, const struct jpath *at)
{
	const struct declared_device *from = declared->devices.items;
	struct topo_device *devices;

	devices = arena_alloc(r->arena, declared->devices.count * sizeof(*devices));
	/* A device of an unknown kind stays, so that what refers to it is no second fault. */
	node->devices = (struct list){ .items = devices, .count = declared->devices.count };
	for (size_t i = 0; i < declared->devices.count; i++) {
		if (!is_device_name(from[i].name))
			diag_add(r->diag, AT(AT(at, "devices"), from[i].name), DIAG_KEY,
				 "\"%.64s\" is not a device's name", from[i].name);
		devices[i] = (struct topo_device){
			.name = from[i].name,
			.ops = (const struct device_ops *)from[i].chosen.kind,
			.params = from[i].chosen.params,
		};
		if (from[i].chosen.common)
			devices[i].port = *(const struct topo_port *)from[i].chosen.common;
		shift_offloads(&devices[i].port.offloads);
	}
}

static void resolve_nodes(struct resolver *r)
{
	const struct declared_node *declared = r->declared->nodes.items;
	size_t count = r->declared->nodes.count;
	struct topo_node *nodes = arena_alloc(r->arena, count * sizeof(*nodes));

	r->topology->nodes = (struct list){ .items = nodes, .count = count };
	for (size_t i = 0; i < count; i++) {
		nodes[i].name = declared[i].name;
		resolve_devices(r, &declared[i], &nodes[i],
				AT(AT(NULL, "nodes"), declared[i].name));
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

	if (!text || !split(r, text, parts, 2) || !is_device_name(parts[1])) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is not \"node:device\"",
			 text ? text : "");
		return false;
	}
	node = find_node(r, parts[0], at);
	if (node < 0)
		return false;
	if (topology_has_device(r->topology, (size_t)node, parts[1])) {
		diag_add(r->diag, at, DIAG_VALUE, "node \"%s\" has a device \"%s\" already",
			 parts[0], parts[1]);
		return false;
	}
	*end = (struct topo_end){ .node = (size_t)node,
				  .device = parts[1],
				  .port = declared->port };
	shift_offloads(&end->port.offloads);
	if (side < declared->addresses.count)
		end->port.addresses = addresses[side];
	return true;
}

static void resolve_links(struct resolver *r)
{
	const struct declared_link *declared = r->declared->links.items;
	size_t count = r->declared->links.count;
	struct topo_link *links = arena_alloc(r->arena, count * sizeof(*links));

	r->topology->links.items = links;
	for (size_t i = 0; i < count; i++) {
		const struct jpath *at = AT(AT_INDEX(AT(NULL, "links"), i), "endpoints");
		struct topo_link link;

		if (declared[i].endpoints.count != 2)
			continue;
		if (resolve_end(r, &declared[i], 0, &link.ends[0], AT_INDEX(at, 0)) &&
		    resolve_end(r, &declared[i], 1, &link.ends[1], AT_INDEX(at, 1)))
			links[r->topology->links.count++] = link;
	}
}

static void resolve_routes(struct resolver *r, size_t index, const struct jpath *at)
{
	const struct declared_node *declared =
		&((struct declared_node *)r->declared->nodes.items)[index];
	const struct declared_route *from = declared->routes.items;
	struct topo_node *node = &((struct topo_node *)r->topology->nodes.items)[index];
	struct topo_route *routes = arena_alloc(r->arena, declared->routes.count * sizeof(*routes));

	node->routes = (struct list){ .items = routes, .count = declared->routes.count };
	for (size_t i = 0; i < declared->routes.count; i++) {
		const struct jpath *here = AT_INDEX(AT(at, "routes"), i);

		routes[i] = (struct topo_route){ from[i].to, from[i].via, from[i].device };
		if (from[i].device && !topology_has_device(r->topology, index, from[i].device))
			diag_add(r->diag, AT(here, "device"), DIAG_VALUE,
				 "node \"%s\" has no device \"%s\"", node->name, from[i].device);
		if (from[i].via.family == AF_UNSPEC && !from[i].device)
			diag_add(r->diag, here, DIAG_VALUE, "a route needs \"via\" or \"device\"");
		if (from[i].to.family && from[i].via.family &&
		    from[i].to.family != from[i].via.family)
			diag_add(r->diag, AT(here, "via"), DIAG_VALUE,
				 "not of the destination's family");
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
		if (!topology_has_device(r->topology, index, from[i].device))
			diag_add(r->diag, AT(here, "device"), DIAG_VALUE,
				 "node \"%s\" has no device \"%s\"", node->name, from[i].device);
		if (find_device(r, from[i].of, AT(here, "of"), &neighbour->of_node,
				&neighbour->of_device))
			node->neighbours.count++;
	}
}

static bool resolve_place(struct resolver *r, const char *text, const struct jpath *at,
			  struct topo_place *place)
{
	char *parts[3];
	int role = 0;

	if (!text || !split(r, text, parts, 3)) {
		diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is not \"node:device:role\"",
			 text ? text : "");
		return false;
	}
	while (topo_role_names[role] && strcmp(topo_role_names[role], parts[2]))
		role++;
	if (!topo_role_names[role]) {
		diag_add(r->diag, at, DIAG_VALUE,
			 "\"%.64s\" is no role: tx, xmit, xmitted, rx or deliver", parts[2]);
		return false;
	}
	place->role = (enum topo_role)role;
	return find_device(r, arena_printf(r->arena, "%s:%s", parts[0], parts[1]), at, &place->node,
			   &place->device);
}

static bool resolve_point(struct resolver *r, const struct declared_point *declared,
			  struct topo_point *point, const struct jpath *at)
{
	const char *const *any_of = declared->any_of.items;
	size_t count = declared->any_of.count;

	if (!declared->point == !count) {
		diag_add(r->diag, at, DIAG_VALUE, "a point needs either \"point\" or \"any_of\"");
		return false;
	}
	point->segment = declared->segment;
	point->places = arena_alloc(r->arena, (count + 1) * sizeof(*point->places));
	if (!count && resolve_place(r, declared->point, AT(at, "point"), &point->places[0]))
		point->place_count = 1;
	for (size_t i = 0; i < count; i++)
		if (resolve_place(r, any_of[i], AT_INDEX(AT(at, "any_of"), i),
				  &point->places[point->place_count]))
			point->place_count++;
	return point->place_count;
}

static void resolve_path(struct resolver *r)
{
	const struct declared_point *declared = r->declared->path.items;
	size_t count = r->declared->path.count;
	struct topo_point *points = arena_alloc(r->arena, count * sizeof(*points));

	r->topology->path.items = points;
	for (size_t i = 0; i < count; i++) {
		const struct jpath *at = AT_INDEX(AT(NULL, "path"), i);

		if (resolve_point(r, &declared[i], &points[r->topology->path.count], at))
			r->topology->path.count++;
		if (i + 1 < count && !declared[i].segment)
			diag_add(r->diag, at, DIAG_VALUE,
				 "every point but the last begins a segment: name it by "
				 "\"segment\"");
	}
	if (count == 1)
		diag_add(r->diag, AT(NULL, "path"), DIAG_VALUE, "a path has at least two points");
}

static long find_point(struct resolver *r, const char *text, const struct jpath *at)
{
	const struct topo_point *points = r->topology->path.items;
	struct topo_place place;

	if (!resolve_place(r, text, at, &place))
		return -1;
	for (size_t i = 0; i < r->topology->path.count; i++)
		for (size_t j = 0; j < points[i].place_count; j++)
			if (points[i].places[j].node == place.node &&
			    points[i].places[j].role == place.role &&
			    !strcmp(points[i].places[j].device, place.device))
				return (long)i;
	diag_add(r->diag, at, DIAG_VALUE, "\"%.64s\" is no point of the path", text);
	return -1;
}

static void resolve_spans(struct resolver *r)
{
	const struct declared_span *declared = r->declared->spans.items;
	size_t count = r->declared->spans.count;
	struct topo_span *spans = arena_alloc(r->arena, count * sizeof(*spans));

	r->topology->spans.items = spans;
	for (size_t i = 0; i < count; i++) {
		const struct jpath *at = AT_INDEX(AT(NULL, "spans"), i);
		long from = find_point(r, declared[i].from, AT(at, "from"));
		long to = find_point(r, declared[i].to, AT(at, "to"));

		if (from < 0 || to < 0)
			continue;
		if (from >= to)
			diag_add(r->diag, AT(at, "to"), DIAG_VALUE, "a span ends after it begins");
		spans[r->topology->spans.count++] =
			(struct topo_span){ declared[i].name, (size_t)from, (size_t)to };
	}
}

static void resolve(struct resolver *r)
{
	resolve_nodes(r);
	resolve_links(r);
	for (size_t i = 0; i < r->topology->nodes.count; i++) {
		const struct topo_node *node = &((struct topo_node *)r->topology->nodes.items)[i];
		const struct jpath *at = AT(AT(NULL, "nodes"), node->name);

		resolve_routes(r, i, at);
		resolve_neighbours(r, i, at);
	}
	resolve_path(r);
	resolve_spans(r);
}

const struct topology *topology_parse(json_t *json, struct arena *arena, struct diag *diag)
{
	struct declared_topology declared = {};
	struct topology *topology = arena_alloc(arena, sizeof(*topology));
	struct fault_map *map = fault_map_new(arena);
	_diag_ struct diag *found = diag_new("", NULL, 0);
	_json_ json_t *expanded = topology_expand(json, map, arena);
	struct resolver resolver = { &declared, topology, arena, found };

	field_parse(topology_fields, expanded, NULL, &declared, arena, found);
	topology->name = declared.name;
	topology->title = declared.title;
	resolve(&resolver);
	fault_map_transfer(map, found, diag);
	return topology;
}
