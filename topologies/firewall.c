// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "topologies/build.h"
#include "topologies/nft.h"

#include <errno.h>
#include <inttypes.h>

/*
 * More rules than these go in several transactions. As root for the sake of memory, of which nft
 * takes kilobytes a rule while it loads; in a user namespace because a transaction is one message,
 * which net.core.wmem_max then limits.
 */
#define TRANSACTION_RULES_ROOT 50000
#define TRANSACTION_RULES_USER 500

struct firewall_params {
	uint64_t rules, drop_percent;
	int chain; /* index into chain_names */
};

static const char *const chain_names[] = { "forward", "prerouting", "postrouting", NULL };

static const struct field firewall_fields[] = {
	{ .name = "rules",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct firewall_params, rules),
	  .fallback = "0",
	  .min = 0,
	  .max = 1000000,
	  .unit = "rules",
	  .help = "how many rules each packet passes without matching: the destination is compared "
		  "with an address of TEST-NET-3 (RFC 5737), for IPv6 of 2001:db8::/32 (RFC "
		  "3849)" },
	{ .name = "chain",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct firewall_params, chain),
	  .fallback = "\"forward\"",
	  .choices = chain_names,
	  .help = "the netfilter hook of the rules' chain" },
	{ .name = "drop_percent",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct firewall_params, drop_percent),
	  .fallback = "0",
	  .min = 0,
	  .max = 100,
	  .unit = "%",
	  .help = "share of packets that a last rule drops at random, to see that loss is "
		  "noticed" },
	FIELD_END
};

/* What differs between the two tables. */
struct family {
	const char *name, *network;
	bool hexadecimal;
};
static const struct family family_ipv4 = { .name = "ip", .network = "203.0.113." };
static const struct family family_ipv6 = {
	.name = "ip6", .network = "2001:db8::", .hexadecimal = true
};

static void print_rule(FILE *out, const struct family *family, uint64_t index)
{
	unsigned host = 1 + (unsigned)(index % 254), port = 1 + (unsigned)(index / 254);

	fprintf(out, "add rule %s labrun_filter rules %s daddr %s", family->name, family->name,
		family->network);
	fprintf(out, family->hexadecimal ? "%x" : "%u", host);
	fprintf(out, " tcp dport %u drop\n", port);
}

static void print_chain(FILE *out, const struct family *family,
			const struct firewall_params *params)
{
	fprintf(out,
		"add table %s labrun_filter\n"
		"add chain %s labrun_filter rules "
		"{ type filter hook %s priority 0; policy accept; }\n",
		family->name, family->name, chain_names[params->chain]);
}

static void print_drop(FILE *out, const struct family *family, uint64_t percent)
{
	if (percent == 0)
		return;
	fprintf(out, "add rule %s labrun_filter rules ", family->name);
	/* nft refuses a comparison that always holds. */
	if (percent < 100)
		fprintf(out, "numgen random mod 100 < %" PRIu64 " ", percent);
	fprintf(out, "drop\n");
}

/* The rules [from, to) of params->rules; before the first the chain, after the last the drop. */
static void print_part(FILE *out, const struct family *family, const struct firewall_params *params,
		       uint64_t from, uint64_t to)
{
	if (from == 0)
		print_chain(out, family, params);
	for (uint64_t i = from; i < to; i++)
		print_rule(out, family, i);
	if (to == params->rules)
		print_drop(out, family, params->drop_percent);
}

static int load_part(const struct family *family, const struct firewall_params *params,
		     uint64_t from, uint64_t to, struct proc_spent *spent, struct err *err)
{
	_free_ char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return err_errno(err, -errno, "firewall rules");
	print_part(out, family, params, from, to);
	if (fclose(out) != 0)
		return err_errno(err, -ENOMEM, "firewall rules");
	return nft_load(text, bytes, spent, err);
}

/* As nft itself asks for a large send buffer, which takes a capability in the first user namespace.
 */
static uint64_t transaction_rules(void)
{
	_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0);
	int bytes = 1 << 20;

	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) == 0)
		return TRANSACTION_RULES_ROOT;
	return TRANSACTION_RULES_USER;
}

static int load(const struct family *family, const struct firewall_params *params,
		struct proc_spent *spent, struct err *err)
{
	uint64_t most = transaction_rules(), from = 0, to;
	int code;

	do {
		to = from + most < params->rules ? from + most : params->rules;
		code = load_part(family, params, from, to, spent, err);
		from = to;
	} while (code == 0 && to < params->rules);
	return code;
}

static int firewall_build(struct build_node *node, const void *params, struct err *err)
{
	int code = 0;

	if (node->ipv4 || !node->ipv6)
		code = load(&family_ipv4, params, node->tools, err);
	if (code == 0 && node->ipv6)
		code = load(&family_ipv6, params, node->tools, err);
	return code;
}

static const char *const modules[] = { "nf_tables", "nft_numgen", NULL };
static const char *const tools[] = { "nft", NULL };

const struct feature_ops feature_firewall = {
	.kind = {
		.name = "firewall",
		.modules = modules,
		.tools = tools,
		.help = "an nftables chain of rules that no packet of the load matches",
		.example = "\"rules\": 10",
		.fields = firewall_fields,
		.params_size = sizeof(struct firewall_params),
	},
	.rules = true,
	.build = firewall_build,
};
