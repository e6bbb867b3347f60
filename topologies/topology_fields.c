// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology_fields.h"

const char *const topo_role_names[] = { "tx", "xmit", "xmitted", "rx", "deliver", NULL };

/* In the order of enum topo_uplink. */
static const char *const uplink_choices[] = { "veth", "virtio", NULL };

/* In the order of enum topo_offload. */
static const char *const offload_choices[] = { "keep", "off", "on", NULL };

#define OFFLOAD(name_, member, help_)                                                              \
	{                                                                                          \
		.name = name_, .type = FIELD_CHOICE,                                               \
		.offset = offsetof(struct topo_offloads, member), .fallback = "\"keep\"",          \
		.choices = offload_choices, .help = help_                                          \
	}

static const struct field offload_fields[] = {
	OFFLOAD("gro", gro, "generic receive offload; on a veth it also turns NAPI on"),
	OFFLOAD("gso", gso, "generic segmentation offload"),
	OFFLOAD("tso", tso, "TCP segmentation offload"),
	OFFLOAD("sg", sg, "scatter-gather"),
	OFFLOAD("tx_checksum", tx_checksum, "checksums left to the device on transmission"),
	OFFLOAD("rx_checksum", rx_checksum, "checksums taken as checked on receipt"),
	FIELD_END
};

#define PORT_FIELDS(base)                                                                          \
	{ .name = "mtu",                                                                           \
	  .type = FIELD_UINT,                                                                      \
	  .offset = (base) + offsetof(struct topo_port, mtu),                                      \
	  .fallback = "0",                                                                         \
	  .min = 0,                                                                                \
	  .max = 65535,                                                                            \
	  .unit = "bytes",                                                                         \
	  .help = "maximum transmission unit; 0 keeps the kernel's default" },                     \
		{ .name = "tx_queues",                                                             \
		  .type = FIELD_UINT,                                                              \
		  .offset = (base) + offsetof(struct topo_port, tx_queues),                        \
		  .fallback = "0",                                                                 \
		  .min = 0,                                                                        \
		  .max = 4096,                                                                     \
		  .help = "transmit queues; 0 keeps the kernel's default" },                       \
		{ .name = "rx_queues",                                                             \
		  .type = FIELD_UINT,                                                              \
		  .offset = (base) + offsetof(struct topo_port, rx_queues),                        \
		  .fallback = "0",                                                                 \
		  .min = 0,                                                                        \
		  .max = 4096,                                                                     \
		  .help = "receive queues; 0 keeps the kernel's default" },                        \
	{                                                                                          \
		.name = "offloads", .type = FIELD_OBJECT,                                          \
		.offset = (base) + offsetof(struct topo_port, offloads), .fallback = "{}",         \
		.fields = offload_fields, .help = "what the device does for the stack"             \
	}

static const struct field prefix_element = { .name = "address",
					     .type = FIELD_PREFIX,
					     .help = "an address with its prefix length" };

static const struct field device_port_fields[] = {
	PORT_FIELDS(0),
	{ .name = "addresses",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct topo_port, addresses),
	  .fallback = "[]",
	  .max = 64,
	  .element = &prefix_element,
	  .size = sizeof(struct address),
	  .help = "IPv4 and IPv6 addresses with prefix lengths, such as \"198.18.0.1/24\"" },
	FIELD_END
};

static const struct field device_element = { .name = "device",
					     .type = FIELD_KIND,
					     .offset = offsetof(struct declared_device, chosen),
					     .kinds = device_kinds,
					     .fields = device_port_fields,
					     .size = sizeof(struct topo_port),
					     .help = "a device inside the node" };

static const struct field route_fields[] = {
	{ .name = "to",
	  .type = FIELD_PREFIX,
	  .offset = offsetof(struct declared_route, to),
	  .help = "destination, such as \"198.18.1.0/24\", or \"default\"" },
	{ .name = "via",
	  .type = FIELD_ADDRESS,
	  .offset = offsetof(struct declared_route, via),
	  .optional = true,
	  .help = "next hop; without it the destination is on the link" },
	{ .name = "device",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct declared_route, device),
	  .optional = true,
	  .max = 15,
	  .help = "device to send by; found by the next hop if absent" },
	FIELD_END
};

