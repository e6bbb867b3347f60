// SPDX-License-Identifier: GPL-2.0-only
/* As kubernetes/pkg/proxy/iptables/proxier.go writes them, 1.30 to 1.36. */
#include "topologies/proxy_rules.h"

#include "harness/field.h"

#include <inttypes.h>

/* The jumps are put in by kube-proxy with calls of iptables, here with the rest: they end up the
 * same. */
static const char filter_head[] = "*filter\n"
				  ":INPUT ACCEPT [0:0]\n"
				  ":FORWARD ACCEPT [0:0]\n"
				  ":OUTPUT ACCEPT [0:0]\n";

static const char filter_chains[] = ":KUBE-SERVICES - [0:0]\n"
				    ":KUBE-EXTERNAL-SERVICES - [0:0]\n"
				    ":KUBE-FORWARD - [0:0]\n"
				    ":KUBE-NODEPORTS - [0:0]\n"
				    ":KUBE-PROXY-FIREWALL - [0:0]\n";

static const char filter_jumps[] =
	"-A INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer "
	"firewall\" -j KUBE-PROXY-FIREWALL\n"
	"-A INPUT -m comment --comment \"kubernetes health check service ports\" -j "
	"KUBE-NODEPORTS\n"
	"-A INPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes externally-visible "
	"service portals\" -j KUBE-EXTERNAL-SERVICES\n"
	"-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer "
	"firewall\" -j KUBE-PROXY-FIREWALL\n"
	"-A FORWARD -m comment --comment \"kubernetes forwarding rules\" -j KUBE-FORWARD\n"
	"-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes service "
	"portals\" -j KUBE-SERVICES\n"
	"-A FORWARD -m conntrack --ctstate NEW -m comment --comment \"kubernetes "
	"externally-visible service portals\" -j KUBE-EXTERNAL-SERVICES\n"
	"-A OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes load balancer "
	"firewall\" -j KUBE-PROXY-FIREWALL\n"
	"-A OUTPUT -m conntrack --ctstate NEW -m comment --comment \"kubernetes service portals\" "
	"-j KUBE-SERVICES\n";

static const char filter_tail[] =
	"-A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP\n"
	"-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding rules\" -m mark --mark "
	"0x4000/0x4000 -j ACCEPT\n"
	"-A KUBE-FORWARD -m comment --comment \"kubernetes forwarding conntrack rule\" -m "
	"conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
	"COMMIT\n";

static const char nat_head[] = "*nat\n"
			       ":PREROUTING ACCEPT [0:0]\n"
			       ":INPUT ACCEPT [0:0]\n"
			       ":OUTPUT ACCEPT [0:0]\n"
			       ":POSTROUTING ACCEPT [0:0]\n";

static const char nat_chains[] = ":KUBE-SERVICES - [0:0]\n"
				 ":KUBE-NODEPORTS - [0:0]\n"
				 ":KUBE-POSTROUTING - [0:0]\n"
				 ":KUBE-MARK-MASQ - [0:0]\n";

static const char nat_jumps[] =
	"-A PREROUTING -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
	"-A OUTPUT -m comment --comment \"kubernetes service portals\" -j KUBE-SERVICES\n"
	"-A POSTROUTING -m comment --comment \"kubernetes postrouting rules\" -j "
	"KUBE-POSTROUTING\n";

static const char nat_base[] =
	"-A KUBE-POSTROUTING -m mark ! --mark 0x00004000/0x00004000 -j RETURN\n"
	"-A KUBE-POSTROUTING -j MARK --xor-mark 0x00004000\n"
	"-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" "
	"-j MASQUERADE --random-fully\n"
	"-A KUBE-MARK-MASQ -j MARK --or-mark 0x00004000\n";

static const char nat_tail[] =
	"-A KUBE-SERVICES -m comment --comment \"kubernetes service nodeports; NOTE: this must be "
	"the last rule in this chain\" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS\n"
	"COMMIT\n";

struct writer {
	FILE *out;
	const struct proxy_params *proxy;
	char pod_cidr[PROXY_ADDRESS_BYTES + 4];
};

struct chain {
	char hash[PROXY_HASH_MAX + 1];
};

/* What the names of its chains are made of. */
static const char *chain_owner(const struct proxy_service_text *service)
{
	return service->shared ? "ns1/fillers:p80" : service->name;
}

static bool has_own_chains(const struct proxy_service_text *service)
{
	return !service->shared || service->first_shared;
}

static struct chain service_chain(const struct proxy_service_text *service)
{
	struct chain chain;
	char text[PROXY_NAME_BYTES];

