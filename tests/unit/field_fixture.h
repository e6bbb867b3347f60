/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A grammar with every type of field in it, for the tests of what reads such tables. */

#include "harness/field.h"

struct ping {
	uint64_t payload_bytes;
	bool flood;
};
struct common {
	const char *from;
	struct address address;
};
struct port {
	uint64_t mtu;
	struct list addresses; /* struct address */
};

struct firewall {
	uint64_t rules;
};
struct node {
	const char *name;
	struct port port;
	struct firewall *firewall, *filter;
	struct list devices; /* struct device */
};

struct device {
	const char *name;
	struct chosen chosen;
};

struct root {
	const char *title, *name;
	uint64_t count, seed, small;
	double seconds, offset;
	int mode;
	bool on;
	struct address to;
	struct chosen load;
	struct list nodes; /* struct node */
	struct list names; /* const char * */
	struct list modes; /* int */
	json_t *any;
};

#define ROW(in, member, kind_of_value, ...)                                                        \
	{                                                                                          \
		.name = #member, .type = FIELD_##kind_of_value,                                    \
		.offset = offsetof(struct in, member), __VA_ARGS__                                 \
	}
#define ELEMENT(kind_of_value, ...)                                                                \
	.element = &(const struct field)                                                           \
	{                                                                                          \
		.type = FIELD_##kind_of_value, __VA_ARGS__                                         \
	}

static const char *const mode_names[] = { "native", "vm", "exact", NULL };

static const struct field ping_fields[] = { ROW(ping, payload_bytes, UINT, .fallback = "56",
						.min = 16, .max = 1400, .unit = "bytes",
						.help = "How long the payload is."),
					    ROW(ping, flood, BOOL, .fallback = "false"),
					    FIELD_END };
static const struct kind kind_ping = {
	.name = "ping", .help = "Echoes.", .fields = ping_fields, .params_size = sizeof(struct ping)
};
static const struct kind kind_none = { .name = "none", .help = "No traffic." };
static const struct kind *const load_kinds[] = { &kind_ping, &kind_none, NULL };

static const struct field common_fields[] = { ROW(common, from, NAME),
					      ROW(common, address, ADDRESS, .optional = true),
					      FIELD_END };

static const struct field firewall_fields[] = {
	ROW(firewall, rules, UINT, .fallback = "100", .max = 100000), FIELD_END
};
static const struct kind kind_filter = { .name = "filter",
					 .help = "Drops.",
					 .fields = firewall_fields,
					 .params_size = sizeof(struct firewall) };

static const struct field port_fields[] = { ROW(port, mtu, UINT, .fallback = "1500", .min = 68,
						.max = 65535),
					    ROW(port, addresses, LIST, .fallback = "[]",
						ELEMENT(PREFIX), .size = sizeof(struct address)),
					    FIELD_END };

static const struct field node_fields[] = {
	ROW(node, port, OBJECT, .fallback = "{}", .fields = port_fields),
	ROW(node, firewall, OBJECT, .fields = firewall_fields, .size = sizeof(struct firewall)),
	ROW(node, filter, OBJECT, .kind = &kind_filter),
	ROW(node, devices, MAP, .optional = true, .max = 8, .indexed = true,
	    ELEMENT(KIND, .offset = offsetof(struct device, chosen), .kinds = load_kinds),
	    .size = sizeof(struct device)),
	FIELD_END
};

static const struct field root_fields[] = {
	ROW(root, title, STRING, .help = "What a reader sees first."),
	ROW(root, name, NAME, .optional = true),
	ROW(root, count, UINT, .fallback = "10", .min = 1, .max = 100000000, .unit = "packets"),
	ROW(root, seed, UINT, .fallback = "1"),
	ROW(root, small, UINT, .fallback = "3", .min = 2),
	ROW(root, seconds, REAL, .fallback = "0.5", .max = 1.5),
	ROW(root, offset, REAL, .optional = true),
	ROW(root, mode, CHOICE, .fallback = "\"vm\"", .choices = mode_names),
	ROW(root, on, BOOL, .fallback = "true"),
	ROW(root, to, PREFIX, .fallback = "\"198.18.0.1/24\""),
	ROW(root, load, KIND, .optional = true, .kinds = load_kinds, .fields = common_fields,
	    .size = sizeof(struct common)),
	ROW(root, nodes, MAP, .optional = true, ELEMENT(OBJECT, .fields = node_fields),
	    .size = sizeof(struct node)),
	ROW(root, names, LIST, .optional = true, .min = 1, .max = 2,
	    ELEMENT(NAME, .indexed = true, .max = 8), .size = sizeof(const char *)),
	ROW(root, modes, LIST, .optional = true, ELEMENT(CHOICE, .choices = mode_names),
	    .size = sizeof(int)),
	ROW(root, any, ANY, .optional = true),
	FIELD_END
};
