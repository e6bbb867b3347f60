// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/proxy_sync.h"

#include "harness/cleanup.h"
#include "topologies/topology.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter_ipv4/ip_tables.h>

const char *const proxy_step_names[PROXY_STEP_COUNT] = { "load", "add", "list", "delete" };

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

typedef void (*write_fn)(FILE *out, const struct proxy_rules *rules);

struct step {
	const char *argv[5];
	write_fn write; /* to its stdin; NULL: nothing */
};

struct tools {
	const char *package;
	int (*need)(struct err *err); /* NULL: nothing but the tool */
	struct step steps[PROXY_STEP_COUNT];
};

#define IPTABLES_STEPS(flavour)                                                                    \
	{                                                                                          \
		[PROXY_LOAD] = { { "iptables-" flavour "-restore", "--noflush", "--counters" },    \
				 proxy_write_iptables },                                           \
		[PROXY_ADD] = { { "iptables-" flavour "-restore", "--noflush", "--counters" },     \
				proxy_write_iptables_last },                                       \
		[PROXY_LIST] = { { "iptables-" flavour "-save" }, NULL },                          \
		[PROXY_DELETE] = { { "iptables-" flavour "-restore" },                             \
				   proxy_write_iptables_none },                                    \
	}

static const struct tools tools_by_mode[] = {
	[PROXY_IPTABLES_LEGACY] = { "iptables", need_legacy, IPTABLES_STEPS("legacy") },
	[PROXY_IPTABLES_NFT] = { "iptables", NULL, IPTABLES_STEPS("nft") },
	[PROXY_NFTABLES] = { "nftables",
			     NULL,
			     {
				     [PROXY_LOAD] = { { "nft", "-f", "-" }, proxy_write_nftables },
				     [PROXY_ADD] = { { "nft", "-f", "-" },
						     proxy_write_nftables_last },
				     [PROXY_LIST] = { { "nft", "list", "ruleset" }, NULL },
				     [PROXY_DELETE] = { { "nft", "-f", "-" },
							proxy_write_nftables_none },
			     } },
};

/*
 * Legacy iptables locks a file under /run, which would be the host's, and would make labs wait for
 * each other. Its own input will do: nobody else has that.
 */
static const char *const environment[] = { "XTABLES_LOCKFILE=/proc/self/fd/0", NULL };

struct feeding {
	write_fn write;
	const struct proxy_rules *rules;
};

static void feed(FILE *out, const void *context)
{
	const struct feeding *feeding = context;

	feeding->write(out, feeding->rules);
}

struct proxy_rules proxy_rules_make(const struct proxy_params *params,
				    const struct topology *topology, size_t node)
{
	const struct address *own = topology_find_address(topology, node, AF_INET);
	struct proxy_rules rules = { .params = params };

	if (own)
		inet_ntop(AF_INET, own->bytes, rules.node_address, sizeof(rules.node_address));
	return rules;
}

int proxy_sync(enum proxy_step step, const struct proxy_rules *rules, struct proc_spent *spent,
	       struct err *err)
{
	const struct tools *tools = &tools_by_mode[rules->params->mode];
	const struct step *what = &tools->steps[step];
	const struct feeding feeding = { what->write, rules };
	const struct proc proc = {
		.argv = what->argv,
		.feed = what->write ? feed : NULL,
		.context = &feeding,
		.environment = environment,
		.netns_fd = -1,
		.spent = spent,
	};

	if (!proc_exists(what->argv[0]))
		return err_need(err, "%s is not installed (apt install %s)", what->argv[0],
				tools->package);
	if (tools->need) {
		int code = tools->need(err);

		if (code < 0)
			return code;
	}
	return proc_run(&proc, err);
}