static const struct field neighbour_fields[] = {
	{ .name = "address",
	  .type = FIELD_ADDRESS,
	  .offset = offsetof(struct declared_neighbour, address),
	  .help = "the neighbour's address" },
	{ .name = "device",
	  .type = FIELD_NAME,
	  .max = 15,
	  .offset = offsetof(struct declared_neighbour, device),
	  .help = "this node's device" },
	{ .name = "of",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct declared_neighbour, of),
	  .help = "\"node:device\" whose MAC it has" },
	FIELD_END
};

static const struct field route_element = {
	.name = "route", .type = FIELD_OBJECT, .fields = route_fields, .help = "a route"
};
static const struct field neighbour_element = {
	.name = "neighbour", .type = FIELD_OBJECT, .fields = neighbour_fields, .help = "a neighbour"
};

#define REPEAT(struct_)                                                                            \
	{                                                                                          \
		.name = "repeat", .type = FIELD_UINT, .offset = offsetof(struct_, repeat),         \
		.optional = true, .min = 1, .max = 65536,                                          \
		.help = "how many of it; \"{i}\" in names counts from 0, \"{next}\" and "          \
			"\"{prev}\" are its neighbours, \"{hi}\" and \"{lo}\" its two bytes"       \
	}

#define FEATURE_FIELD(name_)                                                                       \
	{ .name = #name_,                                                                          \
	  .type = FIELD_OBJECT,                                                                    \
	  .offset = offsetof(struct declared_node, features[FEATURE_##name_]),                     \
	  .optional = true,                                                                        \
	  .kind = &feature_##name_.kind },

#define FEATURE_EXTERN(name_) extern const struct feature_ops feature_##name_;
FEATURE_KINDS(FEATURE_EXTERN)

static const struct field node_fields[] = {
	{ .name = "devices",
	  .type = FIELD_MAP,
	  .offset = offsetof(struct declared_node, devices),
	  .fallback = "{}",
	  .max = 15,
	  .element = &device_element,
	  .size = sizeof(struct declared_device),
	  .help = "devices beside its ends of links, by name" },
	{ .name = "routes",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_node, routes),
	  .fallback = "[]",
	  .max = 65536,
	  .element = &route_element,
	  .size = sizeof(struct declared_route),
	  .help = "static routes" },
	{ .name = "neighbours",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_node, neighbours),
	  .fallback = "[]",
	  .max = 65536,
	  .element = &neighbour_element,
	  .size = sizeof(struct declared_neighbour),
	  .help = "permanent neighbours beyond those that follow from links, subnets and routes" },
	FEATURE_KINDS(FEATURE_FIELD) REPEAT(struct declared_node),
	FIELD_END
};

static const struct field endpoint_element = { .name = "endpoint",
					       .type = FIELD_STRING,
					       .help = "\"node:device\"" };
static const struct field addresses_element = { .name = "addresses",
						.type = FIELD_LIST,
						.max = 64,
						.element = &prefix_element,
						.size = sizeof(struct address),
						.help = "addresses of one endpoint" };

static const struct field link_fields[] = {
	{ .name = "endpoints",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_link, endpoints),
	  .min = 2,
	  .max = 2,
	  .element = &endpoint_element,
	  .size = sizeof(const char *),
	  .help = "the two ends of a veth pair, \"node:device\" each" },
	{ .name = "addresses",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_link, addresses),
	  .fallback = "[]",
	  .max = 2,
	  .element = &addresses_element,
	  .size = sizeof(struct list),
	  .help = "for each endpoint its addresses, such as [[\"198.18.0.1/24\"], []]" },
	{ .name = "uplink",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct declared_link, uplink),
	  .fallback = "false",
	  .help = "whether it is the one that the topology's \"uplink\" is about" },
	PORT_FIELDS(offsetof(struct declared_link, port)),
	REPEAT(struct declared_link),
	FIELD_END
};

