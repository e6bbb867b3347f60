// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames made inside the kernel and redirected into the device that the destination's route names:
 * millions a second, where a socket's system call for each packet ends at a few hundred thousand.
 *
 * What could be challenged: the frames pass no queueing discipline and no socket of the sender, the
 * path begins at its driver. And the receiving work of the first veth runs on the CPU that sends,
 * as it does for any packet of a veth, so that flat out the two share it.
 */
#include "bpf/generator.h"
#include "harness/cleanup.h"
#include "loadgen/load.h"
#include "loadgen/pace.h"
#include "loadgen/way.h"
#include "topologies/lab.h"
#include "topologies/netns.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <sched.h>
#include <string.h>

enum { UDP, TCP_SYN };
enum { ROUND_ROBIN, RANDOM };

struct xdp_params {
	int protocol, flow_order;
	uint64_t size, flows, port, source_port, threads, burst;
	struct address sources;
};

static const char *const protocols[] = { "udp", "tcp_syn", NULL };
static const char *const orders[] = { "round_robin", "random", NULL };

static const struct field xdp_fields[] = {
	{
		.name = "protocol",
		.type = FIELD_CHOICE,
		.offset = offsetof(struct xdp_params, protocol),
		.fallback = "\"udp\"",
		.choices = protocols,
		.help = "UDP datagrams, or the first segments of TCP connections.",
	},
	{
		.name = "size",
		.type = FIELD_UINT,
		.offset = offsetof(struct xdp_params, size),
		.fallback = "0",
		.min = 0,
		.max = 65535,
		.unit = "bytes",
		.help = "Of a frame, from the Ethernet header on, without FCS; 0: the smallest, "
			"with nothing but the 16-byte stamp in it. Beyond 3328 each is an skb, and "
			"slower.",
	},
	{
		.name = "flows",
		.type = FIELD_UINT,
		.offset = offsetof(struct xdp_params, flows),
		.fallback = "1",
		.min = 1,
		.max = FRAME_MAX_FLOWS,
		.unit = "flows",
		.help = "Different source ports and, where those do not suffice, addresses.",
	},
	{
		.name = "flow_order",
		.type = FIELD_CHOICE,
		.offset = offsetof(struct xdp_params, flow_order),
		.fallback = "\"round_robin\"",
		.choices = orders,
		.help = "Each flow once a round, in an order of the seed's, or any at any time.",
	},
	{
		.name = "port",
		.type = FIELD_UINT,
		.offset = offsetof(struct xdp_params, port),
		.fallback = "9000",
		.min = 1,
		.max = 65535,
		.help = "Destination port.",
	},
	{
		.name = "source_port",
		.type = FIELD_UINT,
		.offset = offsetof(struct xdp_params, source_port),
		.fallback = "1024",
		.min = 1,
		.max = 65535,
		.help = "First source port; others follow, a power of two of them.",
	},
	{
		.name = "sources",
		.type = FIELD_PREFIX,
		.offset = offsetof(struct xdp_params, sources),
		.optional = true,
		.help = "Source addresses, from the prefix's first on; without it the node's own, "
			"then others of its subnet that the path does not use.",
	},
	{
		.name = "threads",
		.type = FIELD_UINT,
		.offset = offsetof(struct xdp_params, threads),
		.fallback = "1",
		.min = 1,
		.max = GENERATOR_MAX_THREADS,
		.unit = "threads",
		.help = "Each on a CPU of its own; a link takes that many with as many rx_queues.",
	},
	{
		.name = "burst",
		.type = FIELD_UINT,
		.offset = offsetof(struct xdp_params, burst),
		.fallback = "0",
		.min = 0,
		.max = GENERATOR_MAX_BURST,
		.unit = "frames",
		.help = "Frames that are due and handed over together; 0: one, and more only for "
			"rates beyond 1 Mpps.",
	},
	FIELD_END,
};

static bool xdp_is_bulk(const struct load_common *common, const void *params)
{
	(void)common;
	(void)params;
	return true;
}

static bool xdp_expects_reply(const void *params)
{
	(void)params;
	return false;
}

