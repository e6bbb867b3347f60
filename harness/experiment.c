// SPDX-License-Identifier: GPL-2.0-only
#include "harness/experiment.h"

#include "bpf/probe.h"
#include "harness/claim.h"
#include "harness/experiment_until.h"

#include <math.h>
#include <string.h>

#define DEFAULT_INTERVAL_US 1000

#define PROBE_AT(index_)                                                                           \
	&(const struct jpath)                                                                      \
	{                                                                                          \
		.up = &(const struct jpath){ .key = "probes" }, .index = (index_)                  \
	}

struct checker {
	struct experiment *experiment;
	struct diag *diag;
};

static size_t check_node(struct checker *checker, const char *name, const char *path)
{
	const struct topology *topology = checker->experiment->topology;
	long node = name ? topology_find_node(topology, name) : -1;
	const char *near;

	if (node >= 0 || !name)
		return node < 0 ? SIZE_MAX : (size_t)node;
	near = topology_nearest_node(topology, name);
	diag_add_path(checker->diag, path, DIAG_VALUE,
		      "the topology \"%s\" has no node \"%s\"%s%s%s", topology->name, name,
		      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	return SIZE_MAX;
}

static struct address check_address(struct checker *checker, size_t node, const char *path)
{
	const struct topology *topology = checker->experiment->topology;
	const struct load_common *common = checker->experiment->load.common;
	sa_family_t family = common->family ? AF_INET6 : AF_INET;
	const struct address *found;
	struct address address = {};

	if (node == SIZE_MAX)
		return address;
	found = topology_find_address(topology, node, family);
	if (!found) {
		diag_add_path(checker->diag, path, DIAG_VALUE, "node \"%s\" has no %s address",
			      ((const struct topo_node *)topology->nodes.items)[node].name,
			      family == AF_INET ? "IPv4" : "IPv6");
		return address;
	}
	address = *found;
	address.prefix_length = family == AF_INET ? 32 : 128;
	return address;
}

static uint64_t port_mtu(const struct topology *topology, const struct topo_place *place)
{
	const struct topo_port *port = topology_find_port(topology, place->node, place->device);

	return port && port->mtu ? port->mtu : 1500;
}

static uint64_t packet_bytes(const struct experiment *experiment)
{
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;

	return ops->packet_bytes(experiment->load.common, experiment->load.params);
}

/* False after a fault. */
static bool check_fits(struct checker *checker, const struct topo_place *place)
{
	uint64_t bytes = packet_bytes(checker->experiment);
	uint64_t mtu = port_mtu(checker->experiment->topology, place);

	if (bytes <= mtu)
		return true;
	diag_add_path(checker->diag, "load.size", DIAG_VALUE,
		      "a packet of %llu bytes is over the path's MTU of %llu (device %s)",
		      (unsigned long long)bytes, (unsigned long long)mtu, place->device);
	return false;
}

/* A stamp is found only in a packet that is whole: fragments would be counted as losses. */
static void check_size(struct checker *checker)
{
	const struct list *path = &checker->experiment->topology->path;
	const struct topo_point *points = path->items;

	for (size_t i = 0; i < path->count; i++)
		for (size_t j = 0; j < points[i].place_count; j++)
			if (!check_fits(checker, &points[i].places[j]))
				return;
}

static void check_suits(struct checker *checker, const struct load_ops *ops)
{
	const struct experiment *experiment = checker->experiment;
	const struct load_pass pass = { .common = experiment->load.common,
					.params = experiment->load.params,
					.destination = experiment->destination,
					.sink = experiment->sink };
	bool known = experiment->from_node != SIZE_MAX && experiment->to_node != SIZE_MAX &&
		     experiment->destination.family != AF_UNSPEC;
	struct err err = {};

	if (known && ops->suits && ops->suits(&pass, experiment->topology, &err))
		diag_add_path(checker->diag, "load", DIAG_VALUE, "%s", err.text);
}

static void check_receiver(struct checker *checker)
{
	const struct experiment *experiment = checker->experiment;
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;

	if (experiment->cpus && experiment->cpus->receiver != CPU_ANY &&
	    !load_has_receiver(ops, experiment->sink))
		diag_add_path(checker->diag, "cpus.receiver", DIAG_VALUE,
			      "no process of %s receives here: the kernel does, where "
			      "\"softirq\" says",
			      ops->kind.name);
}

static void check_load(struct checker *checker)
{
	struct experiment *experiment = checker->experiment;
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;
	const struct load_common *common = experiment->load.common;
	const char *message;

	if (!ops || !common)
		return;
	experiment->from_node = check_node(checker, common->from, "load.from");
	experiment->to_node = check_node(checker, common->to, "load.to");
	/* It must have one; which one, the kernel picks by its route, as for any program. */
	check_address(checker, experiment->from_node, "load.from");
	experiment->source_address =
		(struct address){ .family = common->family ? AF_INET6 : AF_INET };
	experiment->destination = common->address;
	if (common->address.family == AF_UNSPEC)
		experiment->destination = check_address(checker, experiment->to_node, "load.to");
	else if (common->address.family != (common->family ? AF_INET6 : AF_INET))
		diag_add_path(checker->diag, "load.address", DIAG_VALUE,
			      "not of the load's family, which is \"%s\"",
			      common->family ? "ipv6" : "ipv4");
	message = load_choose_sink(ops, common, experiment->load.params, &experiment->sink);
	if (message)
		diag_add_path(checker->diag, "load.sink", DIAG_VALUE, "%s: %s", ops->kind.name,
			      message);
	check_receiver(checker);
	if (experiment->sink > LOAD_SINK_SOCKET && experiment->to_node != SIZE_MAX &&
	    !topology_find_address_device(experiment->topology, experiment->to_node,
					  &experiment->destination))
		diag_add_path(checker->diag, "load.sink", DIAG_VALUE,
			      "no device of node \"%s\" has the load's address", common->to);
	message = ops->check && common->from && common->to
			  ? ops->check(common, experiment->load.params)
			  : NULL;
	if (message)
		diag_add_path(checker->diag, "load", DIAG_VALUE, "%s", message);
	check_size(checker);
	check_suits(checker, ops);
}

/* Until a time is up: how many that will be is not known beforehand. */
static void check_open_end(struct checker *checker, bool bulk)
{
	struct experiment *experiment = checker->experiment;

	if (!bulk)
		diag_add_path(checker->diag, "duration_s", DIAG_VALUE,
			      "needs a load.rate or load.interval_us: %s goes at the pace of its "
			      "replies",
			      experiment->load.kind->name);
	experiment->duration_ns = (uint64_t)(experiment->duration_s * 1e9);
	experiment->packets = (uint64_t)EXPERIMENT_BULK_MAX;
}

static void check_count(struct checker *checker, const char *path, double packets, bool bulk)
{
	double most = bulk ? EXPERIMENT_BULK_MAX : EXPERIMENT_PACKETS_MAX;

	if (packets < 1 || packets > most)
		diag_add_path(checker->diag, path, DIAG_VALUE,
			      "makes %.0f packets, outside 1..%.0f", floor(packets), most);
	else
		checker->experiment->packets = (uint64_t)packets;
}

static void check_length(struct checker *checker)
{
	struct experiment *experiment = checker->experiment;
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;
	double duration_ps = experiment->duration_s * 1e12;
	bool bulk;

	experiment->packets = 1;
	if (!ops || !experiment->load.common)
		return;
	bulk = load_is_bulk(ops, experiment->load.common, experiment->load.params);
	experiment->interval_ps =
		load_interval_ps(ops, experiment->load.common, experiment->load.params);
	if (experiment->interval_ps > QUANTITY_INTERVAL_MAX_PS)
		diag_add_path(checker->diag, "load.rate", DIAG_VALUE,
			      "is slower than a packet a minute");
	else if (experiment->duration_s == 0)
		check_count(checker, "iterations", (double)experiment->iterations, bulk);
	else if (!experiment->interval_ps)
		check_open_end(checker, bulk);
	else
		check_count(checker, "duration_s", duration_ps / (double)experiment->interval_ps,
			    bulk);
}

json_t *experiment_fill(const json_t *json)
{
	json_t *filled = field_fill(experiment_fields, json);
	json_t *load = json_object_get(filled, "load");

	if (json_is_object(json_object_get(filled, "until")))
		json_object_del(filled, "batches");
	if (load && !json_object_get(load, "rate") && !json_object_get(load, "interval_us"))
		json_object_set_new(load, "interval_us", json_integer(DEFAULT_INTERVAL_US));
	return filled;
}

static double rate_pps(const struct experiment *experiment, const struct rate *rate)
{
	struct load_common common = *(const struct load_common *)experiment->load.common;

	common.rate = *rate;
	return 1e12 / (double)load_interval_ps((const struct load_ops *)experiment->load.kind,
					       &common, experiment->load.params);
}

/* Millions of packets, at rates of its own. */
static void check_search(struct checker *checker)
{
	struct experiment *experiment = checker->experiment;
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;
	const struct experiment_search *search = experiment->search;

	if (!search || !ops || !experiment->load.common)
		return;
	if (!load_is_bulk(ops, experiment->load.common, experiment->load.params))
		diag_add_path(checker->diag, "search", DIAG_VALUE,
			      "needs a one-way load with a rate, which this %s is not",
			      ops->kind.name);
	if (experiment->probes.count)
		diag_add_path(checker->diag, "probes", DIAG_VALUE,
			      "a search is for loads alone: no probe is run");
	if (search->from.unit == RATE_MAX || search->to.unit == RATE_MAX) {
		diag_add_path(checker->diag, "search", DIAG_VALUE,
			      "\"max\" is no end of a search: say a rate");
		return;
	}
	experiment->search_pps[0] = rate_pps(experiment, &search->from);
	experiment->search_pps[1] = rate_pps(experiment, &search->to);
	if (experiment->search_pps[0] >= experiment->search_pps[1])
		diag_add_path(checker->diag, "search", DIAG_VALUE, "from is not below to");
	else
		check_count(checker, "search", experiment->search_pps[1] * search->trial_s, true);
}

/* The default of one depends on the other's absence, which no table can say. */
static void check_rate(struct checker *checker, const json_t *load)
{
	struct load_common *common = checker->experiment->load.common;
	bool has_interval = json_object_get(load, "interval_us");

	if (!common)
		return;
	if (common->rate.unit != RATE_NONE && has_interval)
		diag_add_path(checker->diag, "load.rate", DIAG_VALUE,
			      "there is a load.interval_us too: one of the two says how fast");
	if (common->rate.unit == RATE_NONE && !has_interval)
		common->interval_us = DEFAULT_INTERVAL_US;
}

/* Two of a kind would give each sample twice. */
static void check_probe_twice(struct checker *checker, size_t index)
{
	const struct chosen *probes = checker->experiment->probes.items;

	for (size_t i = 0; i < index; i++)
		if (probes[i].kind && probes[i].kind == probes[index].kind) {
			diag_add(checker->diag, PROBE_AT(index), DIAG_VALUE,
				 "the probe \"%s\" is in the list already",
				 probes[index].kind->name);
			return;
		}
}

static void check_probe(struct checker *checker, size_t index, const struct probe_ops *ops)
{
	const struct experiment *experiment = checker->experiment;
	const struct chosen *probe = &((const struct chosen *)experiment->probes.items)[index];
	char message[256] = "";

	if (ops->needs_path && !experiment->topology->path.count)
		diag_add(checker->diag, PROBE_AT(index), DIAG_VALUE,
			 "\"%s\" needs a path, and the topology \"%s\" declares none",
			 ops->kind.name, experiment->topology->name);
	if (ops->alone && experiment->probes.count > 1 && probe->params &&
	    ops->alone(probe->params))
		diag_add(checker->diag, PROBE_AT(index), DIAG_VALUE,
			 "\"%s\" is taken alone: its programs would be in what others measure",
			 ops->kind.name);
	if (ops->check)
		ops->check(probe->params, experiment->topology, message, sizeof(message));
	if (*message)
		diag_add(checker->diag, PROBE_AT(index), DIAG_VALUE, "%s", message);
}

static void check_probes(struct checker *checker)
{
	const struct experiment *experiment = checker->experiment;
	const struct chosen *probes = experiment->probes.items;

	for (size_t i = 0; i < experiment->probes.count && i < EXPERIMENT_PROBES_MAX; i++) {
		const struct probe_ops *ops = (const struct probe_ops *)probes[i].kind;

		check_probe_twice(checker, i);
		if (ops)
			check_probe(checker, i, ops);
	}
}

/* Beyond it the list has its fault already, and a hostile one must not cost its square. */
static size_t claim_count(const struct checker *checker)
{
	size_t count = checker->experiment->claims.count;

	return count < EXPERIMENT_CLAIMS_MAX ? count : EXPERIMENT_CLAIMS_MAX;
}

/* What a test speaks of is more than its table can say: series, factors. */
static void check_selections(struct checker *checker, json_t *json, struct arena *arena)
{
	const struct chosen *claims = checker->experiment->claims.items;
	const struct jpath root = { .key = "claims" };

	for (size_t i = 0; i < claim_count(checker); i++)
		if (claims[i].kind)
			claim_check(claims[i].kind, json_array_get(json, i),
				    &(const struct jpath){ .up = &root, .index = i }, arena,
				    checker->diag);
}

static void check_claims(struct checker *checker)
{
	const struct chosen *claims = checker->experiment->claims.items;

	for (size_t i = 0; i < claim_count(checker); i++)
		for (size_t j = 0; j < i; j++) {
			const struct claim_common *a = claims[i].common, *b = claims[j].common;
			char path[64];

			if (!a || !b || !a->id || !b->id || strcmp(a->id, b->id))
				continue;
			snprintf(path, sizeof(path), "claims[%zu].id", i);
			diag_add_path(checker->diag, path, DIAG_VALUE,
				      "\"%s\" names an earlier claim already", a->id);
		}
}

const struct experiment *experiment_parse(json_t *json, json_t *topology_json, struct arena *arena,
					  struct diag *diag, struct diag *topology_diag)
{
	struct experiment *experiment = arena_alloc(arena, sizeof(*experiment));
	struct checker checker = { experiment, diag };
	size_t before = diag_count(topology_diag);

	field_parse(experiment_fields, json, NULL, experiment, arena, diag);
	if (experiment->cpus)
		cpus_mark_absent(experiment->cpus, json_object_get(json, "cpus"));
	check_rate(&checker, json_object_get(json, "load"));
	check_length(&checker);
	check_search(&checker);
	experiment_check_until(experiment, json, diag);
	check_claims(&checker);
	check_selections(&checker, json_object_get(json, "claims"), arena);
	if (!topology_json)
		return experiment;
	experiment->topology = topology_parse(topology_json, arena, topology_diag);
	if (diag_count(topology_diag) == before) {
		check_load(&checker);
		check_probes(&checker);
	}
	return experiment;
}
