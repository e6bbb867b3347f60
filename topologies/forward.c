// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"
#include "topologies/netns.h"

struct forward_params {
	bool ipv4, ipv6;
};

static const struct field forward_fields[] = {
	{ .name = "ipv4",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct forward_params, ipv4),
	  .fallback = "true",
	  .help = "whether IPv4 packets are routed between the node's devices" },
	{ .name = "ipv6",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct forward_params, ipv6),
	  .fallback = "true",
	  .help = "the same for IPv6, if the node has IPv6 addresses" },
	FIELD_END
};

static int enable(const char *name, struct err *err)
{
	int code = netns_sysctl_write(name, "1");

	return code < 0 ? err_errno(err, code, "write 1 to /proc/sys/net/%s", name) : 0;
}

static int forward_build(struct build_node *node, const void *params, struct err *err)
{
	const struct forward_params *forward = params;
	int code = 0;

	if (forward->ipv4)
		code = enable("ipv4/ip_forward", err);
	if (code == 0 && forward->ipv6 && node->ipv6)
		code = enable("ipv6/conf/all/forwarding", err);
	return code;
}

const struct feature_ops feature_forward = {
	.kind = {
		.name = "forward",
		.help = "makes the node a router",
		.fields = forward_fields,
		.params_size = sizeof(struct forward_params),
	},
	.build = forward_build,
};
