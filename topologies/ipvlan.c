// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "topologies/build.h"

#include <linux/if_link.h>
#include <string.h>

struct ipvlan_params {
	const char *link;
	int mode; /* index into mode_names and mode_values */
};

static const char *const mode_names[] = { "l2", "l3", "l3s", NULL };
static const uint16_t mode_values[] = { IPVLAN_MODE_L2, IPVLAN_MODE_L3, IPVLAN_MODE_L3S };
_Static_assert(ARRAY_SIZE(mode_names) == ARRAY_SIZE(mode_values) + 1, "a value for each name");

static const struct field ipvlan_fields[] = {
	{ .name = "link",
	  .type = FIELD_NAME,
	  .refers = REFERS_DEVICE,
	  .offset = offsetof(struct ipvlan_params, link),
	  .max = 15,
	  .help = "the node's device that it shares, its MAC included" },
	{ .name = "mode",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct ipvlan_params, mode),
	  .fallback = "\"l2\"",
	  .choices = mode_names,
	  .help = "switched (l2), routed (l3), or routed with netfilter (l3s)" },
	FIELD_END
};

static int ipvlan_build(struct build_node *node, const char *name, const void *params,
			struct err *err)
{
	const struct ipvlan_params *ipvlan = params;
	struct rtnl_link link;
	int code = build_link(node, "ipvlan", name, ipvlan->link, &link, err);

	if (code < 0)
		return code;
	memset(link.mac, 0, MAC_BYTES);
	build_share_mac(node, name, ipvlan->link);
	rtnl_link_begin(node->rtnl, &link);
	rtnl_put_u16(node->rtnl, IFLA_IPVLAN_MODE, mode_values[ipvlan->mode]);
	return rtnl_link_end(node->rtnl, err);
}

static const char *const modules[] = { "ipvlan", NULL };

const struct device_ops device_ipvlan = {
	.kind = {
		.name = "ipvlan",
		.modules = modules,
		.help = "a second device with its own addresses but the MAC of the device below",
		.example = "\"link\": \"eth0\"",
		.fields = ipvlan_fields,
		.params_size = sizeof(struct ipvlan_params),
	},
	.build = ipvlan_build,
};
