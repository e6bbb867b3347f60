// SPDX-License-Identifier: GPL-2.0-only
#include "harness/experiment.h"

#include "bpf/probe.h"
#include "harness/claim.h"

#include <math.h>
#include <string.h>

#define PROBES_MAX 8
#define CLAIMS_MAX 100

#define PROBE_AT(index_)                                                                           \
	&(const struct jpath)                                                                      \
	{                                                                                          \
		.up = &(const struct jpath){ .key = "probes" }, .index = (index_)                  \
	}

static const char *const build_choices[] = { "batch", "cell", NULL };
static const char *const mode_choices[] = { "native", "vm", "exact", NULL };

static const struct field mode_element = { .name = "mode",
					   .type = FIELD_CHOICE,
					   .choices = mode_choices,
					   .help = "where the claim is tested" };

static const struct field claim_fields[] = { { .name = "id",
					       .type = FIELD_NAME,
					       .offset = offsetof(struct claim_common, id),
					       .help = "short name, unique in the file" },
					     { .name = "text",
					       .type = FIELD_STRING,
					       .offset = offsetof(struct claim_common, text),
					       .help = "what the source says, in its own words" },
					     { .name = "modes",
					       .type = FIELD_LIST,
					       .offset = offsetof(struct claim_common, modes),
					       .fallback = "[]",
					       .max = 3,
					       .element = &mode_element,
					       .size = sizeof(int),
					       .help = "where it is tested; empty: everywhere" },
					     FIELD_END };

static const struct field claim_element = { .name = "claim",
					    .type = FIELD_KIND,
					    .kinds = claim_kinds,
					    .discriminator = "test",
					    .fields = claim_fields,
					    .size = sizeof(struct claim_common),
					    .help = "a sentence of the source, tested" };
static const struct field probe_element = {
	.name = "probe", .type = FIELD_KIND, .kinds = probe_kinds, .help = "what measures"
};

const struct field experiment_fields[] = {
	{ .name = "name",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct experiment, name),
	  .help = "what it is called; its results go to results/NAME" },
	{ .name = "title",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct experiment, title),
	  .fallback = "\"\"",
	  .help = "one line for people: the charts' title" },
	{ .name = "source",
	  .type = FIELD_STRING,
	  .offset = offsetof(struct experiment, source),
	  .optional = true,
	  .help = "where the claims come from" },
	{ .name = "reference",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct experiment, reference),
	  .optional = true,
	  .help = "the source's own numbers: a table in results/reference/paper" },
	{ .name = "topology",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct experiment, topology_name),
	  .help = "name of a topology file, without .json" },
	{ .name = "load",
	  .type = FIELD_KIND,
	  .offset = offsetof(struct experiment, load),
	  .kinds = load_kinds,
	  .fields = load_common_fields,
	  .size = sizeof(struct load_common),
	  .help = "the traffic" },
	{ .name = "probes",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct experiment, probes),
	  .fallback = "[]",
	  .max = PROBES_MAX,
	  .element = &probe_element,
	  .size = sizeof(struct chosen),
	  .help = "what measures; without any only the load's own view is kept" },
	{ .name = "batches",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct experiment, batches),
	  .fallback = "10",
	  .min = 1,
	  .max = 10000,
	  .help = "independent repetitions; intervals are over batch means" },
	{ .name = "iterations",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct experiment, iterations),
	  .fallback = "100",
	  .min = 1,
	  .max = 10000000,
	  .unit = "packets",
	  .help = "packets or requests of a batch" },
	{ .name = "duration_s",
	  .type = FIELD_REAL,
	  .offset = offsetof(struct experiment, duration_s),
	  .optional = true,
	  .min = 0.001,
	  .max = 86400,
	  .unit = "s",
	  .help = "length of a batch, in place of iterations" },
	{ .name = "warmup",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct experiment, warmup),
	  .fallback = "10",
	  .min = 1,
	  .max = 1000000,
	  .unit = "packets",
	  .help = "packets sent before each batch and not measured" },
	{ .name = "seed",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct experiment, seed),
	  .fallback = "1",
	  .min = 0,
	  .max = 9007199254740992.0,
	  .help = "of the order in which cells are visited" },
	{ .name = "seeds",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct experiment, seeds),
	  .fallback = "10",
	  .min = 1,
	  .max = 1000,
	  .help = "in exact mode, how many boots, each with a seed of its own: the batches there" },
	{ .name = "build",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct experiment, build),
	  .fallback = "\"batch\"",
	  .choices = build_choices,
	  .help = "when namespaces are built: afresh for each batch, or once a cell where "
		  "building is dear" },
	{ .name = "loss_tolerance",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct experiment, loss_tolerance),
	  .fallback = "0",
	  .min = 0,
	  .max = 10000000,
	  .unit = "packets",
	  .help = "losses of each kind that a batch may have and still be valid" },
	{ .name = "sweep",
	  .type = FIELD_ANY,
	  .offset = offsetof(struct experiment, sweep),
	  .optional = true,
	  .help = "factors: an object of paths, each with a list of values, or of {\"label\", "
		  "\"set\": {path: value}} where values go together" },
	{ .name = "claims",
	  .type = FIELD_LIST,
	  .offset = offsetof(struct experiment, claims),
	  .fallback = "[]",
	  .max = CLAIMS_MAX,
	  .element = &claim_element,
	  .size = sizeof(struct chosen),
	  .help = "what the source says, tested on the measurement" },
	FIELD_END
};