static uint64_t xdp_flow_count(const void *params)
{
	return ((const struct xdp_params *)params)->flows;
}

static uint64_t frame_bytes(int family, const struct xdp_params *params)
{
	return params->size ? params->size : frame_least_bytes(family, params->protocol == TCP_SYN);
}

static uint64_t xdp_packet_bytes(const struct load_common *common, const void *params)
{
	uint64_t bytes = frame_bytes(common->family ? AF_INET6 : AF_INET, params);

	return bytes > ETH_HLEN ? bytes - ETH_HLEN : 0;
}

static const char *const too_small[2][2] = {
	{ "size: a UDP frame over IPv4 with its stamp has at least 58 bytes",
	  "size: a TCP frame over IPv4 with its stamp has at least 70 bytes" },
	{ "size: a UDP frame over IPv6 with its stamp has at least 78 bytes",
	  "size: a TCP frame over IPv6 with its stamp has at least 90 bytes" },
};

static const char *xdp_check(const struct load_common *common, const void *params)
{
	const struct xdp_params *xdp = params;
	int family = common->family ? AF_INET6 : AF_INET;

	if (frame_bytes(family, xdp) < frame_least_bytes(family, xdp->protocol == TCP_SYN))
		return too_small[common->family][xdp->protocol];
	if (xdp->sources.family != AF_UNSPEC && xdp->sources.family != family)
		return "sources is not of the load's family";
	if (!strcmp(common->from, common->to))
		return "from and to are one node, and frames are sent out of a device";
	return NULL;
}

/* The first CPUs that this process may use, or those from the one that is asked for. */
static int choose_cpus(const struct load_pass *pass, int *cpus, struct err *err)
{
	uint64_t count = ((const struct xdp_params *)pass->params)->threads;
	cpu_set_t allowed;
	size_t found = 0;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return err_errno(err, -errno, "which CPUs may be used");
	for (int cpu = (int)load_first_cpu(pass); cpu < GENERATOR_MAX_CPUS && found < count; cpu++)
		if (CPU_ISSET(cpu, &allowed))
			cpus[found++] = cpu;
	if (found < count)
		return err_need(err, "%llu threads need as many CPUs, and there are %zu",
				(unsigned long long)count, found);
	return 0;
}

static uint64_t xdp_thread_count(const void *params)
{
	return ((const struct xdp_params *)params)->threads;
}

static int make_flows(struct flows *flows, const struct load_pass *pass, const struct way *way,
		      struct err *err)
{
	const struct xdp_params *params = pass->params;
	/* A host drops what claims to come from itself, and a router likewise. */
	const struct address taken[] = { way->via, pass->destination };

	return flows_init(flows,
			  &(struct flows_setup){ .count = params->flows,
						 .first_port = params->source_port,
						 .random = params->flow_order == RANDOM,
						 .seed = pass->seed,
						 .own = way->source,
						 .sources = params->sources,
						 .taken = taken,
						 .taken_count = ARRAY_SIZE(taken) },
			  err);
}

static int check_all(const struct load_pass *pass, const struct lab *lab, struct err *err)
{
	const struct xdp_params *params = pass->params;
	uint64_t bytes = frame_bytes(pass->destination.family, params);
	int cpus[GENERATOR_MAX_THREADS];
	struct flows flows;
	struct way way;
	int code = choose_cpus(pass, cpus, err);

	if (code)
		return code;
	code = way_find(&way, &pass->source, &pass->destination, err);
	if (code) {
		err->class = ERR_USAGE; /* what is there is what the files say */
		return code;
	}
	code = way_check(&way, lab,
			 &(struct way_load){ .from = pass->common->from,
					     .frame_bytes = bytes,
					     .cpus = cpus,
					     .cpu_count = params->threads,
					     .redirected = bytes <= GENERATOR_LIVE_BYTES },
			 err);
	return code ? code : make_flows(&flows, pass, &way, err);
}

