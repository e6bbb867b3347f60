// SPDX-License-Identifier: GPL-2.0-only
/*
 * As kubernetes/pkg/proxy/nftables/proxier.go writes them: 1.31 to 1.35 with a chain for each
 * endpoint and one that marks, from 1.36 on with a map of endpoints and a set of those that may
 * talk to themselves, from 1.37 on without a map where there is one endpoint.
 */
#include "topologies/proxy_rules.h"

#include "harness/field.h"

#include <inttypes.h>
#include <string.h>

#define TABLE "ip kube-proxy"
#define HASH_CHARACTERS 8

static const char base_chains[] =
	"add table " TABLE " { comment \"rules for kube-proxy\" ; }\n"
	"add chain " TABLE " filter-prerouting-pre-dnat { type filter hook prerouting priority "
	"-110 ; }\n"
	"add chain " TABLE " filter-output-pre-dnat { type filter hook output priority -110 ; }\n"
	"add chain " TABLE " filter-input { type filter hook input priority 0 ; }\n"
	"add chain " TABLE " filter-forward { type filter hook forward priority 0 ; }\n"
	"add chain " TABLE " filter-output { type filter hook output priority 0 ; }\n"
	"add chain " TABLE " nat-prerouting { type nat hook prerouting priority -100 ; }\n"
	"add chain " TABLE " nat-output { type nat hook output priority -100 ; }\n"
	"add chain " TABLE " nat-postrouting { type nat hook postrouting priority 100 ; }\n"
	"add chain " TABLE " services\n"
	"add chain " TABLE " service-endpoints-check\n"
	"add chain " TABLE " nodeport-endpoints-check\n"
	"add chain " TABLE " firewall-check\n"
	"add chain " TABLE " cluster-ips-check\n"
	"add chain " TABLE " masquerading\n";

static const char base_sets[] =
	"add chain " TABLE " reject-chain { comment \"helper for @no-endpoint-services / "
	"@no-endpoint-nodeports\" ; }\n"
	"add set " TABLE " cluster-ips { type ipv4_addr ; comment \"Active ClusterIPs\" ; }\n"
	"add set " TABLE " nodeport-ips { type ipv4_addr ; comment \"IPs that accept NodePort "
	"traffic\" ; }\n"
	"add map " TABLE " service-ips { type ipv4_addr . inet_proto . inet_service : verdict ; "
	"comment \"ClusterIP, ExternalIP and LoadBalancer IP traffic\" ; }\n"
	"add map " TABLE " service-nodeports { type inet_proto . inet_service : verdict ; comment "
	"\"NodePort traffic\" ; }\n"
	"add map " TABLE " no-endpoint-services { type ipv4_addr . inet_proto . inet_service : "
	"verdict ; comment \"vmap to drop or reject packets to services with no endpoints\" ; }\n"
	"add map " TABLE " no-endpoint-nodeports { type inet_proto . inet_service : verdict ; "
	"comment \"vmap to drop or reject packets to service nodeports with no endpoints\" ; }\n"
	"add map " TABLE " firewall-ips { type ipv4_addr . inet_proto . inet_service : verdict ; "
	"comment \"destinations that are subject to LoadBalancerSourceRanges\" ; }\n";

static const char hairpin_set[] = "add set " TABLE " hairpin-connections { type ipv4_addr . "
				  "ipv4_addr . inet_proto . inet_service ; }\n";

static const char base_rules[] =
	"add rule " TABLE " filter-prerouting-pre-dnat ct state new jump firewall-check\n"
	"add rule " TABLE " filter-output-pre-dnat ct state new jump firewall-check\n"
	"add rule " TABLE " filter-input ct state new jump nodeport-endpoints-check\n"
	"add rule " TABLE " filter-input ct state new jump service-endpoints-check\n"
	"add rule " TABLE " filter-forward ct state new jump service-endpoints-check\n"
	"add rule " TABLE " filter-forward ct state new jump cluster-ips-check\n"
	"add rule " TABLE " filter-output ct state new jump service-endpoints-check\n"
	"add rule " TABLE " filter-output ct state new jump cluster-ips-check\n"
	"add rule " TABLE " nat-prerouting jump services\n"
	"add rule " TABLE " nat-output jump services\n"
	"add rule " TABLE " nat-postrouting jump masquerading\n"
	"add rule " TABLE " cluster-ips-check ip daddr @cluster-ips reject comment \"Reject "
	"traffic to invalid ports of ClusterIPs\"\n"
	"add rule " TABLE " cluster-ips-check ip daddr { 10.96.0.0/12 } drop comment \"Drop "
	"traffic to unallocated ClusterIPs\"\n"
	"add rule " TABLE " firewall-check ip daddr . meta l4proto . th dport vmap @firewall-ips\n"
	"add rule " TABLE " reject-chain reject\n"
	"add rule " TABLE " service-endpoints-check ip daddr . meta l4proto . th dport vmap "
	"@no-endpoint-services\n"
	"add rule " TABLE " nodeport-endpoints-check ip daddr @nodeport-ips meta l4proto . th "
	"dport vmap @no-endpoint-nodeports\n";

