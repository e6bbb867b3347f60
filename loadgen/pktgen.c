// SPDX-License-Identifier: GPL-2.0-only
/*
 * UDP packets from the kernel's own generator, handed to the device's driver with no socket, no IP
 * layer and no queueing discipline in between. Fields have pktgen's own names where it has them;
 * its count, delay and addresses follow from the load's rate, length and nodes.
 *
 * What is counted. Sent: what pktgen says it has handed over. Delivered: datagrams that reached a
 * socket of `to` on their port; a filter throws them away there, so that the cost is the stack's up
 * to the socket and nothing is read. Or what the sink xdp_drop took, by pktgen's own header: there
 * is no stamp of ours, so that the probe "hops" and named drops do not know these packets. Nor can
 * unmarked drops stand for them: pktgen lets go of each packet it sent as if it were dropped, and
 * so does the socket's filter of each that came.
 *
 * pktgen waits in nanoseconds, so 3 Mpps come out as one each 333 ns; each of several threads sends
 * its part of the rate. There is no schedule whose lateness could be told.
 */
#include "harness/cleanup.h"
#include "loadgen/drive.h"
#include "loadgen/pktgen_proc.h"
#include "loadgen/way.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/udp.h>
#include <string.h>
#include <time.h>

#define PKTGEN_HEADER_BYTES 16
#define ETHERNET_HEADER_BYTES 14
#define PKTGEN_SMALLEST                                                                            \
	(ETHERNET_HEADER_BYTES + sizeof(struct iphdr) + sizeof(struct udphdr) + PKTGEN_HEADER_BYTES)
#define PKTGEN_SMALLEST_IPV6 (PKTGEN_SMALLEST + sizeof(struct ip6_hdr) - sizeof(struct iphdr))
/* How often the counts are looked at while it runs. */
#define PKTGEN_TICK_NS 10000000

enum xmit_mode { XMIT_START, XMIT_QUEUE };

struct pktgen_params {
	uint64_t pkt_size, udp_src_min, udp_src_max, udp_dst, clone_skb, burst, threads;
	int xmit_mode;
	bool udpcsum;
};

static const char *const xmit_modes[] = { "start_xmit", "queue_xmit", NULL };
static const char *const modules[] = { "pktgen", NULL };

static const struct field pktgen_fields[] = {
	{ .name = "pkt_size",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, pkt_size),
	  .fallback = "60",
	  .min = PKTGEN_SMALLEST,
	  .max = 65000,
	  .unit = "bytes",
	  .help = "Whole frame without FCS, as pktgen counts; IPv6 takes 78 at least." },
	{ .name = "udp_src_min",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, udp_src_min),
	  .fallback = "40000",
	  .min = 1,
	  .max = 65535,
	  .help = "First source port; the ports up to udp_src_max follow in turn." },
	{ .name = "udp_src_max",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, udp_src_max),
	  .optional = true,
	  .min = 1,
	  .max = 65535,
	  .help = "Where the source ports begin again: itself not used, as in pktgen." },
	{ .name = "udp_dst",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, udp_dst),
	  .fallback = "9",
	  .min = 1,
	  .max = 65535,
	  .help = "Destination port: pktgen's udp_dst_min and udp_dst_max." },
	{ .name = "clone_skb",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, clone_skb),
	  .fallback = "0",
	  .min = 0,
	  .max = 1000000,
	  .unit = "packets",
	  .help = "How often one packet is sent again before a new one is made; not on "
		  "virtual devices." },
	{ .name = "burst",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, burst),
	  .fallback = "1",
	  .min = 1,
	  .max = 1024,
	  .unit = "packets",
	  .help = "Packets handed to the driver at a time; not on virtual devices." },
	{ .name = "xmit_mode",
	  .type = FIELD_CHOICE,
	  .offset = offsetof(struct pktgen_params, xmit_mode),
	  .fallback = "\"start_xmit\"",
	  .choices = xmit_modes,
	  .help = "Into the driver, or through the queueing discipline." },
	{ .name = "udpcsum",
	  .type = FIELD_BOOL,
	  .offset = offsetof(struct pktgen_params, udpcsum),
	  .fallback = "false",
	  .help = "Packets have a UDP checksum; in IPv6 they always do." },
	{ .name = "threads",
	  .type = FIELD_UINT,
	  .offset = offsetof(struct pktgen_params, threads),
	  .fallback = "1",
	  .min = 1,
	  .max = 64,
	  .help = "CPUs that send, from the first on, each into a queue of its own." },
	FIELD_END,
};

static bool pktgen_is_bulk(const struct load_common *common, const void *params)
{
	(void)common;
	(void)params;
	return true;
}

static bool pktgen_expects_reply(const void *params)
{
	(void)params;
	return false;
}

