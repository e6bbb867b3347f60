// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a batch costs: CPU time and peak memory of each part of a run, one value a batch.
 *
 * What is counted where. `cpu_load` and `cpu_server` are the load's processes, user and system,
 * from where they are ready to where they are done (a load that first makes programs or
 * connections: of the sending alone): with what a system call of theirs does in the kernel, up to
 * the first device that queues, and with waiting where it is spinning. The softirqs
 * that run in their context are taken off: those are the time of the node whose packet it is,
 * `softirq_NODE`, and all nodes together are `cpu_softirq`. A node's is what its stack does with
 * packets that arrive, and with what it forwards, up to where the next node takes them up; others'
 * packets too (ARP). Softirqs that run in nobody's context, or in a thread of the kernel's, are in
 * it all the same. Where the kernel charges softirqs to no process (see usage_softirq.h) nothing is
 * taken off. So these three add up and hold nothing twice: over the packets that were sent they are
 * `cpu_per_packet`.
 *
 * `cpu_labrun` is ours while the load runs; `cpu_build` ours and `cpu_tools` the tools' (nft,
 * iptables-restore) while the lab was built, in batches that built one.
 *
 * Memory is resident pages at their peak: `memory_load` and `memory_server` beyond what these
 * processes began with as copies of labrun, `memory_labrun` its own while the load ran, the load's
 * report included, `memory_tools` of the largest tool. The kernel counts them to some dozen pages a
 * CPU. What the kernel itself holds for namespaces and rules is in none of them: it accounts only
 * part of that, and to nobody in particular outside of a cgroup.
 *
 * What could be challenged: interrupts and other softirqs (timers, RCU) are the time of whom they
 * meet; time stolen by a hypervisor is in a softirq's time, and not in a process's.
 */
#include "bpf/probe.h"
#include "bpf/usage_self.h"
#include "bpf/usage_softirq.h"
#include "harness/cleanup.h"
#include "loadgen/load_spent.h"
#include "loadgen/pace.h"
#include "topologies/lab.h"

#include <errno.h>
#include <string.h>

#define NODE_SERIES "softirq_"

struct usage_params {
	bool softirq;
};

struct usage {
	struct probe probe; /* first */
	struct usage_softirq *softirq; /* NULL: not asked for */
	uint64_t started_ns, started_cpu_ns;
	bool peak_forgotten;
};

static const struct field usage_fields[] = {
	{ .name = "softirq",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct usage_params, softirq),
	  .fallback = "true",
	  .help = "tell the softirqs' time of each node, by programs in the path; then it is taken "
		  "alone. Without, charged_load and charged_server are what the kernel charges "
		  "these processes, softirqs in it." },
	FIELD_END
};

/* One batch's. */
struct work {
	const struct usage *usage;
	const struct probe_job *job;
	struct samples *samples;
	uint64_t wall_ns, own_cpu_ns;
	struct usage_node from, to, nodes; /* of the load's nodes, and of all */
};

static void add(const struct work *work, const char *series, const char *unit, double value)
{
	uint32_t index = samples_series(work->samples, series, DIRECTION_BOTH, unit);

	samples_add(work->samples, work->job->cell, work->job->batch, 0, index, value);
}

static void count(const struct work *work, const char *name, double value)
{
	samples_count(work->samples, work->job->cell, work->job->batch, name, value);
}

/* With the number of our programs' firings that are in it. */
static void add_cpu(const struct work *work, const char *series, double ns, double firings)
{
	_free_ char *hooks = NULL;

	if (asprintf(&hooks, "hooks.%s.both", series) < 0)
		abort();
	add(work, series, "ns", ns);
	count(work, hooks, firings);
}

static void say_unmeasured(const struct work *work, const char *series, const char *why)
{
	_free_ char *name = NULL;

	if (asprintf(&name, "unmeasured.%s: %s", series, why) < 0)
		abort();
	count(work, name, 1);
}

static void add_nodes(struct work *work)
{
	const struct lab *lab = work->job->lab;
	const struct topo_node *nodes = lab_topology(lab)->nodes.items;

	for (size_t i = 0; i < lab_topology(lab)->nodes.count; i++) {
		struct usage_node node = usage_softirq_of_node(work->usage->softirq, lab, i);
		_free_ char *series = NULL;

		if (asprintf(&series, NODE_SERIES "%s", nodes[i].name) < 0)
			abort();
		add_cpu(work, series, (double)node.softirq_ns, (double)node.firings);
		work->nodes.softirq_ns += node.softirq_ns;
		work->nodes.firings += node.firings;
	}
	add_cpu(work, "cpu_softirq", (double)work->nodes.softirq_ns, (double)work->nodes.firings);
}

