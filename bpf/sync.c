// SPDX-License-Identifier: GPL-2.0-only
/*
 * The control plane's side of a service proxy: what it takes to delete all rules, load them, add
 * one service, list them. Done after each batch, in the namespace of the node that has the proxy,
 * with the tools that kube-proxy runs; their start is part of the time, as it is for kube-proxy,
 * and so is writing the text (0.1 s for 10,000 services). Deleting is all at once: a table, or all
 * chains by one restore. No BPF is in it, so nothing is to be calibrated.
 *
 * Meanwhile echo requests pass through that node on a schedule, each a flow of its own, so that all
 * of them go through the rules. How long packets stall is the longest that one took from when it
 * was due, of those due during the step; `stall_idle` is the same while nothing is done. They are
 * sent at real-time priority, but from a CPU that the kernel may not leave at once.
 */
#include "bpf/probe.h"
#include "bpf/sync_memory.h"
#include "bpf/sync_stream.h"
#include "harness/cleanup.h"
#include "topologies/lab.h"
#include "topologies/netns.h"
#include "topologies/proxy_sync.h"

#include <errno.h>
#include <string.h>
#include <time.h>

/* Freed memory and half-ended work of the step before; namespaces and rules are freed late. */
#define SETTLE_NS 300000000
#define IDLE_NS 300000000

struct sync_params {
	const char *from;
	uint64_t interval_us;
};

struct sync {
	struct probe probe; /* first */
	struct sync_params params;
};

static const struct field sync_fields[] = {
	{ .name = "from",
	  .type = FIELD_NAME,
	  .offset = offsetof(struct sync_params, from),
	  .fallback = "\"client\"",
	  .help = "the node from which packets pass while rules change; to the first endpoint" },
	{ .name = "interval_us",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct sync_params, interval_us),
	  .fallback = "500",
	  .min = 100,
	  .max = 1000000,
	  .unit = "us",
	  .help = "between these packets" },
	FIELD_END
};

/* One batch's work. */
struct work {
	const struct probe_job *job;
	struct samples *samples;
	struct sync_stream *stream;
	struct proxy_rules all, fewer; /* fewer: without the last service */
	struct proxy_params fewer_params;
	int node_fd;
};

static void add(const struct work *work, const char *series, const char *step, const char *unit,
		double value)
{
	char name[64];
	uint32_t index;

	snprintf(name, sizeof(name), "%s%s", series, step);
	index = samples_series(work->samples, name, DIRECTION_BOTH, unit);
	samples_add(work->samples, work->job->cell, work->job->batch, 0, index, value);
}

static void add_stall(const struct work *work, const char *step, uint64_t from_ns, uint64_t to_ns)
{
	struct sync_stall stall = sync_stream_stall(work->stream, from_ns, to_ns);

	if (stall.answered)
		add(work, "stall_", step, "ns", (double)stall.longest_ns);
	samples_count(work->samples, work->job->cell, work->job->batch, "sync.packets",
		      (double)(stall.answered + stall.lost));
	samples_count(work->samples, work->job->cell, work->job->batch, "sync.lost",
		      (double)stall.lost);
}

static void nap(uint64_t ns)
{
	const struct timespec time = { .tv_nsec = (long)ns };

	nanosleep(&time, NULL);
}

static int take_step(const struct work *work, enum proxy_step step, const struct proxy_rules *rules,
		     struct err *err)
{
	_netns_home_ int home = netns_current();
	uint64_t from_ns, to_ns;
	int code = netns_enter(work->node_fd, err);

	if (code)
		return code;
	nap(SETTLE_NS);
	from_ns = sync_stream_now_ns();
	code = proxy_sync(step, rules, NULL, err);
	to_ns = sync_stream_now_ns();
	if (code)
		return err_wrap(err, code, "%s", proxy_step_names[step]);
	add(work, "", proxy_step_names[step], "ns", (double)(to_ns - from_ns));
	add_stall(work, proxy_step_names[step], from_ns, to_ns);
	return 0;
}