	snprintf(text, sizeof(text), "%s%s", chain_owner(service), service->protocol);
	proxy_hash(text, chain.hash, PROXY_HASH_MAX);
	return chain;
}

static struct chain endpoint_chain(const struct proxy_service_text *service,
				   const struct proxy_endpoint_text *endpoint)
{
	struct chain chain;
	char text[PROXY_NAME_BYTES];

	snprintf(text, sizeof(text), "%s%s%s:%u", chain_owner(service), service->protocol,
		 endpoint->address, endpoint->port);
	proxy_hash(text, chain.hash, PROXY_HASH_MAX);
	return chain;
}

static void write_reject(const struct writer *writer, const struct proxy_service_text *service)
{
	fprintf(writer->out,
		"-A KUBE-SERVICES -m comment --comment \"%s has no endpoints\" -m %s -p %s -d %s "
		"--dport %u -j REJECT\n",
		service->name, service->protocol, service->protocol, service->address,
		service->port);
	if (service->node_port)
		fprintf(writer->out,
			"-A KUBE-EXTERNAL-SERVICES -m comment --comment \"%s has no endpoints\" -m "
			"addrtype --dst-type LOCAL -m %s -p %s --dport %u -j REJECT\n",
			service->name, service->protocol, service->protocol, service->node_port);
}

static void write_chains(const struct writer *writer, const struct proxy_service_text *service)
{
	struct chain chain = service_chain(service);

	if (!has_own_chains(service))
		return;
	fprintf(writer->out, ":KUBE-SVC-%s - [0:0]\n", chain.hash);
	if (service->node_port)
		fprintf(writer->out, ":KUBE-EXT-%s - [0:0]\n", chain.hash);
	for (uint64_t i = 0; i < service->endpoints; i++) {
		struct proxy_endpoint_text endpoint;

		proxy_endpoint_text(writer->proxy, i, &endpoint);
		fprintf(writer->out, ":KUBE-SEP-%s - [0:0]\n",
			endpoint_chain(service, &endpoint).hash);
	}
}

/* What stands in the chains that all services share. */
static void write_entry(const struct writer *writer, const struct proxy_service_text *service)
{
	struct chain chain = service_chain(service);

	fprintf(writer->out,
		"-A KUBE-SERVICES -m comment --comment \"%s cluster IP\" -m %s -p %s -d %s --dport "
		"%u -j KUBE-SVC-%s\n",
		service->name, service->protocol, service->protocol, service->address,
		service->port, chain.hash);
	if (service->node_port)
		fprintf(writer->out,
			"-A KUBE-NODEPORTS -m comment --comment %s -m %s -p %s --dport %u -j "
			"KUBE-EXT-%s\n",
			service->name, service->protocol, service->protocol, service->node_port,
			chain.hash);
}

static void write_external(const struct writer *writer, const struct proxy_service_text *service,
			   const struct chain *chain)
{
	fprintf(writer->out,
		"-A KUBE-EXT-%s -m comment --comment \"masquerade traffic for %s external "
		"destinations\" -j KUBE-MARK-MASQ\n"
		"-A KUBE-EXT-%s -j KUBE-SVC-%s\n",
		chain->hash, service->name, chain->hash, chain->hash);
}

static void write_affinity(const struct writer *writer, const struct proxy_service_text *service,
			   const struct chain *chain)
{
	for (uint64_t i = 0; i < service->endpoints; i++) {
		struct proxy_endpoint_text endpoint;
		struct chain to;

		proxy_endpoint_text(writer->proxy, i, &endpoint);
		to = endpoint_chain(service, &endpoint);
		fprintf(writer->out,
			"-A KUBE-SVC-%s -m comment --comment \"%s -> %s:%u\" -m recent --name "
			"KUBE-SEP-%s --rcheck --seconds %" PRIu64 " --reap -j KUBE-SEP-%s\n",
			chain->hash, service->name, endpoint.address, endpoint.port, to.hash,
			writer->proxy->affinity_s, to.hash);
	}
}

/* Each gets the same share: the first of n every n-th packet, the next every (n-1)-th of the rest.
 */
static void write_choice(const struct writer *writer, const struct proxy_service_text *service,
			 const struct chain *chain)
{
	for (uint64_t i = 0; i < service->endpoints; i++) {
		struct proxy_endpoint_text endpoint;

		proxy_endpoint_text(writer->proxy, i, &endpoint);
		fprintf(writer->out, "-A KUBE-SVC-%s -m comment --comment \"%s -> %s:%u\"",
			chain->hash, service->name, endpoint.address, endpoint.port);
		if (i + 1 < service->endpoints)
			fprintf(writer->out, " -m statistic --mode random --probability %0.10f",
				1.0 / (double)(service->endpoints - i));
		fprintf(writer->out, " -j KUBE-SEP-%s\n", endpoint_chain(service, &endpoint).hash);
	}
}

