// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "topologies/build.h"

#include <linux/if_link.h>

struct macvlan_params {
	const char *link;
	int mode; /* index into mode_names and mode_values */
};

static const char *const mode_names[] = { "bridge", "private", "vepa", "passthru", NULL };
static const uint32_t mode_values[] = { MACVLAN_MODE_BRIDGE, MACVLAN_MODE_PRIVATE,
					MACVLAN_MODE_VEPA, MACVLAN_MODE_PASSTHRU };
_Static_assert(ARRAY_SIZE(mode_names) == ARRAY_SIZE(mode_values) + 1, "a value for each name");

static const struct field macvlan_fields[] = {
	{ .name = "link",
	  .type = FIELD_NAME,
	  .refers = REFERS_DEVICE,
	  .offset = offsetof(struct macvlan_params, link),
	  .max = 15,
	  .help = "the node's device that it shares" },
	{ .name = "mode",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct macvlan_params, mode),
	  .fallback = "\"bridge\"",
	  .choices = mode_names,
	  .help = "how it reaches others on the same device: directly, never, by the switch "
		  "outside, or it is the only one" },
	FIELD_END
};

static int macvlan_build(struct build_node *node, const char *name, const void *params,
			 struct err *err)
{
	const struct macvlan_params *macvlan = params;
	struct rtnl_link link;
	int code = build_link(node, "macvlan", name, macvlan->link, &link, err);

	if (code < 0)
		return code;
	rtnl_link_begin(node->rtnl, &link);
	rtnl_put_u32(node->rtnl, IFLA_MACVLAN_MODE, mode_values[macvlan->mode]);
	return rtnl_link_end(node->rtnl, err);
}

static const char *const modules[] = { "macvlan", NULL };

const struct device_ops device_macvlan = {
	.kind = {
		.name = "macvlan",
		.modules = modules,
		.help = "a second device with its own MAC on top of another device",
		.example = "\"link\": \"eth0\"",
		.fields = macvlan_fields,
		.params_size = sizeof(struct macvlan_params),
	},
	.build = macvlan_build,
};