static const char marking_rules[] =
	"add rule " TABLE " mark-for-masquerade mark set mark or 0x4000\n"
	"add rule " TABLE " masquerading mark and 0x4000 == 0 return\n"
	"add rule " TABLE " masquerading mark set mark xor 0x4000\n"
	"add rule " TABLE " masquerading masquerade fully-random\n";

static const char hairpin_rules[] =
	"add rule " TABLE " masquerading mark and 0x4000 != 0 mark set mark xor 0x4000 masquerade "
	"fully-random\n"
	"add rule " TABLE " masquerading ct status dnat ip saddr . ip daddr . meta l4proto . th "
	"dport @hairpin-connections masquerade fully-random\n";

static const char dispatch_rules[] =
	"add rule " TABLE " services ip daddr . meta l4proto . th dport vmap @service-ips\n"
	"add rule " TABLE " services ip daddr @nodeport-ips meta l4proto . th dport vmap "
	"@service-nodeports\n";

struct writer {
	FILE *out;
	const struct proxy_params *proxy;
	bool marks; /* 1.31: a chain marks what is to be masqueraded */
	bool chains; /* endpoints have a chain each */
	char pod_cidr[PROXY_ADDRESS_BYTES + 4];
};

/* "ULMVA6XW-ns1/svc1/tcp/p80", and of an endpoint "…__198.18.2.1/8080": what comes after
 * "service-", "external-", "endpoint-", "affinity-". */
struct name {
	char text[PROXY_NAME_BYTES];
};

static void add_hash(struct name *name)
{
	char hash[PROXY_HASH_MAX + 1];

	proxy_hash(name->text + HASH_CHARACTERS + 1, hash, HASH_CHARACTERS);
	memcpy(name->text, hash, HASH_CHARACTERS);
	name->text[HASH_CHARACTERS] = '-';
}

/* "ns1/svc1:p80" becomes "ns1/svc1/tcp/p80". */
static size_t print_path(const struct proxy_service_text *service, struct name *name)
{
	size_t before = strcspn(service->name, ":");

	return HASH_CHARACTERS + 1 +
	       (size_t)snprintf(name->text + HASH_CHARACTERS + 1,
				sizeof(name->text) - HASH_CHARACTERS - 1, "%.*s/%s/%s", (int)before,
				service->name, service->protocol, service->name + before + 1);
}

static struct name service_name(const struct proxy_service_text *service)
{
	struct name name;

	print_path(service, &name);
	add_hash(&name);
	return name;
}

static struct name endpoint_name(const struct proxy_service_text *service,
				 const struct proxy_endpoint_text *endpoint)
{
	struct name name;
	size_t length = print_path(service, &name);

	snprintf(name.text + length, sizeof(name.text) - length, "__%s/%u", endpoint->address,
		 endpoint->port);
	add_hash(&name);
	return name;
}

static bool is_direct(const struct writer *writer, const struct proxy_service_text *service)
{
	return service->endpoints == 1 && !writer->proxy->affinity_s &&
	       (service->filler || writer->proxy->shape >= PROXY_SHAPE_1_37);
}

static bool has_chains(const struct writer *writer, const struct proxy_service_text *service)
{
	return writer->chains && !is_direct(writer, service);
}

