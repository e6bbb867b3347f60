/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The user side of the hops probe, in parts: hops.c opens, starts and closes it, hops_log.c reads
 * its log, hops_match.c turns events into samples, hops_devices.c
 * checks them against the interfaces' own counters, hops_calibrate.c measures what it costs.
 */

#include "bpf/hops.h"
#include "bpf/probe.h"
#include "topologies/topology.h"

#include <bpf/libbpf.h>

struct hops_bpf;
struct lab;

struct hops_program {
	struct bpf_program *full, *empty;
	struct bpf_link *link;
	uint64_t missed_before; /* recursion misses when the job started */
};

enum hops_attach { HOPS_DETACHED, HOPS_EMPTY, HOPS_FULL };

struct hops {
	struct probe probe;
	struct hops_bpf *skeleton;
	struct hops_program programs[HOP_FUNCTION_COUNT];
	enum hops_attach attached;
	unsigned functions; /* a bit for each function attached */
	bool all_functions; /* for a trace, not only those that the path asks for */
	unsigned calibrated_functions; /* those that any job will attach */
	const struct hop_event *events; /* mapped; events_per_cpu for each CPU */
	const struct hop_addresses *addresses; /* mapped, or NULL */
	const struct hop_head *heads; /* mapped, or NULL */
	uint32_t head_bytes;
	size_t cpu_count, events_per_cpu;
	struct hops_device_count *device_counts; /* interface counters when the job started */
	size_t device_count_count;
};

/* An event with its place in the log, so that equal times keep their order. */
struct hop_record {
	struct hop_event event;
	const struct hop_addresses *addresses; /* NULL without, and for net_dev_xmit */
	const struct hop_head *head; /* likewise */
	size_t order;
	uint32_t cpu; /* where it fired */
};

/* Forgets all that was logged and counted. */
void hops_log_reset(struct hops *hops);
/* All events sorted by direction, packet and time; the caller frees. */
struct hop_record *hops_log_read(const struct hops *hops, size_t *ret_count);

struct hops_totals {
	uint64_t logged, ring_drops, background, unstamped, unreadable, nested_too_deep;
};
struct hops_totals hops_log_totals(const struct hops *hops);

#define HOPS_ALL_FUNCTIONS ((1u << HOP_FUNCTION_COUNT) - 1)
int hops_attach(struct hops *hops, enum hops_attach which, unsigned functions, struct err *err);
/* The functions at which a packet on the path's points is seen, a bit each. */
unsigned hops_functions(const struct topology *topology);

/* Interface counters of the path's devices: noted at start, compared with what was traced. */
int hops_count_devices(struct hops *hops, const struct lab *lab, struct err *err);
int hops_check_devices(struct hops *hops, const struct probe_job *job,
		       const struct hop_record *records, size_t record_count,
		       struct samples *samples, struct err *err);
int hops_match(struct hops *hops, const struct probe_job *job, struct samples *samples,
	       struct err *err);
int hops_calibrate(struct probe *probe, struct probe_block *blocks, size_t max, struct err *err);

/* Of each packet at each hop; 0: none are kept. */
uint32_t hops_head_bytes(const struct probe *probe);
/* For `labrun trace` and captures: the records of a started hops probe, in order of time. */
struct hop_record *hops_trace_read(struct probe *probe, size_t *ret_count);
extern const char *const hop_function_names[HOP_FUNCTION_COUNT];
extern const enum topo_role hop_function_roles[HOP_FUNCTION_COUNT];
