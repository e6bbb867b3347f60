/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * An experiment file and its topology, parsed and checked: immutable, pure. One `struct
 * experiment` is one cell's worth: the plan makes one for each combination of its factors.
 */

#include "harness/minimum_effect.h"
#include "loadgen/load.h"
#include "topologies/topology.h"

#define EXPERIMENT_PROBES_MAX 8
#define EXPERIMENT_CLAIMS_MAX 100
/* Each packet's times are kept in memory and written out ... */
#define EXPERIMENT_PACKETS_MAX 10000000.0
/* ... unless the load is bulk: then as many as there are sequences, less those of warm-up. */
#define EXPERIMENT_BULK_MAX 2147483647.0

enum build_when {
	BUILD_BATCH, /* fresh namespaces for each batch: identical runs then agree */
	BUILD_CELL, /* once, kept up together, visited interleaved: where building is dear */
};

/* The highest rate without loss, in place of one rate: see search.h. */
struct experiment_search {
	struct rate from, to;
	double resolution, trial_s;
	uint64_t retries;
};

/* As many batches as a precision takes, in place of a number of them: see until.h. */
struct experiment_until {
	double half_width_percent; /* of the mean */
	uint64_t min_batches, max_batches;
	struct list series; /* const char *: "rtt", "tunnel reply"; empty: see until.h */
};

/* What every claim has; its test's own fields are the kind's. */
struct claim_common {
	const char *id, *text; /* the source's own sentence */
	struct list modes; /* const char *: "native", "vm", "exact"; empty: all */
};

/* NULL-terminated, in the order of kinds.h. */
extern const struct kind *const claim_kinds[];

struct experiment {
	const char *name, *title, *source;
	const char *reference; /* folder under results/reference with the source's own numbers */
	const char *topology_name;
	struct chosen load;
	struct list probes; /* struct chosen */
	uint64_t batches; /* at most so many, if there is an `until` */
	uint64_t iterations, warmup, seed, seeds;
	double duration_s; /* in place of iterations; 0: not given */
	int build; /* enum build_when */
	uint64_t loss_tolerance; /* packets a batch */
	const struct experiment_search *search; /* NULL: none */
	struct minimum_effect minimum_effect;
	const char *against; /* the path of a factor of the sweep; NULL: none */
	const struct experiment_until *until; /* NULL: as many as `batches` */
	struct cpus *cpus; /* NULL: all as the kernel chooses */
	json_t *sweep; /* borrowed; NULL: one cell */
	struct list claims; /* struct chosen, common: struct claim_common */
	/* Resolved against the topology: */
	const struct topology *topology;
	size_t from_node, to_node;
	struct address source_address, destination;
	uint64_t packets; /* of one batch: iterations, or duration_s over the interval; at most, if
			     there is a duration_ns */
	enum load_sink sink; /* not AUTO */
	double search_pps[2]; /* from, to */
	uint64_t interval_ps; /* between intended sends */
	uint64_t duration_ns; /* of a batch that ends by time; 0: by its packets */
};

extern const struct field experiment_fields[], experiment_until_fields[];

/* The same document with every default filled in; a new reference. */
json_t *experiment_fill(const json_t *json);

/* The `until` of a filled document that may be anybody's; NULL: none, or one with faults. */
const struct experiment_until *experiment_read_until(const json_t *json, struct arena *arena);

/*
 * Parses `json`; `topology_json` is the document its "topology" names. Faults of the former go to
 * `diag`, of the latter to `topology_diag`. Everything lives in `arena`.
 */
const struct experiment *experiment_parse(json_t *json, json_t *topology_json, struct arena *arena,
					  struct diag *diag, struct diag *topology_diag);
