// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>

struct vxlan_params {
	uint64_t id, port, ttl;
	struct address local, remote;
	const char *underlay;
	bool learning, udp_checksum;
	struct list fdb; /* struct vxlan_entry */
};

struct vxlan_entry {
	const char *mac, *device;
	struct address via;
};

static const struct field entry_fields[] = {
	{ .name = "mac",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct vxlan_entry, mac),
	  .optional = true,
	  .help = "destination MAC, such as \"02:00:00:01:00:00\"; all zero: every other one" },
	{ .name = "device",
	  .type = FIELD_STRING,
	  .refers = REFERS_NODE_DEVICE,
	  .offset = offsetof(struct vxlan_entry, device),
	  .optional = true,
	  .help = "in place of mac: \"node:device\", whose MAC it is" },
	{ .name = "via",
	  .type = FIELD_ADDRESS,
	  .offset = offsetof(struct vxlan_entry, via),
	  .help = "the tunnel's end that frames to it are sent to" },
	FIELD_END
};

static const struct field entry_element = {
	.name = "entry",
	.type = FIELD_OBJECT,
	.fields = entry_fields,
	.help = "where frames to one MAC are sent",
};

static const struct field vxlan_fields[] = {
	{ .name = "id",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct vxlan_params, id),
	  .min = 0,
	  .max = 16777215,
	  .help = "VXLAN network identifier (RFC 7348)" },
	{ .name = "local",
	  .type = FIELD_ADDRESS,
	  .offset = offsetof(struct vxlan_params, local),
	  .help = "this end of the tunnel: an address of the node" },
	{ .name = "remote",
	  .type = FIELD_ADDRESS,
	  .offset = offsetof(struct vxlan_params, remote),
	  .optional = true,
	  .help = "where frames without a forwarding entry are sent; absent: nowhere" },
	{ .name = "port",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct vxlan_params, port),
	  .fallback = "4789",
	  .min = 1,
	  .max = 65535,
	  .help = "UDP port, of both ends" },
	{ .name = "underlay",
	  .type = FIELD_NAME,
	  .refers = REFERS_DEVICE,
	  .offset = offsetof(struct vxlan_params, underlay),
	  .optional = true,
	  .max = 15,
	  .help = "device to send by; its MTU less the tunnel's headers is then the default MTU" },
	{ .name = "learning",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct vxlan_params, learning),
	  .fallback = "false",
	  .help = "whether forwarding entries are learned from what is received" },
	{ .name = "fdb",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct vxlan_params, fdb),
	  .fallback = "[]",
	  .max = 65536,
	  .element = &entry_element,
	  .size = sizeof(struct vxlan_entry),
	  .help = "static forwarding entries" },
	{ .name = "ttl",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct vxlan_params, ttl),
	  .fallback = "0",
	  .min = 0,
	  .max = 255,
	  .unit = "hops",
	  .help = "of the outer header; 0 keeps the kernel's default" },
	{ .name = "udp_checksum",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct vxlan_params, udp_checksum),
	  .fallback = "true",
	  .help = "whether the outer UDP header has a checksum" },
	FIELD_END
};

static void put_address(struct rtnl *rtnl, int attribute, int attribute6,
			const struct address *address)
{
	if (address->family == AF_INET6)
		rtnl_put(rtnl, attribute6, address->bytes, 16);
	else if (address->family == AF_INET)
		rtnl_put(rtnl, attribute, address->bytes, 4);
}

static void put_params(struct rtnl *rtnl, const struct vxlan_params *vxlan, int underlay)
{
	rtnl_put_u32(rtnl, IFLA_VXLAN_ID, (uint32_t)vxlan->id);
	put_address(rtnl, IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6, &vxlan->local);
	put_address(rtnl, IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6, &vxlan->remote);
	rtnl_put_u16(rtnl, IFLA_VXLAN_PORT, htons((uint16_t)vxlan->port));
	rtnl_put_u8(rtnl, IFLA_VXLAN_LEARNING, vxlan->learning);
	rtnl_put_u8(rtnl, IFLA_VXLAN_TTL, (uint8_t)vxlan->ttl);
	rtnl_put_u8(rtnl, IFLA_VXLAN_UDP_CSUM, vxlan->udp_checksum);
	rtnl_put_u8(rtnl, IFLA_VXLAN_UDP_ZERO_CSUM6_TX, !vxlan->udp_checksum);
	rtnl_put_u8(rtnl, IFLA_VXLAN_UDP_ZERO_CSUM6_RX, !vxlan->udp_checksum);
	if (underlay)
		rtnl_put_u32(rtnl, IFLA_VXLAN_LINK, (uint32_t)underlay);
}

static int add_entries(struct build_node *node, const char *name, const struct list *list,
		       struct err *err)
{
	const struct vxlan_entry *entries = list->items;

	for (size_t i = 0; i < list->count; i++) {
		struct build_fdb fdb = { .of = entries[i].device, .via = &entries[i].via };

		if (!entries[i].mac == !entries[i].device)
			return err_usage(err, "vxlan '%s': fdb[%zu]: either mac or device", name,
					 i);
		if (entries[i].mac && !build_parse_mac(entries[i].mac, fdb.mac))
			return err_usage(err, "vxlan '%s': fdb[%zu]: \"%s\" is no MAC address",
					 name, i, entries[i].mac);
		build_fdb(node, name, &fdb);
	}
	return 0;
}

static int vxlan_build(struct build_node *node, const char *name, const void *params,
		       struct err *err)
{
	const struct vxlan_params *vxlan = params;
	struct rtnl_device underlay = { .ifindex = 0 };
	struct rtnl_link link;
	int code = build_link(node, "vxlan", name, NULL, &link, err);

	if (code == 0 && vxlan->underlay && build_device(node, vxlan->underlay, &underlay, err) < 0)
		code = err_wrap(err, -ENODEV, "add vxlan '%s'", name);
	if (code == 0)
		code = add_entries(node, name, &vxlan->fdb, err);
	if (code < 0)
		return code;
	rtnl_link_begin(node->rtnl, &link);
	put_params(node->rtnl, vxlan, underlay.ifindex);
	return rtnl_link_end(node->rtnl, err);
}

static const char *const modules[] = { "vxlan", NULL };

const struct device_ops device_vxlan = {
	.kind = {
		.name = "vxlan",
		.modules = modules,
		.help = "Ethernet over UDP between nodes (RFC 7348), unicast only",
		.example = "\"id\": 1, \"local\": \"198.18.0.1\"",
		.fields = vxlan_fields,
		.params_size = sizeof(struct vxlan_params),
	},
	.build = vxlan_build,
};