static void write_base(const struct writer *writer, const char *node_address)
{
	FILE *out = writer->out;

	fputs(base_chains, out);
	if (writer->marks)
		fputs("add chain " TABLE " mark-for-masquerade\n", out);
	fputs(base_sets, out);
	if (!writer->marks)
		fputs(hairpin_set, out);
	fputs(base_rules, out);
	fputs(writer->marks ? marking_rules : hairpin_rules, out);
	if (!writer->marks)
		fprintf(out,
			"add rule " TABLE
			" services ip daddr @cluster-ips ip saddr != %s mark set mark or 0x4000 "
			"comment \"masquerade clusterIP traffic from outside cluster\"\n",
			writer->pod_cidr);
	fputs(dispatch_rules, out);
	if (node_address[0])
		fprintf(out, "add element " TABLE " nodeport-ips { %s }\n", node_address);
}

/* Services share their endpoints: one set serves all. */
static void write_hairpins(const struct writer *writer)
{
	struct proxy_service_text service;

	proxy_service_text(writer->proxy, 0, &service);
	for (uint64_t i = 0; i < writer->proxy->endpoints; i++) {
		struct proxy_endpoint_text endpoint;

		proxy_endpoint_text(writer->proxy, i, &endpoint);
		fprintf(writer->out,
			"add element " TABLE " hairpin-connections { %s . %s . %s . %u }\n",
			endpoint.address, endpoint.address, service.protocol, endpoint.port);
	}
}

static void write_unserved(const struct writer *writer, const struct proxy_service_text *service)
{
	fprintf(writer->out,
		"add element " TABLE " cluster-ips { %s }\n"
		"add element " TABLE
		" no-endpoint-services { %s . %s . %u comment \"%s\" : goto reject-chain }\n",
		service->address, service->address, service->protocol, service->port,
		service->name);
	if (service->node_port)
		fprintf(writer->out,
			"add element " TABLE
			" no-endpoint-nodeports { %s . %u comment \"%s\" : goto reject-chain }\n",
			service->protocol, service->node_port, service->name);
}

static void write_chains(const struct writer *writer, const struct proxy_service_text *service,
			 const struct name *name)
{
	fprintf(writer->out, "add chain " TABLE " service-%s\n", name->text);
	if (service->node_port)
		fprintf(writer->out, "add chain " TABLE " external-%s\n", name->text);
	for (uint64_t i = 0; has_chains(writer, service) && i < service->endpoints; i++) {
		struct proxy_endpoint_text endpoint;
		struct name of;

		proxy_endpoint_text(writer->proxy, i, &endpoint);
		of = endpoint_name(service, &endpoint);
		fprintf(writer->out, "add chain " TABLE " endpoint-%s\n", of.text);
		if (writer->proxy->affinity_s)
			fprintf(writer->out,
				"add set " TABLE " affinity-%s { type ipv4_addr ; flags "
				"dynamic,timeout ; timeout %" PRIu64 "s ; }\n",
				of.text, writer->proxy->affinity_s);
	}
}

static void write_affinity(const struct writer *writer, const struct proxy_service_text *service,
			   const struct name *name)
{
	for (uint64_t i = 0; i < service->endpoints; i++) {
		struct proxy_endpoint_text endpoint;
		struct name to;

		proxy_endpoint_text(writer->proxy, i, &endpoint);
		to = endpoint_name(service, &endpoint);
		fprintf(writer->out,
			"add rule " TABLE " service-%s ip saddr @affinity-%s goto endpoint-%s\n",
			name->text, to.text, to.text);
	}
}

/* By a random number through a map, to chains or to addresses. */
static void write_choice(const struct writer *writer, const struct proxy_service_text *service,
			 const struct name *name)
{
	FILE *out = writer->out;

	fprintf(out, "add rule " TABLE " service-%s ", name->text);
	if (!writer->chains)
		fprintf(out, "meta l4proto %s dnat ip addr . port to ", service->protocol);
	fprintf(out, "numgen random mod %" PRIu64 " %s {", service->endpoints,
		writer->chains ? "vmap" : "map");
	for (uint64_t i = 0; i < service->endpoints; i++) {
		struct proxy_endpoint_text to;

		proxy_endpoint_text(writer->proxy, i, &to);
		fprintf(out, "%s %" PRIu64 " : ", i ? " ," : "", i);
		if (writer->chains)
			fprintf(out, "goto endpoint-%s", endpoint_name(service, &to).text);
		else
			fprintf(out, "%s . %u", to.address, to.port);
	}
	fputs(" }\n", out);
}