static void write_endpoint(const struct writer *writer, const struct proxy_service_text *service,
			   uint64_t index)
{
	struct proxy_endpoint_text endpoint;
	struct chain chain;

	proxy_endpoint_text(writer->proxy, index, &endpoint);
	chain = endpoint_chain(service, &endpoint);
	fprintf(writer->out,
		"-A KUBE-SEP-%s -m comment --comment %s -s %s -j KUBE-MARK-MASQ\n"
		"-A KUBE-SEP-%s -m comment --comment %s",
		chain.hash, service->name, endpoint.address, chain.hash, service->name);
	if (writer->proxy->affinity_s)
		fprintf(writer->out, " -m recent --name KUBE-SEP-%s --set", chain.hash);
	fprintf(writer->out, " -m %s -p %s -j DNAT --to-destination %s:%u\n", service->protocol,
		service->protocol, endpoint.address, endpoint.port);
}

/* What stands in the service's own. */
static void write_own(const struct writer *writer, const struct proxy_service_text *service)
{
	struct chain chain = service_chain(service);

	if (!has_own_chains(service))
		return;
	fprintf(writer->out,
		"-A KUBE-SVC-%s -m comment --comment \"%s cluster IP\" -m %s -p %s -d %s --dport "
		"%u ! -s %s -j KUBE-MARK-MASQ\n",
		chain.hash, service->name, service->protocol, service->protocol,
		service->shared ? "10.96.0.0/12" : service->address, service->port,
		writer->pod_cidr);
	if (service->node_port)
		write_external(writer, service, &chain);
	if (writer->proxy->affinity_s)
		write_affinity(writer, service, &chain);
	write_choice(writer, service, &chain);
	for (uint64_t i = 0; i < service->endpoints; i++)
		write_endpoint(writer, service, i);
}

static void write_service(const struct writer *writer, const struct proxy_service_text *service)
{
	write_entry(writer, service);
	write_own(writer, service);
}

static void for_each(const struct writer *writer,
		     void (*write)(const struct writer *, const struct proxy_service_text *))
{
	for (uint64_t i = 0; i < writer->proxy->services; i++) {
		struct proxy_service_text service;

		proxy_service_text(writer->proxy, i, &service);
		write(writer, &service);
	}
}

static struct writer make_writer(FILE *out, const struct proxy_rules *rules)
{
	struct writer writer = { .out = out, .proxy = rules->params };

	address_format(&rules->params->pod_cidr, writer.pod_cidr, sizeof(writer.pod_cidr));
	return writer;
}

void proxy_write_iptables(FILE *out, const struct proxy_rules *rules)
{
	struct writer writer = make_writer(out, rules);
	bool served = rules->params->endpoints > 0;

	fputs(filter_head, out);
	fputs(filter_chains, out);
	fputs(filter_jumps, out);
	if (!served)
		for_each(&writer, write_reject);
	fputs(filter_tail, out);
	fputs(nat_head, out);
	fputs(nat_chains, out);
	if (served)
		for_each(&writer, write_chains);
	fputs(nat_jumps, out);
	fputs(nat_base, out);
	if (served)
		for_each(&writer, write_service);
	fputs(nat_tail, out);
}

/* Chains that all services share are written again, whole; of the others only those of the new
 * one (KEP-3453). */
void proxy_write_iptables_last(FILE *out, const struct proxy_rules *rules)
{
	struct writer writer = make_writer(out, rules);
	bool served = rules->params->endpoints > 0;
	struct proxy_service_text last;

	proxy_service_text(rules->params, rules->params->services - 1, &last);
	fputs("*filter\n", out);
	fputs(filter_chains, out);
	if (!served)
		for_each(&writer, write_reject);
	fputs(filter_tail, out);
	fputs("*nat\n", out);
	fputs(nat_chains, out);
	if (served)
		write_chains(&writer, &last);
	fputs(nat_base, out);
	if (served) {
		for_each(&writer, write_entry);
		write_own(&writer, &last);
	}
	fputs(nat_tail, out);
}

void proxy_write_iptables_none(FILE *out, const struct proxy_rules *rules)
{
	(void)rules;
	fputs("*filter\nCOMMIT\n*nat\nCOMMIT\n", out);
}
