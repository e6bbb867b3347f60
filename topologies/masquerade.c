// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/build.h"
#include "topologies/nft.h"

#include <stdio.h>
#include <string.h>

struct masquerade_params {
	const char *out;
};

static const struct field masquerade_fields[] = {
	{ .name = "out",
	  .type = FIELD_NAME,
	  .refers = REFERS_DEVICE,
	  .offset = offsetof(struct masquerade_params, out),
	  .max = 15,
	  .help = "the node's device whose address replaces the source of what leaves by it" },
	FIELD_END
};

static int load(const char *family, const char *out, struct proc_spent *spent, struct err *err)
{
	char rules[300];

	/* A name from the file is safe inside quotes: FIELD_NAME has none in its alphabet. */
	snprintf(rules, sizeof(rules),
		 "table %s labrun_nat {\n"
		 "\tchain postrouting {\n"
		 "\t\ttype nat hook postrouting priority srcnat\n"
		 "\t\toifname \"%s\" masquerade\n"
		 "\t}\n"
		 "}\n",
		 family, out);
	return nft_load(rules, strlen(rules), spent, err);
}

static int masquerade_build(struct build_node *node, const void *params, struct err *err)
{
	const struct masquerade_params *masquerade = params;
	struct rtnl_device out;
	int code = build_device(node, masquerade->out, &out, err);

	if (code == 0 && (node->ipv4 || !node->ipv6))
		code = load("ip", masquerade->out, node->tools, err);
	if (code == 0 && node->ipv6)
		code = load("ip6", masquerade->out, node->tools, err);
	return code;
}

static const char *const modules[] = { "nf_tables", "nf_conntrack", "nft_ct", "nft_chain_nat",
				       "nft_masq",  "nf_nat",	    NULL };
static const char *const tools[] = { "nft", NULL };

const struct feature_ops feature_masquerade = {
	.kind = {
		.name = "masquerade",
		.modules = modules,
		.tools = tools,
		.help = "source NAT to the address of the outgoing device, by nftables",
		.example = "\"out\": \"eth0\"",
		.fields = masquerade_fields,
		.params_size = sizeof(struct masquerade_params),
	},
	.rules = true,
	.build = masquerade_build,
};