static int xdp_suits(const struct load_pass *pass, const struct topology *topology, struct err *err)
{
	const struct load_common *common = pass->common;
	struct topo_end sink = { .node = (size_t)topology_find_node(topology, common->to) };

	if (frame_bytes(pass->destination.family, pass->params) > GENERATOR_LIVE_BYTES)
		return 0;
	if (pass->sink > LOAD_SINK_SOCKET)
		sink.device = topology_find_address_device(topology, sink.node, &pass->destination);
	return way_check_declared(topology, (size_t)topology_find_node(topology, common->from),
				  &pass->destination, &sink, err);
}

static int xdp_preflight(const struct load_pass *pass, const struct lab *lab, struct err *err)
{
	long node = topology_find_node(lab_topology(lab), pass->common->from);
	_netns_home_ int home = netns_current();
	int code = home < 0 ? err_errno(err, home, "open the network namespace")
			    : netns_enter(lab_node_fd(lab, (size_t)node), err);

	return code ? code : check_all(pass, lab, err);
}

static bool watch(void *context, const struct generator *generator)
{
	struct generator_totals totals = generator_totals(generator);
	struct load_report *report = context;

	report->started_ns = totals.started_ns;
	atomic_store(&report->sent, totals.accepted);
	atomic_store(&report->send_errors, totals.produced - totals.accepted);
	return load_is_stopped(report);
}

static int run(struct generator *generator, const struct load_pass *pass,
	       struct load_report *report, struct err *err)
{
	uint64_t cpu_ns = pace_cpu_ns();
	int code = generator_run(generator, pass->count, pass->duration_ns, pass->start_ns, err);
	struct generator_totals totals = generator_totals(generator);

	watch(report, generator);
	report->driver_cpu_ns = pace_cpu_ns() - cpu_ns;
	report->ended_ns = totals.ended_ns;
	generator_lateness(generator, &report->lateness_ns);
	/* The check beforehand knows the reasons that are known, a driver may have others. */
	if (!code && totals.produced && !totals.accepted)
		return err_set(err, -EOPNOTSUPP, "the device's driver refused all %llu frames",
			       (unsigned long long)totals.produced);
	return code;
}

static int open_generator(struct generator **ret, const struct load_pass *pass,
			  struct load_report *report, struct err *err)
{
	const struct xdp_params *params = pass->params;
	int cpus[GENERATOR_MAX_THREADS];
	struct frame frame;
	struct flows flows;
	struct way way;
	int code = choose_cpus(pass, cpus, err);

	if (!code)
		code = way_find(&way, &pass->source, &pass->destination, err);
	if (!code)
		code = make_flows(&flows, pass, &way, err);
	if (code)
		return code;
	frame_init(&frame, &(struct frame_setup){
				   .source_mac = way.source_mac,
				   .destination_mac = way.next_mac,
				   .source = params->sources.family ? params->sources : way.source,
				   .destination = pass->destination,
				   .tcp = params->protocol == TCP_SYN,
				   .port = (uint16_t)params->port,
				   .bytes = frame_bytes(pass->destination.family, params),
				   .magic = pass->magic });
	return generator_open(ret,
			      &(struct generator_setup){ .frame = &frame,
							 .flows = &flows,
							 .ifindex = way.ifindex,
							 .first_sequence = pass->first_sequence,
							 .cpus = cpus,
							 .cpu_count = params->threads,
							 .interval_ps = pass->interval_ps,
							 .burst = params->burst,
							 .watch = watch,
							 .context = report },
			      err);
}

static int xdp_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	struct generator *generator = NULL;
	int code = open_generator(&generator, pass, report, err);

	if (!code)
		code = run(generator, pass, report, err);
	generator_close(generator);
	return code;
}

const struct load_ops load_xdp = {
	.kind = { .name = "xdp",
		  .help = "UDP or TCP-SYN frames in up to a million flows, made inside the kernel: "
			  "millions a second. One-way.",
		  .fields = xdp_fields,
		  .params_size = sizeof(struct xdp_params) },
	.is_bulk = xdp_is_bulk,
	.expects_reply = xdp_expects_reply,
	.flow_count = xdp_flow_count,
	.thread_count = xdp_thread_count,
	.packet_bytes = xdp_packet_bytes,
	.check = xdp_check,
	.suits = xdp_suits,
	.preflight = xdp_preflight,
	.drive = xdp_drive,
};
