// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"

#include <linux/if_link.h>

struct bridge_params {
	struct list ports; /* const char * */
	uint64_t ageing_s;
};

static const struct field port_element = {
	.name = "port",
	.type = FIELD_NAME,
	.refers = REFERS_DEVICE,
	.max = 15,
	.help = "a device of the node",
};

static const struct field bridge_fields[] = {
	{ .name = "ports",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct bridge_params, ports),
	  .fallback = "[]",
	  .max = 1023, /* BR_MAX_PORTS less the unused 0 */
	  .element = &port_element,
	  .size = sizeof(const char *),
	  .help = "the node's devices that the bridge connects" },
	{ .name = "ageing_s",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct bridge_params, ageing_s),
	  .fallback = "300",
	  .min = 0,
	  .max = 1000000,
	  .unit = "s",
	  .help = "how long a learned address is kept; 0 floods every frame" },
	FIELD_END
};

static int bridge_build(struct build_node *node, const char *name, const void *params,
			struct err *err)
{
	const struct bridge_params *bridge = params;
	const char *const *ports = bridge->ports.items;
	struct rtnl_link link;
	int code = build_link(node, "bridge", name, NULL, &link, err);

	if (code < 0)
		return code;
	rtnl_link_begin(node->rtnl, &link);
	/*
	 * In hundredths of a second. Nothing that a bridge sends or does on its own stays on; VLAN
	 * filtering is off of itself, and where it is not built in even saying so is refused.
	 */
	rtnl_put_u32(node->rtnl, IFLA_BR_AGEING_TIME, (uint32_t)(bridge->ageing_s * 100));
	rtnl_put_u32(node->rtnl, IFLA_BR_STP_STATE, 0);
	rtnl_put_u32(node->rtnl, IFLA_BR_FORWARD_DELAY, 0);
	rtnl_put_u8(node->rtnl, IFLA_BR_MCAST_SNOOPING, 0);
	for (size_t i = 0; i < bridge->ports.count; i++)
		build_port(node, name, ports[i]);
	return rtnl_link_end(node->rtnl, err);
}

static const char *const modules[] = { "bridge", NULL };

const struct device_ops device_bridge = {
	.kind = {
		.name = "bridge",
		.modules = modules,
		.help = "an Ethernet switch between devices of the node; learns, no spanning tree",
		.fields = bridge_fields,
		.params_size = sizeof(struct bridge_params),
	},
	.build = bridge_build,
};
