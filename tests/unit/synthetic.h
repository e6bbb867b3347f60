/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* A result folder of made-up samples, written by the real code: for tests of reading and plots. */

#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/results.h"
#include "harness/summary.h"

#include <stdint.h>
#include <string.h>

struct synthetic {
	const char *title, *reference, *topology;
	const char *segments[16]; /* ended by NULL */
	double means_ns[16];
	const char *span; /* over the first two; NULL: none */
	/* Cells: the product of services (numbers) and modes (labels). */
	size_t services, modes;
	unsigned batches, iterations;
	bool no_replies, exact;
	bool calibrated; /* the summary knows of the calibration too, as a run's does */
	bool bulk; /* rates, a value a batch, in place of packets; all cells but the first drop some
		    */
	uint64_t dearer_ns; /* what a packet costs more with the real probe than it else does */
};

static inline const char *synthetic_unit(const struct synthetic *about)
{
	return about->exact ? "instructions" : "ns";
}

static inline double synthetic_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (double)(*state >> 11) / (double)(UINT64_C(1) << 53);
}

/* Around the mean, with a tail to the right as latencies have. */
static inline double synthetic_latency(double mean_ns, uint64_t *state)
{
	double value = mean_ns * (0.85 + 0.3 * synthetic_random(state));

	if (synthetic_random(state) > 0.97)
		value *= 1 + 6 * synthetic_random(state);
	return (double)(uint64_t)value;
}

static inline json_t *synthetic_factors(const struct synthetic *about, size_t cell)
{
	static const char *const modes[] = { "iptables-legacy", "iptables-nft", "nftables", "ipvs",
					     "it's `odd`",	"none" };
	json_t *factors = json_object();

	if (about->services)
		json_object_set_new(factors, "topology.nodes.node1.proxy.services",
				    json_integer(100 * (cell % about->services + 1) *
						 (cell % about->services + 1)));
	if (about->modes)
		json_object_set_new(
			factors, "topology.nodes.node1.proxy.mode",
			json_string(modes[cell / (about->services ? about->services : 1) % 6]));
	return factors;
}

static inline json_t *synthetic_topology(const struct synthetic *about)
{
	json_t *topology =
		json_pack("{s:s, s:[], s:[]}", "name",
			  about->topology ? about->topology : "made-up", "path", "spans");
	json_t *path = json_object_get(topology, "path");

	for (const char *const *segment = about->segments; *segment; segment++)
		json_array_append_new(path, json_pack("{s:s}", "segment", *segment));
	json_array_append_new(path, json_object());
	if (about->span)
		json_array_append_new(
			json_object_get(topology, "spans"),
			json_pack("{s:s, s:i, s:i}", "name", about->span, "from", 0, "to", 2));
	return topology;
}

static inline void synthetic_plan(const struct synthetic *about, struct plan *plan)
{
	size_t services = about->services ? about->services : 1;
	size_t modes = about->modes ? about->modes : 1;

	*plan = (struct plan){ .name = "synthetic", .cell_count = services * modes };
	plan->experiment_json = json_pack(
		"{s:s, s:s, s:s, s:i}", "name", "synthetic", "title", about->title, "topology",
		about->topology ? about->topology : "made-up", "batches", (int)about->batches);
	if (about->reference)
		json_object_set_new(plan->experiment_json, "reference",
				    json_string(about->reference));
	plan->cells = calloc(plan->cell_count, sizeof(*plan->cells));
	for (size_t i = 0; i < plan->cell_count; i++)
		plan->cells[i] = (struct cell){
			.factors = synthetic_factors(about, i),
			.experiment_json = json_incref(plan->experiment_json),
			.topology_json = synthetic_topology(about),
		};
	for (size_t i = 0; i < plan->cell_count; i++)
		plan->cells[i].label = json_object_size(plan->cells[i].factors)
					       ? json_dumps(plan->cells[i].factors, JSON_COMPACT)
					       : strdup("");
}

static inline void synthetic_plan_done(struct plan *plan)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		json_decref(plan->cells[i].factors);
		json_decref(plan->cells[i].experiment_json);
		json_decref(plan->cells[i].topology_json);
		free(plan->cells[i].label);
	}
	json_decref(plan->experiment_json);
	free(plan->cells);
}

/* One packet: its segments both ways, the span, and the round trip. */
static inline void synthetic_packet(const struct synthetic *about, struct samples *samples,
				    struct sample at, double slower, uint64_t *state)
{
	double sum = 0, span = 0;

	for (int d = DIRECTION_REQUEST; d <= (int)DIRECTION_REPLY - about->no_replies; d++) {
		span = 0;
		for (size_t s = 0; about->segments[s]; s++) {
			double ns = synthetic_latency(
				about->means_ns[s] * (d ? 0.8 : 1) * (s == 1 ? slower : 1), state);

			samples_add(samples, at.cell, at.batch, at.iteration,
				    samples_series(samples, about->segments[s], d,
						   synthetic_unit(about)),
				    ns);
			sum += ns;
			span += s < 2 ? ns : 0;
		}
		if (about->span)
			samples_add(samples, at.cell, at.batch, at.iteration,
				    samples_series(samples, about->span, d, synthetic_unit(about)),
				    span);
	}
	samples_add(samples, at.cell, at.batch, at.iteration,
		    samples_series(samples, "lateness", DIRECTION_BOTH, synthetic_unit(about)),
		    (double)(uint64_t)(200 * synthetic_random(state)));
	if (!about->no_replies)
		samples_add(samples, at.cell, at.batch, at.iteration,
			    samples_series(samples, "rtt", DIRECTION_BOTH, synthetic_unit(about)),
			    sum + 9000);
}

