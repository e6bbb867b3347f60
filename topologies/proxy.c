// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/proxy.h"

#include "topologies/build.h"
#include "topologies/lab.h"
#include "topologies/proxy_sync.h"

/* Of 30000 to 32767, kube-proxy's own range. */
#define NODE_PORTS 2768
/* As text about a gigabyte. */
#define ENDPOINTS_MAX 2000000

/* In the order of enum proxy_mode. */
const char *const proxy_mode_names[] = { "none", "iptables-legacy", "iptables-nft", "nftables",
					 NULL };
/* In the order of the enums of their names. */
static const char *const shape_names[] = { "1.31", "1.36", "1.37", NULL };
static const char *const protocol_names[] = { "tcp", "udp", NULL };
static const char *const filler_names[] = { "full", "cheap", "shared", NULL };

static const struct field backend_element = { .name = "backend",
					      .type = FIELD_ADDRESS,
					      .help = "an IPv4 address" };

static const struct field proxy_fields[] = {
	{ .name = "mode",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct proxy_params, mode),
	  .fallback = "\"nftables\"",
	  .choices = proxy_mode_names,
	  .help = "whose rules, by which tool: none, iptables-legacy-restore (the kernel's "
		  "ipt_do_table), iptables-nft-restore (the same rules, walked by nft_do_chain; "
		  "what Debian calls iptables), or nft (maps, nft_do_chain)" },
	{ .name = "services",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct proxy_params, services),
	  .fallback = "100",
	  .min = 1,
	  .max = 1000000,
	  .unit = "services",
	  .help = "how many services there are" },
	{ .name = "endpoints",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct proxy_params, endpoints),
	  .fallback = "2",
	  .min = 0,
	  .max = 10000,
	  .unit = "endpoints",
	  .help = "endpoints of each service; without any its packets are rejected" },
	{ .name = "filler",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct proxy_params, filler),
	  .fallback = "\"full\"",
	  .choices = filler_names,
	  .help = "cheap: all services but the first, the middle one and the last have one "
		  "endpoint, and in nftables the direct dnat of 1.37, which loads many times as "
		  "fast and is passed by as quickly; shared: these also have one chain together in "
		  "the iptables modes, whose tools search long for names" },
	{ .name = "shape",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct proxy_params, shape),
	  .fallback = "\"1.31\"",
	  .choices = shape_names,
	  .help = "nftables: as which Kubernetes writes them from that release on: 1.31 a chain "
		  "for each endpoint, 1.36 a map of endpoints, 1.37 no map for a single one" },
	{ .name = "protocol",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct proxy_params, protocol),
	  .fallback = "\"tcp\"",
	  .choices = protocol_names,
	  .help = "of the services" },
	{ .name = "affinity_s",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct proxy_params, affinity_s),
	  .fallback = "0",
	  .min = 0,
	  .max = 86400,
	  .unit = "s",
	  .help = "how long a client keeps its endpoint (session affinity); 0: not at all" },
	{ .name = "node_ports",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct proxy_params, node_ports),
	  .fallback = "false",
	  .help = "whether each service has a port of the node's first address too, from 30000 "
		  "on" },
	{ .name = "pod_cidr",
	  .type = FIELD_PREFIX,
	  .offset = offsetof(struct proxy_params, pod_cidr),
	  .fallback = "\"198.18.0.0/16\"",
	  .help = "where pods are: traffic from elsewhere is masqueraded" },
	{ .name = "backends",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct proxy_params, backends),
	  .min = 1,
	  .max = 1000,
	  .element = &backend_element,
	  .size = sizeof(struct address),
	  .help = "addresses that the endpoints lie on in turn, at ports from 8080 on" },
	FIELD_END
};

static uint64_t all_endpoints(const struct proxy_params *proxy)
{
	uint64_t full =
		proxy->filler != PROXY_FILLER_FULL && proxy->services > 3 ? 3 : proxy->services;

	return full * proxy->endpoints + (proxy->services - full);
}

static const char *proxy_check(const void *params)
{
	const struct proxy_params *proxy = params;
	const struct address *backends = proxy->backends.items;

	if (proxy->pod_cidr.family != AF_INET)
		return "\"pod_cidr\" is of IPv4";
	for (size_t i = 0; i < proxy->backends.count; i++)
		if (backends[i].family != AF_INET)
			return "\"backends\" are IPv4 addresses";
	if (proxy->node_ports && proxy->services > NODE_PORTS)
		return "there are 2768 node ports (30000 to 32767), and more services";
	if (all_endpoints(proxy) > ENDPOINTS_MAX)
		return "more than 2000000 endpoints in all (\"services\" times \"endpoints\"; "
		       "\"filler\": \"cheap\" takes fewer)";
	return NULL;
}

static int proxy_build(struct build_node *node, const void *params, struct err *err)
{
	const struct proxy_params *proxy = params;
	struct proxy_rules rules;

	if (proxy->mode == PROXY_NONE)
		return 0;
	rules = proxy_rules_make(proxy, lab_topology(node->lab), node->index);
	return proxy_sync(PROXY_LOAD, &rules, node->tools, err);
}

static const char *const modules[] = {
	"ip_tables",	"iptable_nat",	"iptable_filter", "xt_comment",	     "xt_conntrack",
	"xt_statistic", "xt_addrtype",	"xt_mark",	  "xt_MASQUERADE",   "xt_nat",
	"xt_tcpudp",	"xt_recent",	"ipt_REJECT",	  "nf_tables",	     "nft_compat",
	"nft_ct",	"nft_numgen",	"nft_nat",	  "nft_masq",	     "nft_chain_nat",
	"nft_reject",	"nf_conntrack", "nf_nat",	  "nft_reject_ipv4", NULL
};
static const char *const tools[] = { "iptables-legacy-restore",
				     "iptables-legacy-save",
				     "iptables-nft-restore",
				     "iptables-nft-save",
				     "nft",
				     NULL };

const struct feature_ops feature_proxy = {
	.kind = {
		.name = "proxy",
		.modules = modules,
		.tools = tools,
		.help = "the rules that kube-proxy writes for services",
		.example = "\"backends\": [\"198.18.0.2\"]",
		.fields = proxy_fields,
		.params_size = sizeof(struct proxy_params),
	},
	.rules = true,
	.check = proxy_check,
	.build = proxy_build,
};