/* A process's own, of what the kernel charges it. */
static double own_ns(const struct work *work, uint64_t charged_ns, const struct usage_node *context)
{
	bool charged = usage_softirq_is_charged(work->usage->softirq);

	return (double)charged_ns - (charged ? (double)context->borrowed_ns : 0);
}

/* In one namespace it is not known whose context it was; the sum is right all the same. */
static void add_processes(const struct work *work)
{
	static const char shared[] = "sender and server share a node";
	const struct load_taken *load = work->job->load;
	bool one = load->served_by_us && load->from_node == load->to_node;

	if (one) {
		say_unmeasured(work, "cpu_load", shared);
		say_unmeasured(work, "cpu_server", shared);
		return;
	}
	if (load->by_kernel)
		say_unmeasured(work, "cpu_load", "threads of the kernel's sent");
	else
		add_cpu(work, "cpu_load", own_ns(work, load->driver.cpu_ns, &work->from),
			(double)work->from.softirqs);
	if (load->served_by_us)
		add_cpu(work, "cpu_server", own_ns(work, load->server.cpu_ns, &work->to),
			(double)work->to.softirqs);
}

static void add_per_packet(const struct work *work)
{
	const struct load_taken *load = work->job->load;
	bool one = load->from_node == load->to_node;
	double sent = (double)load->sent, ns, firings;

	if (load->by_kernel || !load->sent)
		return;
	ns = (double)work->nodes.softirq_ns + own_ns(work, load->driver.cpu_ns, &work->from);
	firings = (double)(work->nodes.firings + work->from.softirqs);
	if (load->served_by_us) {
		ns += one ? (double)load->server.cpu_ns
			  : own_ns(work, load->server.cpu_ns, &work->to);
		firings += one ? 0 : (double)work->to.softirqs;
	}
	add_cpu(work, "cpu_per_packet", ns / sent, firings / sent);
}

static void add_split(struct work *work)
{
	const struct usage_softirq *softirq = work->usage->softirq;
	const struct load_taken *load = work->job->load;
	struct usage_node home = usage_softirq_of_home(softirq);

	work->from = usage_softirq_of_node(softirq, work->job->lab, load->from_node);
	work->to = usage_softirq_of_node(softirq, work->job->lab, load->to_node);
	add_processes(work);
	add_nodes(work);
	add_per_packet(work);
	add_cpu(work, "cpu_labrun", own_ns(work, work->own_cpu_ns, &home), (double)home.softirqs);
	count(work, "missed", (double)usage_softirq_missed(softirq));
	count(work, "usage.charged", usage_softirq_is_charged(softirq));
}

static void add_whole(const struct work *work)
{
	const struct load_taken *load = work->job->load;

	if (load->by_kernel)
		say_unmeasured(work, "charged_load", "threads of the kernel's sent");
	else
		add(work, "charged_load", "ns", (double)load->driver.cpu_ns);
	if (load->served_by_us)
		add(work, "charged_server", "ns", (double)load->server.cpu_ns);
	add(work, "cpu_labrun", "ns", (double)work->own_cpu_ns);
}

static void add_memory(const struct work *work)
{
	const struct load_taken *load = work->job->load;
	uint64_t own_bytes = usage_self_peak_bytes();

	add(work, "memory_load", "bytes", (double)load->driver.peak_bytes);
	if (load->served_by_us)
		add(work, "memory_server", "bytes", (double)load->server.peak_bytes);
	if (work->usage->peak_forgotten && own_bytes)
		add(work, "memory_labrun", "bytes", (double)own_bytes);
	else
		say_unmeasured(work, "memory_labrun", "this kernel does not reset a peak");
}

static void add_build(const struct work *work)
{
	const struct lab_cost *cost = lab_cost(work->job->lab);
	const struct proc_spent *tools = &cost->tools;

	add(work, "cpu_build", "ns", (double)cost->own_cpu_ns);
	if (!tools->cpu_ns)
		return;
	add(work, "cpu_tools", "ns", (double)tools->cpu_ns);
	if (tools->peak_bytes > tools->hidden_bytes)
		add(work, "memory_tools", "bytes", (double)tools->peak_bytes);
	else
		say_unmeasured(work, "memory_tools",
			       "hidden by the copy of labrun that a tool begins as");
}