static uint64_t pktgen_packet_bytes(const struct load_common *common, const void *params)
{
	(void)common;
	return ((const struct pktgen_params *)params)->pkt_size - ETHERNET_HEADER_BYTES;
}

static uint64_t pktgen_flow_count(const void *params)
{
	const struct pktgen_params *pktgen = params;

	return pktgen->udp_src_max ? pktgen->udp_src_max - pktgen->udp_src_min : 1;
}

static const char *pktgen_check(const struct load_common *common, const void *params)
{
	const struct pktgen_params *pktgen = params;

	if (pktgen->udp_src_max && pktgen->udp_src_max <= pktgen->udp_src_min)
		return "udp_src_max is not above udp_src_min";
	if (common->family && pktgen->pkt_size < PKTGEN_SMALLEST_IPV6)
		return "a pkt_size below 78 has no room for pktgen's header in IPv6";
	if (common->sink == LOAD_SINK_STAMPED)
		return "pktgen's packets bear no stamp to check: sink socket or xdp_drop";
	return NULL;
}

/* Throws away what is pktgen's: the socket's drops are then what has come. */
static int attach_filter(int fd)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, sizeof(struct udphdr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, STAMP_PKTGEN_MAGIC, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 65535),
	};
	struct sock_fprog program = { .len = ARRAY_SIZE(filter), .filter = filter };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

static int pktgen_preflight(const struct load_pass *pass, const struct lab *lab, struct err *err)
{
	(void)pass;
	(void)lab;
	return pktgen_proc_check(err);
}

static int pktgen_listen(const struct load_pass *pass, struct err *err)
{
	const struct pktgen_params *params = pass->params;
	sa_family_t family = pass->destination.family;
	const struct address any = { .family = AF_UNSPEC };
	struct sockaddr_storage local;
	socklen_t bytes = drive_sockaddr(&any, family, (uint16_t)params->udp_dst, &local);
	_close_ int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_errno(err, -errno, "UDP socket");
	if (attach_filter(fd))
		return err_errno(err, -errno, "filter of a socket");
	if (bind(fd, (struct sockaddr *)&local, bytes))
		return err_errno(err, -errno, "bind to port %u", (unsigned)params->udp_dst);
	return steal_fd(&fd);
}

static int pktgen_serve(int listener, const struct load_pass *pass, struct load_report *report)
{
	const struct timespec nap = { .tv_nsec = 1000000 };

	(void)pass;
	for (;;) {
		uint32_t memory[SK_MEMINFO_VARS] = { 0 };
		socklen_t bytes = sizeof(memory);

		if (getsockopt(listener, SOL_SOCKET, SO_MEMINFO, memory, &bytes))
			return -errno;
		atomic_store(&report->served, memory[SK_MEMINFO_DROPS]);
		nanosleep(&nap, NULL);
	}
}

/* A count of 0 would be without end. */
static size_t thread_count(const struct load_pass *pass)
{
	size_t threads = ((const struct pktgen_params *)pass->params)->threads;

	return pass->duration_ns || pass->count >= threads ? threads : 1;
}

/* One thread's part of a count that need not divide evenly. */
static uint64_t packet_count(const struct load_pass *pass, size_t thread)
{
	size_t threads = thread_count(pass);

	if (pass->duration_ns)
		return 0;
	return pass->count / threads + (thread < pass->count % threads);
}

#define SET(...)                                                                                   \
	do {                                                                                       \
		int code_ = pktgen_proc_set(proc, thread, err, __VA_ARGS__);                       \
		if (code_)                                                                         \
			return code_;                                                              \
	} while (0)

static int set_addresses(const struct pktgen_proc *proc, size_t thread, const struct way *way,
			 const struct load_pass *pass, struct err *err)
{
	const char *suffix = pass->destination.family == AF_INET6 ? "6" : "";
	const unsigned char *mac = way->next_mac;
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];

	inet_ntop(way->source.family, way->source.bytes, from, sizeof(from));
	inet_ntop(pass->destination.family, pass->destination.bytes, to, sizeof(to));
	SET("dst_mac %02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
	    mac[5]);
	SET("dst%s %s", suffix, to);
	if (*suffix)
		SET("src6 %s", from);
	else
		SET("src_min %s", from);
	return 0;
}

static int set_ports(const struct pktgen_proc *proc, size_t thread,
		     const struct pktgen_params *params, struct err *err)
{
	uint64_t max = params->udp_src_max ? params->udp_src_max : params->udp_src_min;

	SET("udp_src_min %u", (unsigned)params->udp_src_min);
	SET("udp_src_max %u", (unsigned)max);
	SET("udp_dst_min %u", (unsigned)params->udp_dst);
	SET("udp_dst_max %u", (unsigned)params->udp_dst);
	return 0;
}