static void write_endpoint(const struct writer *writer, const struct proxy_service_text *service,
			   uint64_t index)
{
	struct proxy_endpoint_text endpoint;
	struct name name;

	proxy_endpoint_text(writer->proxy, index, &endpoint);
	name = endpoint_name(service, &endpoint);
	if (writer->marks)
		fprintf(writer->out,
			"add rule " TABLE " endpoint-%s ip saddr %s jump mark-for-masquerade\n",
			name.text, endpoint.address);
	if (writer->proxy->affinity_s)
		fprintf(writer->out,
			"add rule " TABLE " endpoint-%s update @affinity-%s { ip saddr }\n",
			name.text, name.text);
	fprintf(writer->out, "add rule " TABLE " endpoint-%s meta l4proto %s dnat to %s:%u\n",
		name.text, service->protocol, endpoint.address, endpoint.port);
}

static void write_direct(const struct writer *writer, const struct proxy_service_text *service,
			 const struct name *name)
{
	struct proxy_endpoint_text to;

	proxy_endpoint_text(writer->proxy, 0, &to);
	fprintf(writer->out, "add rule " TABLE " service-%s meta l4proto %s dnat to %s:%u\n",
		name->text, service->protocol, to.address, to.port);
}

static void write_node_port(const struct writer *writer, const struct proxy_service_text *service,
			    const struct name *name)
{
	fprintf(writer->out,
		"add rule " TABLE " external-%s %s\n"
		"add rule " TABLE " external-%s goto service-%s\n"
		"add element " TABLE " service-nodeports { %s . %u : goto external-%s }\n",
		name->text, writer->marks ? "jump mark-for-masquerade" : "mark set mark or 0x4000",
		name->text, name->text, service->protocol, service->node_port, name->text);
}

static void write_rules(const struct writer *writer, const struct proxy_service_text *service,
			const struct name *name)
{
	if (writer->marks)
		fprintf(writer->out,
			"add rule " TABLE " service-%s ip daddr %s %s dport %u ip saddr != %s jump "
			"mark-for-masquerade\n",
			name->text, service->address, service->protocol, service->port,
			writer->pod_cidr);
	if (writer->proxy->affinity_s)
		write_affinity(writer, service, name);
	if (is_direct(writer, service))
		write_direct(writer, service, name);
	else
		write_choice(writer, service, name);
	for (uint64_t i = 0; has_chains(writer, service) && i < service->endpoints; i++)
		write_endpoint(writer, service, i);
}

static void write_served(const struct writer *writer, const struct proxy_service_text *service)
{
	struct name name = service_name(service);

	write_chains(writer, service, &name);
	write_rules(writer, service, &name);
	if (service->node_port)
		write_node_port(writer, service, &name);
	fprintf(writer->out,
		"add element " TABLE " cluster-ips { %s }\n"
		"add element " TABLE " service-ips { %s . %s . %u : goto service-%s }\n",
		service->address, service->address, service->protocol, service->port, name.text);
}

static struct writer make_writer(FILE *out, const struct proxy_rules *rules)
{
	const struct proxy_params *proxy = rules->params;
	struct writer writer = {
		.out = out,
		.proxy = proxy,
		.marks = proxy->shape == PROXY_SHAPE_1_31,
		.chains = proxy->shape == PROXY_SHAPE_1_31 || proxy->affinity_s,
	};

	address_format(&proxy->pod_cidr, writer.pod_cidr, sizeof(writer.pod_cidr));
	return writer;
}

static void write_service(const struct writer *writer, uint64_t place)
{
	struct proxy_service_text service;

	proxy_service_text(writer->proxy, place, &service);
	if (service.endpoints)
		write_served(writer, &service);
	else
		write_unserved(writer, &service);
}

void proxy_write_nftables(FILE *out, const struct proxy_rules *rules)
{
	struct writer writer = make_writer(out, rules);

	write_base(&writer, rules->node_address);
	if (!writer.marks)
		write_hairpins(&writer);
	for (uint64_t i = 0; i < rules->params->services; i++)
		write_service(&writer, i);
}

void proxy_write_nftables_last(FILE *out, const struct proxy_rules *rules)
{
	struct writer writer = make_writer(out, rules);

	write_service(&writer, rules->params->services - 1);
}

void proxy_write_nftables_none(FILE *out, const struct proxy_rules *rules)
{
	(void)rules;
	fputs("delete table " TABLE "\n", out);
}
