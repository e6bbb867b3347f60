// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/proxy.h"

#include "harness/cleanup.h"
#include "harness/proc.h"
#include "topologies/build.h"
#include "topologies/lab.h"
#include "topologies/proxy_rules.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <string.h>

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
static const char *const filler_names[] = { "full", "cheap", NULL };

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
		  "fast and is passed by as quickly" },
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
		proxy->filler == PROXY_FILLER_CHEAP && proxy->services > 3 ? 3 : proxy->services;

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

static void feed_iptables(FILE *out, const void *rules)
{
	proxy_write_iptables(out, rules);
}

static void feed_nftables(FILE *out, const void *rules)
{
	proxy_write_nftables(out, rules);
}

/*
 * Not all kernels have the old tables any more. Asked for here, since the tool only says that it is
 * unable to initialize one.
 */
static int need_legacy(struct err *err)
{
	struct ipt_getinfo info = { .name = "nat" };
	socklen_t bytes = sizeof(info);
	_close_ int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);

	if (fd < 0)
		return err_errno(err, -errno, "raw socket");
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &bytes) == 0)
		return 0;
	if (errno == ENOENT || errno == ENOPROTOOPT)
		return err_need(err, "this kernel has no legacy iptables (module iptable_nat)");
	return err_errno(err, -errno, "iptables-legacy: table nat");
}

/* How each mode is loaded; by enum proxy_mode. */
static const struct loader {
	const char *const argv[4];
	const char *package;
	void (*feed)(FILE *out, const void *rules);
	int (*need)(struct err *err); /* NULL: nothing but the tool */
} loaders[] = {
	[PROXY_IPTABLES_LEGACY] = { { "iptables-legacy-restore", "--noflush", "--counters" },
				    "iptables",
				    feed_iptables,
				    need_legacy },
	[PROXY_IPTABLES_NFT] = { { "iptables-nft-restore", "--noflush", "--counters" },
				 "iptables",
				 feed_iptables,
				 NULL },
	[PROXY_NFTABLES] = { { "nft", "-f", "-" }, "nftables", feed_nftables, NULL },
};

/*
 * Legacy iptables locks a file under /run, which would be the host's, and would make labs wait for
 * each other. Its own input will do: nobody else has that.
 */
static const char *const environment[] = { "XTABLES_LOCKFILE=/proc/self/fd/0", NULL };

static int load(const struct loader *loader, const struct proxy_rules *rules, struct err *err)
{
	const struct proc proc = {
		.argv = loader->argv,
		.feed = loader->feed,
		.context = rules,
		.environment = environment,
		.netns_fd = -1,
	};

	if (!proc_exists(loader->argv[0]))
		return err_need(err, "%s is not installed (apt install %s)", loader->argv[0],
				loader->package);
	if (loader->need) {
		int code = loader->need(err);

		if (code < 0)
			return code;
	}
	return proc_run(&proc, err);
}

static int proxy_build(struct build_node *node, const void *params, struct err *err)
{
	const struct proxy_params *proxy = params;
	const struct address *own =
		topology_find_address(lab_topology(node->lab), node->index, AF_INET);
	struct proxy_rules rules = { .params = proxy };

	if (proxy->mode == PROXY_NONE)
		return 0;
	if (own)
		inet_ntop(AF_INET, own->bytes, rules.node_address, sizeof(rules.node_address));
	return load(&loaders[proxy->mode], &rules, err);
}

static const char *const modules[] = {
	"ip_tables",	"iptable_nat",	"iptable_filter", "xt_comment",	     "xt_conntrack",
	"xt_statistic", "xt_addrtype",	"xt_mark",	  "xt_MASQUERADE",   "xt_nat",
	"xt_tcpudp",	"xt_recent",	"ipt_REJECT",	  "nf_tables",	     "nft_compat",
	"nft_ct",	"nft_numgen",	"nft_nat",	  "nft_masq",	     "nft_chain_nat",
	"nft_reject",	"nf_conntrack", "nf_nat",	  "nft_reject_ipv4", NULL
};
static const char *const tools[] = { "iptables-legacy-restore", "iptables-nft-restore", "nft",
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
	.check = proxy_check,
	.build = proxy_build,
};