static int set_packets(const struct pktgen_proc *proc, size_t thread, const struct load_pass *pass,
		       struct err *err)
{
	const struct pktgen_params *params = pass->params;
	uint64_t delay_ns = (pass->interval_ps * thread_count(pass) + 500) / 1000;

	SET("count %llu", (unsigned long long)packet_count(pass, thread));
	SET("pkt_size %u", (unsigned)params->pkt_size);
	SET("delay %llu", (unsigned long long)delay_ns);
	SET("xmit_mode %s", xmit_modes[params->xmit_mode]);
	SET("queue_map_min %zu", thread);
	SET("queue_map_max %zu", thread);
	/* So that the same seed gives the same packets. */
	SET("flag NO_TIMESTAMP");
	if (params->udpcsum || pass->destination.family == AF_INET6)
		SET("flag UDPCSUM");
	if (params->clone_skb)
		SET("clone_skb %u", (unsigned)params->clone_skb);
	if (params->burst > 1)
		SET("burst %u", (unsigned)params->burst);
	return 0;
}

static int set_all(const struct pktgen_proc *proc, const struct way *way,
		   const struct load_pass *pass, struct err *err)
{
	int code = 0;

	for (size_t thread = 0; thread < thread_count(pass) && !code; thread++) {
		code = set_packets(proc, thread, pass, err);
		if (!code)
			code = set_ports(proc, thread, pass->params, err);
		if (!code)
			code = set_addresses(proc, thread, way, pass, err);
	}
	return code;
}

static void take_counts(struct load_report *report, const struct pktgen_counts *counts)
{
	atomic_store(&report->sent, counts->sent);
	atomic_store(&report->send_errors, counts->errors);
	report->started_ns = counts->started_ns;
	report->driver_cpu_ns = counts->busy_ns;
}

/* Watches it to its end, or puts an end to it. */
static int watch(struct pktgen_proc *proc, const struct load_pass *pass, struct load_report *report,
		 struct err *err)
{
	struct pktgen_counts counts;
	bool stopped = false;

	while (!pktgen_proc_ended(proc)) {
		int code = pktgen_proc_read(proc, &counts, err);
		bool due = load_is_stopped(report) ||
			   (pass->duration_ns && counts.started_ns &&
			    pace_now_ns() >= counts.started_ns + pass->duration_ns);

		if (code)
			return code;
		take_counts(report, &counts);
		if (due && !stopped)
			pktgen_proc_stop(proc);
		stopped |= due;
		nanosleep(&(struct timespec){ .tv_nsec = PKTGEN_TICK_NS }, NULL);
	}
	return 0;
}

static int send_all(struct pktgen_proc *proc, const struct load_pass *pass,
		    struct load_report *report, struct err *err)
{
	struct pktgen_counts counts;
	int code = pktgen_proc_start(proc, err);

	if (!code)
		code = watch(proc, pass, report, err);
	if (!code)
		code = pktgen_proc_read(proc, &counts, err);
	if (code)
		return code;
	take_counts(report, &counts);
	report->ended_ns = counts.ended_ns;
	if (!counts.sent && !load_is_stopped(report))
		return err_set(err, -EIO, "pktgen has sent nothing");
	return 0;
}

static uint64_t pktgen_thread_count(const void *params)
{
	return ((const struct pktgen_params *)params)->threads;
}

static int pktgen_drive(const struct load_pass *pass, struct load_report *report, struct err *err)
{
	struct pktgen_proc *proc = NULL;
	struct way way;
	int code = way_find(&way, &(struct address){}, &pass->destination, err);

	if (!code)
		code = pktgen_proc_open(&proc, way.device, load_first_cpu(pass), thread_count(pass),
					err);
	if (!code)
		code = set_all(proc, &way, pass, err);
	if (!code)
		code = send_all(proc, pass, report, err);
	pktgen_proc_close(proc);
	return code;
}

const struct load_ops load_pktgen = {
	.kind = { .name = "pktgen",
		  .help = "UDP packets from the kernel's own generator, counted at a socket of "
			  "`to`.",
		  .modules = modules,
		  .fields = pktgen_fields,
		  .params_size = sizeof(struct pktgen_params) },
	.of_pktgen = true,
	.available = pktgen_proc_check,
	.is_bulk = pktgen_is_bulk,
	.expects_reply = pktgen_expects_reply,
	.flow_count = pktgen_flow_count,
	.thread_count = pktgen_thread_count,
	.packet_bytes = pktgen_packet_bytes,
	.check = pktgen_check,
	.preflight = pktgen_preflight,
	.listen = pktgen_listen,
	.serve = pktgen_serve,
	.drive = pktgen_drive,
};