static inline void synthetic_bulk(struct samples *samples, uint32_t cell, uint32_t batch)
{
	double sent = 1000 * (cell + 1) + batch, dropped = cell ? 100 : 0;
	const struct {
		const char *name, *unit;
		double value;
	} rows[] = { { "sent", "pps", 1e3 * sent },
		     { "delivered", "pps", 1e3 * (sent - dropped) },
		     { "driver_cpu", "ns", 200 + cell } };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		samples_add(samples, cell, batch, 0,
			    samples_series(samples, rows[i].name, DIRECTION_BOTH, rows[i].unit),
			    rows[i].value);
	samples_count(samples, cell, batch, "sent", sent);
	samples_count(samples, cell, batch, "received", sent - dropped);
	if (dropped > 0)
		samples_count(samples, cell, batch, "drop.node1.eth0.5.netfilter_drop", dropped);
}

static inline void synthetic_job(const struct synthetic *about, struct samples *samples,
				 uint32_t cell, uint32_t batch)
{
	size_t services = about->services ? about->services : 1;
	uint64_t state = cell * 1000003u + batch * 7919u + 17;
	double factor = 1 +
			0.2 * (double)((cell % services) * (cell % services)) *
				(1.0 + (double)(cell / services)) +
			0.1 * (double)(cell / services);

	if (about->bulk) {
		synthetic_bulk(samples, cell, batch);
		return;
	}
	for (int i = 0; i < 5; i++)
		synthetic_random(&state);
	factor *= 0.95 + 0.1 * synthetic_random(&state);
	for (uint32_t i = 0; i < about->iterations; i++)
		synthetic_packet(about, samples, (struct sample){ cell, batch, i, 0, 0 }, factor,
				 &state);
	samples_count(samples, cell, batch, "sent", about->iterations);
	samples_count(samples, cell, batch, "received", about->iterations);
}

static inline size_t synthetic_blocks(const struct synthetic *about, struct probe_block *ret)
{
	ret[0] = (struct probe_block){ 0, BLOCK_OFF, 1000, 0, 7000, "" };
	ret[1] = (struct probe_block){ 0, BLOCK_EMPTY, 1000, 8000, 7400, "" };
	ret[2] = (struct probe_block){ 0, BLOCK_FULL, 1000, 8000, 7900 + about->dearer_ns, "" };
	return 3;
}

static inline json_t *synthetic_summary(const struct synthetic *about, const struct plan *plan,
					const struct samples *samples)
{
	struct summary_cell *cells = calloc(plan->cell_count, sizeof(*cells));
	struct probe_block blocks[3];
	size_t block_count = synthetic_blocks(about, blocks);
	json_t *summary;

	for (size_t i = 0; i < plan->cell_count; i++)
		cells[i] = (struct summary_cell){ .factors = plan->cells[i].factors };
	summary = summary_build(
		&(struct summary_input){ .experiment = plan->name,
					 .mode = about->exact ? "exact" : "native",
					 .cells = cells,
					 .cell_count = plan->cell_count,
					 .samples = samples,
					 .blocks = blocks,
					 .block_count = about->calibrated ? block_count : 0 });
	json_object_set_new(summary, "claims", json_array());
	free(cells);
	return summary;
}

/* 0, or what the results module said. *ret_summary, unless NULL, is the caller's. */
static inline int synthetic_write(const struct synthetic *about, const char *dir,
				  json_t **ret_summary, struct err *err)
{
	struct probe_block blocks[3];
	size_t block_count = synthetic_blocks(about, blocks);
	_json_ json_t *environment = json_pack("{s:{s:s}}", "kernel", "release", "6.1.0-18-amd64");
	_results_ struct results *results = NULL;
	struct samples *samples = samples_new();
	_json_ json_t *summary = NULL;
	struct plan plan;
	int code;

	synthetic_plan(about, &plan);
	code = results_open(&results, &plan, dir, err);
	for (uint32_t batch = 0; !code && batch < about->batches; batch++)
		for (uint32_t cell = 0; !code && cell < plan.cell_count; cell++) {
			synthetic_job(about, samples, cell, batch);
			code = results_append(results, samples, &(struct job){ cell, batch }, NULL,
					      err);
		}
	summary = synthetic_summary(about, &plan, samples);
	if (!code)
		code = results_write(results, &plan,
				     &(struct results_final){ .samples = samples,
							      .summary = summary,
							      .environment = environment,
							      .blocks = blocks,
							      .block_count = block_count },
				     err);
	if (!code)
		code = results_commit(results, err);
	if (!code && ret_summary)
		*ret_summary = json_incref(summary);
	samples_free(samples);
	synthetic_plan_done(&plan);
	return code;
}
