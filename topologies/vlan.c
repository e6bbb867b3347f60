// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"

#include <linux/if_link.h>
#include <string.h>

struct vlan_params {
	const char *link;
	uint64_t id;
};

static const struct field vlan_fields[] = {
	{ .name = "link",
	  .type = FIELD_NAME,
	  .refers = REFERS_DEVICE,
	  .offset = offsetof(struct vlan_params, link),
	  .max = 15,
	  .help = "the node's device that carries the tagged frames" },
	{ .name = "id",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct vlan_params, id),
	  .min = 1,
	  .max = 4094,
	  .help = "VLAN identifier of the tag (IEEE 802.1Q)" },
	FIELD_END
};

static int vlan_build(struct build_node *node, const char *name, const void *params,
		      struct err *err)
{
	const struct vlan_params *vlan = params;
	struct rtnl_link link;
	int code = build_link(node, "vlan", name, vlan->link, &link, err);

	if (code < 0)
		return code;
	/* A MAC of its own would make the device below promiscuous. */
	memset(link.mac, 0, MAC_BYTES);
	build_share_mac(node, name, vlan->link);
	rtnl_link_begin(node->rtnl, &link);
	rtnl_put_u16(node->rtnl, IFLA_VLAN_ID, (uint16_t)vlan->id);
	return rtnl_link_end(node->rtnl, err);
}

static const char *const modules[] = { "8021q", NULL };

const struct device_ops device_vlan = {
	.kind = {
		.name = "vlan",
		.modules = modules,
		.help = "one VLAN of another device, tagged by IEEE 802.1Q",
		.example = "\"link\": \"eth0\", \"id\": 5",
		.fields = vlan_fields,
		.params_size = sizeof(struct vlan_params),
	},
	.build = vlan_build,
};