struct checker {
	struct experiment *experiment;
	struct diag *diag;
};

static void fault(struct checker *checker, const char *path, const char *what, const char *name)
{
	diag_add_path(checker->diag, path, DIAG_VALUE, what, name);
}

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
	const struct load_common *common = experiment->load.common;

	return ops->payload_bytes(experiment->load.params) + 8 + (common->family ? 40 : 20);
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
		fault(checker, "load.address", "not of the load's family, which is \"%s\"",
		      common->family ? "ipv6" : "ipv4");
	message = ops->check ? ops->check(common, experiment->load.params) : NULL;
	if (message)
		fault(checker, "load", "%s", message);
	check_size(checker);
}

static void check_length(struct checker *checker)
{
	struct experiment *experiment = checker->experiment;
	const struct load_common *common = experiment->load.common;
	double packets;

	experiment->packets = experiment->iterations;
	if (experiment->duration_s == 0 || !common)
		return;
	packets = experiment->duration_s * 1e6 / (double)(common->interval_us ?: 1);
	if (!common->interval_us)
		diag_add_path(checker->diag, "duration_s", DIAG_VALUE,
			      "needs a load.interval_us that is not 0");
	else if (packets < 1 || packets > 10000000)
		diag_add_path(checker->diag, "duration_s", DIAG_VALUE,
			      "one packet each %llu us makes %.0f packets, outside 1..10000000",
			      (unsigned long long)common->interval_us, floor(packets));
	else
		experiment->packets = (uint64_t)packets;
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

static void check_probes(struct checker *checker)
{
	const struct experiment *experiment = checker->experiment;
	const struct chosen *probes = experiment->probes.items;

	for (size_t i = 0; i < experiment->probes.count && i < PROBES_MAX; i++) {
		const struct probe_ops *ops = (const struct probe_ops *)probes[i].kind;

		check_probe_twice(checker, i);
		if (!ops || !ops->needs_path || experiment->topology->path.count)
			continue;
		diag_add(checker->diag, PROBE_AT(i), DIAG_VALUE,
			 "\"%s\" needs a path, and the topology \"%s\" declares none",
			 ops->kind.name, experiment->topology->name);
	}
}

/* Beyond it the list has its fault already, and a hostile one must not cost its square. */
static size_t claim_count(const struct checker *checker)
{
	size_t count = checker->experiment->claims.count;

	return count < CLAIMS_MAX ? count : CLAIMS_MAX;
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
			fault(checker, path, "\"%s\" names an earlier claim already", a->id);
		}
}

const struct experiment *experiment_parse(json_t *json, json_t *topology_json, struct arena *arena,
					  struct diag *diag, struct diag *topology_diag)
{
	struct experiment *experiment = arena_alloc(arena, sizeof(*experiment));
	struct checker checker = { experiment, diag };
	size_t before = diag_count(topology_diag);

	field_parse(experiment_fields, json, NULL, experiment, arena, diag);
	check_length(&checker);
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
