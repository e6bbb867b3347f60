// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"

static const struct field dummy_fields[] = { FIELD_END };

static int dummy_build(struct build_node *node, const char *name, const void *params,
		       struct err *err)
{
	struct rtnl_link link;
	int code = build_link(node, "dummy", name, NULL, &link, err);

	(void)params;
	if (code < 0)
		return code;
	rtnl_link_begin(node->rtnl, &link);
	return rtnl_link_end(node->rtnl, err);
}

static const char *const modules[] = { "dummy", NULL };

const struct device_ops device_dummy = {
	.kind = {
		.name = "dummy",
		.modules = modules,
		.help = "a device that drops all that is sent by it; holds addresses",
		.fields = dummy_fields,
		.params_size = 0,
	},
	.build = dummy_build,
};