/* What the kernel holds for rules when the tool is gone; nothing where no cgroup may be made. */
static int load_and_weigh(const struct work *work, struct err *err)
{
	_sync_memory_ struct sync_memory memory = { .entered = false };
	uint64_t before_bytes = 0, after_bytes = 0;
	int code = sync_memory_enter(&memory, err);

	if (!code && memory.entered)
		code = sync_memory_read(&memory, &before_bytes, err);
	if (!code)
		code = take_step(work, PROXY_LOAD, &work->fewer, err);
	if (!code && memory.entered)
		code = sync_memory_read(&memory, &after_bytes, err);
	if (!code && memory.entered)
		add(work, "kernel_memory", "", "bytes", (double)after_bytes - (double)before_bytes);
	return code;
}

/* Ends with all rules in place, as it found them. */
static int take_steps(const struct work *work, struct err *err)
{
	uint64_t from_ns = sync_stream_now_ns();
	int code;

	nap(IDLE_NS);
	add_stall(work, "idle", from_ns, sync_stream_now_ns());
	code = take_step(work, PROXY_LIST, &work->all, err);
	if (!code)
		code = take_step(work, PROXY_DELETE, &work->all, err);
	if (!code)
		code = load_and_weigh(work, err);
	if (!code)
		code = take_step(work, PROXY_ADD, &work->all, err);
	return code;
}

static int prepare(const struct sync *sync, struct work *work, struct err *err)
{
	const struct lab *lab = work->job->lab;
	const struct topology *topology = lab_topology(lab);
	size_t node;
	const struct proxy_params *proxy = proxy_find(topology, &node);
	long from = topology_find_node(topology, sync->params.from);
	struct address to;
	uint16_t port;

	work->node_fd = lab_node_fd(lab, node);
	work->all = proxy_rules_make(proxy, topology, node);
	work->fewer_params = *proxy;
	work->fewer_params.services--;
	work->fewer = work->all;
	work->fewer.params = &work->fewer_params;
	proxy_endpoint(proxy, 0, &to, &port);
	return sync_stream_start(&work->stream, lab_node_fd(lab, (size_t)from), &to,
				 sync->params.interval_us, err);
}

static void sync_check(const void *params, const struct topology *topology, char *message,
		       size_t size)
{
	const struct sync_params *sync = params;
	const struct proxy_params *proxy = proxy_find(topology, NULL);

	if (!proxy || proxy->mode == PROXY_NONE || proxy->services < 2)
		snprintf(message, size,
			 "no node has a \"proxy\" with a mode and two services or more");
	else if (topology_find_node(topology, sync->from) < 0)
		snprintf(message, size, "there is no node \"%.40s\" to send packets from",
			 sync->from);
}

/* The last only in a guest. */
static const char *const sync_series[] = {
	"load",	      "add",	      "list",	    "delete",	     "stall_load", "stall_add",
	"stall_list", "stall_delete", "stall_idle", "kernel_memory", NULL
};

static int sync_drain(struct probe *probe, const struct probe_job *job, struct samples *samples,
		      struct err *err)
{
	struct work work = { .job = job, .samples = samples };
	int code = prepare((const struct sync *)probe, &work, err);

	if (!code)
		code = take_steps(&work, err);
	sync_stream_stop(work.stream);
	return code ? err_wrap(err, code, "probe sync") : 0;
}

static int sync_open(struct probe **ret, const struct probe_setup *setup, const void *params,
		     struct err *err)
{
	struct sync *sync = calloc(1, sizeof(*sync));

	(void)setup;
	if (!sync)
		return err_set(err, -ENOMEM, "out of memory");
	if (params)
		sync->params = *(const struct sync_params *)params;
	*ret = &sync->probe;
	return 0;
}

static int sync_start(struct probe *probe, const struct probe_job *job, struct err *err)
{
	(void)probe;
	(void)job;
	(void)err;
	return 0;
}

static void sync_close(struct probe *probe)
{
	free(probe);
}

const struct probe_ops probe_sync = {
	.kind = {
		.name = "sync",
		.help = "after each batch: times to delete all of a node's proxy rules, load them, "
			"add a service, list them, how long packets stall meanwhile, and, in a "
			"guest, the kernel's memory",
		.fields = sync_fields,
		.params_size = sizeof(struct sync_params),
	},
	.series = sync_series,
	.check = sync_check,
	.open = sync_open,
	.start = sync_start,
	.drain = sync_drain,
	.close = sync_close,
};