static int usage_drain(struct probe *probe, const struct probe_job *job, struct samples *samples,
		       struct err *err)
{
	const struct usage *usage = (const struct usage *)probe;
	struct work work = { .usage = usage,
			     .job = job,
			     .samples = samples,
			     .wall_ns = pace_now_ns() - usage->started_ns,
			     .own_cpu_ns = pace_cpu_ns() - usage->started_cpu_ns };

	(void)err;
	if (usage->softirq)
		add_split(&work);
	else
		add_whole(&work);
	add_memory(&work);
	if (job->fresh)
		add_build(&work);
	count(&work, "usage.wall_ns", (double)work.wall_ns);
	return 0;
}

static int usage_start(struct probe *probe, const struct probe_job *job, struct err *err)
{
	struct usage *usage = (struct usage *)probe;
	int code = usage->softirq ? usage_softirq_start(usage->softirq, job->lab, err) : 0;

	usage->peak_forgotten = !usage_self_forget_peak();
	usage->started_cpu_ns = pace_cpu_ns();
	usage->started_ns = pace_now_ns();
	return code;
}

static bool wants_softirq(const struct usage_params *params)
{
	return !params || params->softirq;
}

static int usage_open(struct probe **ret, const struct probe_setup *setup, const void *params,
		      struct err *err)
{
	struct usage *usage = calloc(1, sizeof(*usage));
	int code = 0;

	if (!usage)
		return err_set(err, -ENOMEM, "usage: out of memory");
	if (wants_softirq(params))
		code = usage_softirq_open(&usage->softirq, setup->magic, err);
	if (code)
		free(usage);
	else
		*ret = &usage->probe;
	return code;
}

static int usage_calibrate(struct probe *probe, struct probe_block *blocks, size_t max,
			   struct err *err)
{
	struct usage *usage = (struct usage *)probe;

	return usage->softirq ? usage_softirq_calibrate(usage->softirq, blocks, max, err) : 0;
}

static void usage_close(struct probe *probe)
{
	struct usage *usage = (struct usage *)probe;

	usage_softirq_close(usage->softirq);
	free(usage);
}

static bool usage_alone(const void *params)
{
	return wants_softirq(params);
}

static const char *const usage_series[] = {
	"cpu_load",	  "cpu_server",	 "cpu_softirq",	  "cpu_per_packet",
	"cpu_labrun",	  "cpu_build",	 "cpu_tools",	  "charged_load",
	"charged_server", "memory_load", "memory_server", "memory_labrun",
	"memory_tools",	  NULL
};

static const char usage_notes[] =
	"Series, one value a batch; CPU time in ns, in exact mode in instructions:\n"
	"\n"
	"  cpu_load, cpu_server   the load's processes, user and system, less the softirqs\n"
	"                         that ran in their context\n"
	"  softirq_NODE           softirqs' time with packets that NODE received, and that\n"
	"                         it forwards, until the next node takes them up\n"
	"  cpu_softirq            all nodes together\n"
	"  cpu_per_packet         load, server and softirqs, over the packets sent\n"
	"  cpu_labrun             labrun while the load ran\n"
	"  cpu_build, cpu_tools   labrun, and the tools that it ran, building the lab\n"
	"  memory_load, _server   peak resident bytes beyond what they began with\n"
	"  memory_labrun          labrun's while the load ran, the load's report included\n"
	"  memory_tools           the largest tool's\n"
	"\n"
	"The kernel's own memory for namespaces and rules is not measured: it accounts for\n"
	"only part of it. QEMU's CPU time and memory stand in environment.json.\n";

const struct probe_ops probe_usage = {
	.kind = {
		.name = "usage",
		.help = "CPU time and peak memory of a batch, by part: the load's processes, each "
			"node's softirqs, labrun, the tools that it ran",
		.notes = usage_notes,
		.fields = usage_fields,
		.params_size = sizeof(struct usage_params),
	},
	.alone = usage_alone,
	.series = usage_series,
	.node_series = NODE_SERIES,
	.open = usage_open,
	.calibrate = usage_calibrate,
	.start = usage_start,
	.drain = usage_drain,
	.close = usage_close,
};
