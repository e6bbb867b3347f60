/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What will be done, in which order, known before anything is built: the cells (the product of the
 * sweep's factors) and the jobs (cell, batch), batch by batch, the cells of each batch in an order
 * shuffled by the seed: identical cells run one after the other differ by several times what their
 * batches predict, interleaved they do not.
 */

#include "harness/err.h"
#include "harness/experiment.h"
#include "harness/shard.h"

#define PLAN_MAX_JOBS 10000000

struct cell {
	json_t *factors; /* {"path": value or label}; {} without a sweep */
	char *label; /* "mode=nftables services=5000"; "" without a sweep */
	const struct experiment *experiment;
	json_t *experiment_json, *topology_json; /* with the factors applied, defaults filled in */
};

struct job {
	uint32_t cell, batch;
};

struct plan {
	const char *name;
	struct cell *cells;
	size_t cell_count;
	struct job *jobs;
	size_t job_count;
	json_t *experiment_json; /* as written, with --set applied */
	/* The files as they are: {"experiment": ..., "topologies": {name: ...}}; and what --set
	 * changed, borrowed. A guest is given both. */
	json_t *sources;
	const char *const *sets;
	const char *against; /* what gave it its two sides, borrowed; NULL: the file, or nothing */
	struct arena *arena;
	double load_s; /* what the loads alone take */
	struct shard shard; /* which part of it; all by default */
	/* How far apart the two cells of a pair are, where two sides are held against each other: a
	 * pair is measured in turn, and so on one machine; 0: no pairs. */
	size_t pair_stride;
	size_t outer_cells; /* cells of one kernel or build, where that is a factor; else 0 */
	size_t boots; /* of one kernel, each of them a batch: exact mode; else 0 */
};

struct plan_options {
	const char *const *sets; /* "path=value", NULL-terminated; NULL: none */
	const char *against; /* "path=value", see plan_against.h; NULL: none */
};

/* An experiment that no file holds. */
struct plan_source {
	json_t *json; /* borrowed while the plan is made */
	struct diag *diag; /* gets its faults, for the caller to print */
	const char *topology_path; /* of the topology that it names */
};

/*
 * Reads, checks and expands an experiment file. `name` is a path, or a name looked up in the data
 * folders. Faults are printed to `faults` as they would be by a compiler, and make -EBADMSG
 * with `err` a usage error saying how many; any other code means that `err` alone tells.
 */
int plan_load(struct plan **ret, const char *name, const struct plan_options *options, FILE *faults,
	      struct err *err);
/* The same; only the faults of `source` itself are not printed. */
int plan_make(struct plan **ret, const struct plan_source *source,
	      const struct plan_options *options, FILE *faults, struct err *err);
/* Among all cells and batches, whatever their order. */
static inline size_t plan_job_index(const struct plan *plan, const struct job *job)
{
	return job->batch * plan->cell_count + job->cell;
}
void plan_free(struct plan *plan);
/* Whether a cell has an uplink of virtio devices, which only a guest has. */
bool plan_needs_uplink(const struct plan *plan);
/*
 * Makes a factor of what no experiment can vary, "kernel" or "labrun": each cell once for each of
 * the values, the first one's cells first. The jobs stay those of one value.
 */
void plan_add_outer(struct plan *plan, const char *factor, const char *const *values, size_t count);

/* What is dealt out to shards: cells, pairs of them, or boots, from 0, in order. */
size_t plan_shard_unit(const struct plan *plan, const struct job *job);
size_t plan_shard_units(const struct plan *plan);
/* Cells that are dealt out: of several kernels one's. */
size_t plan_shard_cells(const struct plan *plan);
/* Whether any of its jobs is the shard's. */
bool plan_owns_cell(const struct plan *plan, size_t cell);
/* Those that are not the shard's. */
void plan_drop_jobs(struct plan *plan);
/* No shard may be empty. */
int plan_check_shard(const struct plan *plan, struct err *err);
