// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/hops_log.h"

#include "bpf/hops.skel.h"
#include "bpf/program.h"
#include "harness/cleanup.h"
#include "topologies/lab.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A log at most this large, over all CPUs. */
#define LOG_MAX_BYTES (512ull << 20)
/* The calibration's blocks must fit as well: dropping an event costs less than logging it. */
#define LOG_MIN_EVENTS 4096

/* Of a packet that crosses anything. */
#define LEAST_EVENTS 4

struct hops_params {
	uint64_t log_events, snaplen;
};

static const struct field hops_fields[] = {
	{
		.name = "log_events",
		.type = FIELD_UINT,
		.offset = offsetof(struct hops_params, log_events),
		.fallback = "0",
		.min = 0,
		.max = 1 << 20,
		.unit = "events",
		.help = "Room for events, on each CPU; 0: as many as a batch can cause. What does "
			"not fit is counted as ring_drops, and the measurement is invalid.",
	},
	{
		.name = "snaplen",
		.type = FIELD_UINT,
		.offset = offsetof(struct hops_params, snaplen),
		.fallback = "0",
		.min = 0,
		.max = HOP_HEAD_BYTES,
		.unit = "bytes",
		.help = "Of each packet at each hop, so many of its first bytes are kept and "
			"written to packets.pcapng; 0: none. It makes a hop dearer.",
	},
	FIELD_END,
};

static void hops_programs(struct hops *hops)
{
	struct hops_bpf *skeleton = hops->skeleton;

#define PROGRAM(function, tracepoint)                                                              \
	hops->programs[function].full = skeleton->progs.hops_##tracepoint;                         \
	hops->programs[function].empty = skeleton->progs.empty_##tracepoint
	PROGRAM(HOP_NET_DEV_QUEUE, net_dev_queue);
	PROGRAM(HOP_NET_DEV_START_XMIT, net_dev_start_xmit);
	PROGRAM(HOP_NET_DEV_XMIT, net_dev_xmit);
	PROGRAM(HOP_NETIF_RX, netif_rx);
	PROGRAM(HOP_NETIF_RECEIVE_SKB, netif_receive_skb);
	PROGRAM(HOP_NAPI_GRO_RECEIVE_ENTRY, napi_gro_receive_entry);
#undef PROGRAM
}

static void detach(struct hops *hops)
{
	for (size_t i = 0; i < HOP_FUNCTION_COUNT; i++) {
		bpf_link__destroy(hops->programs[i].link);
		hops->programs[i].link = NULL;
	}
	hops->attached = HOPS_DETACHED;
	hops->functions = 0;
}

/*
 * All are detached before any is attached: the first attachment to a tracepoint that has just lost
 * one waits for an RCU grace period, some ten milliseconds, and the others share it.
 */
int hops_attach(struct hops *hops, enum hops_attach which, unsigned functions, struct err *err)
{
	if (hops->attached == which && hops->functions == functions)
		return 0;
	detach(hops);
	hops->skeleton->bss->remember_starts = functions & 1u << HOP_NET_DEV_XMIT;
	for (size_t i = 0; i < HOP_FUNCTION_COUNT && which != HOPS_DETACHED; i++) {
		struct hops_program *program = &hops->programs[i];

		if (!(functions & 1u << i))
			continue;
		program->link =
			bpf_program__attach(which == HOPS_FULL ? program->full : program->empty);
		if (!program->link)
			return err_errno(err, -errno, "attach to tracepoint %s",
					 hop_function_names[i]);
	}
	hops->attached = which;
	hops->functions = functions;
	return 0;
}

/*
 * The scheduler may run the whole path on any one CPU, so each has room for all, as far as the
 * limit goes; a log that then proves too small is counted as ring_drops.
 */
static int size_log(struct hops *hops, const struct probe_setup *setup,
		    const struct hops_params *params, struct err *err)
{
	uint64_t events = setup->packets * setup->events_per_packet;
	uint64_t entry = sizeof(struct hop_event) +
			 (setup->addresses ? sizeof(struct hop_addresses) : 0) +
			 (hops->head_bytes ? sizeof(struct hop_head) : 0);
	uint64_t room = LOG_MAX_BYTES / entry / hops->cpu_count;
	struct hops_bpf *skeleton = hops->skeleton;

	if (setup->packets * LEAST_EVENTS > room * hops->cpu_count)
		return err_set(
			err, -E2BIG,
			"hops: a batch of %llu packets does not fit into a log of %llu events: "
			"take fewer iterations and more batches",
			(unsigned long long)setup->packets,
			(unsigned long long)(room * hops->cpu_count));
	if (events < LOG_MIN_EVENTS)
		events = LOG_MIN_EVENTS;
	if (params && params->log_events)
		events = params->log_events;
	hops->events_per_cpu = events < room ? events : room;
	skeleton->rodata->events_per_cpu = (uint32_t)hops->events_per_cpu;
	events = hops->events_per_cpu * hops->cpu_count;
	bpf_map__set_max_entries(skeleton->maps.events, (uint32_t)events);
	if (setup->addresses)
		bpf_map__set_max_entries(skeleton->maps.addresses, (uint32_t)events);
	if (hops->head_bytes)
		bpf_map__set_max_entries(skeleton->maps.heads, (uint32_t)events);
	return 0;
}

static int load_error(int code, char *log, struct err *err)
{
	if (code == -EPERM)
		return err_need(err, "hops: this kernel lets only root load tracing programs "
				     "(CAP_BPF, CAP_PERFMON): run as root");
	if (code == -ESRCH || code == -ENOENT)
		return err_need(err, "hops: this kernel has no BTF for its tracepoints "
				     "(CONFIG_DEBUG_INFO_BTF)");
	return err_errno(err, code, "hops: load the programs: %s", program_refusal(log));
}