static const struct field point_element = { .name = "point",
					    .type = FIELD_STRING,
					    .help = "\"node:device:role\"" };

static const struct field path_fields[] = {
	{ .name = "point",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct declared_point, point),
	  .optional = true,
	  .help = "\"node:device:role\"; roles: tx (given to the queue), xmit (the driver is "
		  "called), xmitted (it returned), rx (received from the device), deliver (handed "
		  "to the protocols)" },
	{ .name = "any_of",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_point, any_of),
	  .fallback = "[]",
	  .max = 64,
	  .element = &point_element,
	  .size = sizeof(const char *),
	  .help = "in place of point: alternatives of which a packet visits one" },
	{ .name = "segment",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct declared_point, segment),
	  .optional = true,
	  .help = "name of the segment from here to the next point" },
	REPEAT(struct declared_point),
	{ .name = "path",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct declared_point, group),
	  .optional = true,
	  .help = "with repeat: the points that repeat" },
	FIELD_END
};

static const struct field span_fields[] = { { .name = "name",
					      .type = FIELD_NAME,
					      .offset = offsetof(struct declared_span, name),
					      .help = "name of the series" },
					    { .name = "from",
					      .type = FIELD_STRING,
					      .offset = offsetof(struct declared_span, from),
					      .help = "a point of the path" },
					    { .name = "to",
					      .type = FIELD_STRING,
					      .offset = offsetof(struct declared_span, to),
					      .help = "a later point of the path" },
					    FIELD_END };

static const struct field node_element = {
	.name = "node", .type = FIELD_OBJECT, .fields = node_fields, .help = "a network namespace"
};
static const struct field link_element = {
	.name = "link", .type = FIELD_OBJECT, .fields = link_fields, .help = "a veth pair"
};
static const struct field path_element = {
	.name = "path", .type = FIELD_OBJECT, .fields = path_fields, .help = "a point"
};
static const struct field span_element = { .name = "span",
					   .type = FIELD_OBJECT,
					   .fields = span_fields,
					   .help = "several successive segments as one" };

const struct field topology_fields[] = {
	{ .name = "name",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct declared_topology, name),
	  .help = "what it is called" },
	{ .name = "title",
	  .type = FIELD_STRING,
	  .fallback = "\"\"",
	  .offset = offsetof(struct declared_topology, title),
	  .help = "one line for people" },
	{ .name = "uplink",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct declared_topology, uplink),
	  .fallback = "\"veth\"",
	  .choices = uplink_choices,
	  .help = "what the link with \"uplink\": true is made of; virtio: two virtio-net "
		  "devices joined inside QEMU, so that packets pass a real driver; only in a "
		  "guest (--vm, --exact)" },
	{ .name = "nodes",
	  .type = FIELD_MAP,
	  .offset = offsetof(struct declared_topology, nodes),
	  .max = 64,
	  .indexed = true,
	  .element = &node_element,
	  .size = sizeof(struct declared_node),
	  .help = "network namespaces, by name" },
	{ .name = "links",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_topology, links),
	  .fallback = "[]",
	  .max = 1000000,
	  .element = &link_element,
	  .size = sizeof(struct declared_link),
	  .help = "veth pairs between nodes" },
	{ .name = "path",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_topology, path),
	  .fallback = "[]",
	  .max = 100000,
	  .element = &path_element,
	  .size = sizeof(struct declared_point),
	  .help = "the points that a request visits, in order; a reply visits the mirror" },
	{ .name = "spans",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct declared_topology, spans),
	  .fallback = "[]",
	  .max = 1000,
	  .element = &span_element,
	  .size = sizeof(struct declared_span),
	  .help = "series that cover several successive segments" },
	FIELD_END
};
