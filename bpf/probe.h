/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A probe: BPF programs and the code that turns their log into samples. run.c calls the hooks in
 * one visible order: open once a run, then for each job start (after warm-up: forget what was
 * seen), drain (after the last packet), and close at the end.
 */

#include "harness/err.h"
#include "harness/field.h"
#include "harness/samples.h"

struct lab;
struct load_taken;
struct topology;

struct probe {
	const struct probe_ops *ops;
};

struct probe_setup {
	uint64_t magic; /* of the run's stamps */
	uint64_t packets; /* the most that one job sends: sizes the log */
	uint64_t events_per_packet; /* likewise: both directions, all tracepoints */
	bool addresses; /* record addresses too, for `trace` */
	/* All that jobs will be on; may be none. */
	const struct topology *const *topologies;
	size_t topology_count;
};

struct probe_job {
	const struct lab *lab;
	bool fresh; /* the lab was built for this job alone */
	uint32_t cell, batch;
	uint64_t packets; /* sequences 0..packets-1 were sent */
	bool reply; /* whether replies are part of the load */
	const struct load_taken *load; /* filled in when the load has ended */
};

#define PROBE_KERNEL_BYTES 256 /* a version, or the name of a file */

/* What one firing of a hook costs, from blocks with no program, an empty one, and the real one. */
struct probe_block {
	unsigned round;
	/* Of a span: what the probe measures where there is nothing to be measured, in place of a
	 * packet's time. */
	enum { BLOCK_OFF, BLOCK_EMPTY, BLOCK_FULL, BLOCK_SPAN } condition;
	uint64_t packets, events;
	uint64_t packet_ns; /* the median over the packets: one interrupt must not move it */
	/* Where kernels are a factor, the one that it is of, as cells name it: hooks cost something
	 * else in each. Else "", for all cells. */
	char kernel[PROBE_KERNEL_BYTES];
};

struct probe_ops {
	struct kind kind;
	bool needs_path; /* measures between the points of the topology's path */
	/* Whether with these params its programs are within what other probes measure; NULL: no. */
	bool (*alone)(const void *params);
	const char *const *series; /* those it may give, NULL-terminated; NULL: the path's */
	const char *node_series; /* and one a node: this, then its name; NULL: none */
	/* Says what is wrong with these params for the topology; NULL: nothing can be. */
	void (*check)(const void *params, const struct topology *topology, char *message,
		      size_t size);
	/* `params` of NULL: all defaults, as the doctor opens it. */
	int (*open)(struct probe **ret, const struct probe_setup *setup, const void *params,
		    struct err *err);
	/* Fills in blocks of `calibration.csv`; returns how many, or a negative errno. */
	int (*calibrate)(struct probe *probe, struct probe_block *blocks, size_t max,
			 struct err *err);
	int (*start)(struct probe *probe, const struct probe_job *job, struct err *err);
	int (*drain)(struct probe *probe, const struct probe_job *job, struct samples *samples,
		     struct err *err);
	void (*close)(struct probe *probe);
};

extern const struct kind *const probe_kinds[]; /* NULL-terminated; each heads a probe_ops */
