/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A declared graph: what a topology file says, parsed, checked and expanded (`repeat`), all
 * cross references resolved to indices. Immutable after topology_parse(); pure: nothing here
 * touches the kernel. `lab` builds one, `path` derives what a packet visits.
 */

#include "harness/field.h"
#include "harness/kinds.h"

/* A kind of device inside a node: bridge, vxlan, ... `build` runs inside the node's namespace. */
struct build_node;
struct err;
struct device_ops {
	struct kind kind;
	int (*build)(struct build_node *node, const char *name, const void *params,
		     struct err *err);
};

/* Something a node does: forward, masquerade, ... Applied when all devices are up. */
struct feature_ops {
	struct kind kind;
	bool rules; /* loads netfilter's rules */
	/* What the tables cannot tell; a fault as a message, NULL if fine. NULL: nothing. */
	const char *(*check)(const void *params);
	int (*build)(struct build_node *node, const void *params, struct err *err);
};

extern const struct kind *const device_kinds[]; /* NULL-terminated, in the order of kinds.h */
extern const struct kind *const feature_kinds[];

enum topo_uplink { UPLINK_VETH, UPLINK_VIRTIO };

enum topo_offload { OFFLOAD_KEEP, OFFLOAD_OFF, OFFLOAD_ON };

/* enum topo_offload each; keep leaves the kernel's default. */
struct topo_offloads {
	int gro, gso, tso, sg, tx_checksum, rx_checksum;
};

/* What any device may have, a link's end too. */
struct topo_port {
	uint64_t mtu; /* bytes; 0: the kernel's default */
	uint64_t tx_queues, rx_queues; /* 0: the kernel's default */
	struct topo_offloads offloads;
	struct list addresses; /* struct address with prefix lengths */
};

struct topo_device {
	const char *name;
	const struct device_ops *ops;
	const void *params;
	struct topo_port port;
};

struct topo_route {
	struct address to; /* AF_UNSPEC: default, of via's family */
	struct address via; /* AF_UNSPEC: on link */
	const char *device; /* NULL: found by the kernel */
};

/* `address` on `device` has the MAC of the device `of_device` in node `of_node`. */
struct topo_neighbour {
	struct address address;
	const char *device;
	size_t of_node;
	const char *of_device;
};

struct topo_node {
	const char *name;
	struct list devices; /* struct topo_device */
	struct list routes; /* struct topo_route */
	struct list neighbours; /* struct topo_neighbour: beyond those that lab derives */
	const void *features[FEATURE_COUNT]; /* params, NULL: not asked for */
};

struct topo_end {
	size_t node;
	const char *device;
	struct topo_port port;
};

/* A veth pair, or the two virtio devices of an uplink. */
struct topo_link {
	struct topo_end ends[2];
	bool virtio;
};

/*
 * Where a packet is seen. The role says which moment, not which tracepoint:
 * tx: given to the device's queue (net_dev_queue); xmit: the driver is called
 * (net_dev_start_xmit); xmitted: the driver returned (net_dev_xmit: says nothing of delivery);
 * rx: the stack receives it from the device (netif_rx or napi_gro_receive_entry, whichever this
 * device has); deliver: handed to the protocols (netif_receive_skb).
 */
enum topo_role { ROLE_TX, ROLE_XMIT, ROLE_XMITTED, ROLE_RX, ROLE_DELIVER };
extern const char *const topo_role_names[]; /* NULL-terminated */

struct topo_place {
	size_t node;
	const char *device;
	enum topo_role role;
};

struct topo_point {
	struct topo_place *places; /* one, or alternatives of which a packet visits one */
	size_t place_count;
	const char *segment; /* name of the segment from here to the next point; last: NULL */
};

/* Several successive segments under one name. */
struct topo_span {
	const char *name;
	size_t from, to; /* indices of points */
};

struct topology {
	const char *name, *title;
	struct list nodes; /* struct topo_node */
	struct list links; /* struct topo_link */
	struct list path; /* struct topo_point, the request's direction */
	struct list spans; /* struct topo_span */
	bool virtio; /* one of the links is: only a guest has the devices */
};

/* The grammar of the file, for the schema, `describe` and filling in defaults. */
extern const struct field topology_fields[];

/*
 * All faults go to `diag`; the result is usable only if diag_count() did not grow. Everything
 * returned lives in `arena`.
 */
const struct topology *topology_parse(json_t *json, struct arena *arena, struct diag *diag);

/* By name; -1 if there is none. */
long topology_find_node(const struct topology *topology, const char *name);
/* The name that is most like it, for a fault's "did you mean"; NULL if none is near. */
const char *topology_nearest_node(const struct topology *topology, const char *name);
/* Whether the node has a device of that name, a link's end included. */
bool topology_has_device(const struct topology *topology, size_t node, const char *device);
/* The link that the node's device is an end of, and which; NULL: of none. */
const struct topo_link *topology_find_link(const struct topology *topology, size_t node,
					   const char *device, size_t *ret_end);
/* The device by which the node sends to the address, by its routes and its devices' subnets, the
 * longest prefix; NULL: none, or the file leaves open which. */
const char *topology_find_way(const struct topology *topology, size_t node,
			      const struct address *address);
/* The port of that device, NULL if there is none. */
const struct topo_port *topology_find_port(const struct topology *topology, size_t node,
					   const char *device);
/* The device of that node which has the address; NULL if none has. */
const char *topology_find_address_device(const struct topology *topology, size_t node,
					 const struct address *address);
/* The first address of that family found on the node's devices (links first); NULL if none. */
const struct address *topology_find_address(const struct topology *topology, size_t node,
					    sa_family_t family);