static int hops_load(struct hops *hops, const struct probe_setup *setup,
		     const struct hops_params *params, struct err *err)
{
	_free_ char *log = calloc(1, PROGRAM_LOG_BYTES);
	LIBBPF_OPTS(bpf_object_open_opts, opts, .kernel_log_buf = log,
		    .kernel_log_size = PROGRAM_LOG_BYTES);
	int code;

	if (!log)
		return err_set(err, -ENOMEM, "hops: out of memory");
	hops->skeleton = hops_bpf__open_opts(&opts);
	if (!hops->skeleton)
		return err_errno(err, -errno, "hops: open the programs");
	hops->skeleton->rodata->stamp_magic = setup->magic;
	hops->skeleton->rodata->with_addresses = setup->addresses;
	hops->head_bytes = params ? (uint32_t)params->snaplen : 0;
	hops->skeleton->rodata->head_bytes = hops->head_bytes;
	hops->skeleton->rodata->with_more = setup->addresses || hops->head_bytes;
	code = size_log(hops, setup, params, err);
	if (code)
		return code;
	code = hops_bpf__load(hops->skeleton);
	if (code)
		return load_error(code, log, err);
	hops->events = program_map_log(hops->skeleton->maps.events);
	if (setup->addresses)
		hops->addresses = program_map_log(hops->skeleton->maps.addresses);
	if (hops->head_bytes)
		hops->heads = program_map_log(hops->skeleton->maps.heads);
	if (!hops->events || (setup->addresses && !hops->addresses) ||
	    (hops->head_bytes && !hops->heads))
		return err_errno(err, -errno, "hops: map the log");
	hops_programs(hops);
	hops->all_functions = setup->addresses || !setup->topology_count;
	for (size_t i = 0; i < setup->topology_count; i++)
		hops->calibrated_functions |= hops_functions(setup->topologies[i]);
	if (hops->all_functions)
		hops->calibrated_functions = HOPS_ALL_FUNCTIONS;
	return 0;
}

static void hops_close(struct probe *probe)
{
	struct hops *hops = (struct hops *)probe;

	if (hops->skeleton) {
		detach(hops);
		program_unmap_log(hops->skeleton->maps.events, hops->events);
		program_unmap_log(hops->skeleton->maps.addresses, hops->addresses);
		program_unmap_log(hops->skeleton->maps.heads, hops->heads);
		hops_bpf__destroy(hops->skeleton);
	}
	free(hops->device_counts);
	free(hops);
}

static int hops_open(struct probe **ret, const struct probe_setup *setup, const void *params,
		     struct err *err)
{
	struct hops *hops = calloc(1, sizeof(*hops));
	int code;

	if (!hops)
		return err_set(err, -ENOMEM, "hops: out of memory");
	hops->cpu_count = (size_t)libbpf_num_possible_cpus();
	if (hops->cpu_count > HOPS_MAX_CPUS)
		hops->cpu_count = HOPS_MAX_CPUS;
	libbpf_set_print(NULL);
	code = hops_load(hops, setup, params, err);
	if (code) {
		hops_close(&hops->probe);
		return code;
	}
	*ret = &hops->probe;
	return 0;
}

static unsigned job_functions(const struct hops *hops, const struct lab *lab)
{
	return hops->all_functions ? HOPS_ALL_FUNCTIONS : hops_functions(lab_topology(lab));
}

static int hops_start(struct probe *probe, const struct probe_job *job, struct err *err)
{
	struct hops *hops = (struct hops *)probe;
	int code = program_enter_nodes(bpf_map__fd(hops->skeleton->maps.nodes), job->lab, err);

	if (!code)
		code = hops_attach(hops, HOPS_FULL, job_functions(hops, job->lab), err);
	if (!code)
		code = hops_count_devices(hops, job->lab, err);
	for (size_t i = 0; i < HOP_FUNCTION_COUNT; i++)
		hops->programs[i].missed_before = program_missed(hops->programs[i].full);
	hops_log_reset(hops);
	return code;
}

static uint64_t missed_since(const struct hops_program *program)
{
	uint64_t now = program_missed(program->full);

	return now > program->missed_before ? now - program->missed_before : 0;
}

static void count_losses(struct hops *hops, const struct probe_job *job, struct samples *samples)
{
	struct hops_totals totals = hops_log_totals(hops);
	uint64_t missed_now = 0;

	for (size_t i = 0; i < HOP_FUNCTION_COUNT; i++)
		missed_now += missed_since(&hops->programs[i]);
	samples_count(samples, job->cell, job->batch, "background", (double)totals.background);
	samples_count(samples, job->cell, job->batch, "unstamped",
		      (double)(totals.unstamped + totals.unreadable));
	samples_count(samples, job->cell, job->batch, "ring_drops", (double)totals.ring_drops);
	samples_count(samples, job->cell, job->batch, "map_errors", (double)totals.nested_too_deep);
	samples_count(samples, job->cell, job->batch, "missed", (double)missed_now);
	samples_count(samples, job->cell, job->batch, "hops.events", (double)totals.logged);
}

static int hops_drain(struct probe *probe, const struct probe_job *job, struct samples *samples,
		      struct err *err)
{
	struct hops *hops = (struct hops *)probe;

	count_losses(hops, job, samples);
	return hops_match(hops, job, samples, err);
}

const struct probe_ops probe_hops = {
	.kind = {
		.name = "hops",
		.help = "times every device that a packet crosses, from the tracepoints of the "
			"device layer",
		.fields = hops_fields,
		.params_size = sizeof(struct hops_params),
	},
	.needs_path = true,
	.open = hops_open,
	.calibrate = hops_calibrate,
	.start = hops_start,
	.drain = hops_drain,
	.close = hops_close,
};
