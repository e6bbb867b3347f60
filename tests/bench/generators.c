// SPDX-License-Identifier: GPL-2.0-only
/*
 * generators [PACKETS [ROUNDS]]: how fast the kernel-side generator is beside the barest loop there
 * can be over live frames, which redirects whatever is in the page, and beside other ways to send
 * (peers.h). All send into a veth whose other end drops and counts by XDP; taken in turns, and the
 * best of the rounds each, since others may use the machine.
 *
 * A line each: NAME, millions a second that arrived, CPU nanoseconds for each, sent less arrived;
 * and for those with a rate the median, 99th percentile and maximum of lateness in nanoseconds. CPU
 * time is of the sending alone; rates are of the wall clock, from before the first was sent to when
 * the kernel had taken the last.
 */
#include "bpf/generator.h"
#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "tests/bench/peers.h"
#include "tests/bench/wire.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* Peers are slower by an order of magnitude: so many fewer packets. */
#define PEER_SHARE 5

enum sender { BARE, OURS, UDP, RING, XSK, TRAFGEN };

struct mode {
	const char *name;
	enum sender sender;
	uint64_t bytes, flows, pps;
	size_t threads;
	bool random, tcp, ipv6;
	/* the best of the rounds; losses of all */
	double mpps, cpu_ns;
	int64_t lost;
	struct spread lateness_ns;
};

static struct mode modes[] = {
	{ "bare", .bytes = 60 },
	{ "one-flow", OURS, 60, 1, .threads = 1 },
	{ "million-flows", OURS, 60, 1000000, .threads = 1 },
	{ "million-flows-random", OURS, 60, 1000000, .threads = 1, .random = true },
	{ "million-flows-tcp-ipv6", OURS, 90, 1000000, .threads = 1, .tcp = true, .ipv6 = true },
	{ "bare-1514", .bytes = 1514 },
	{ "million-flows-1514", OURS, 1514, 1000000, .threads = 1 },
	{ "two-threads", OURS, 60, 1000000, .threads = 2 },
	{ "sendmmsg", UDP, PEER_BYTES, .threads = 1 },
	{ "af-packet", RING, PEER_BYTES, .threads = 1 },
	{ "af-xdp", XSK, PEER_BYTES, .threads = 1 },
	{ "trafgen", TRAFGEN, PEER_BYTES, .threads = 1 },
	{ "paced-10kpps", OURS, 60, 1000000, 10000, .threads = 1 },
	{ "paced-100kpps", OURS, 60, 1000000, 100000, .threads = 1 },
	{ "paced-1Mpps", OURS, 60, 1000000, 1000000, .threads = 1 },
	{ "paced-3Mpps", OURS, 60, 1000000, 3000000, .threads = 1 },
};

/* What one run took; `sent` 0: it could not. */
struct taken {
	uint64_t sent, wall_ns, cpu_ns;
};

static uint64_t cpu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static uint64_t children_cpu_ns(void)
{
	struct rusage usage;

	getrusage(RUSAGE_CHILDREN, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000 +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

/* Of all but the generator's own threads, so that each sender has the same CPU to itself or not. */
static void stay_on_first_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	check(sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0, "stay on the first CPU");
}

/* Attached as well, where nothing arrives: else each run would cost two grace periods. */
static void send_bare(const struct mode *mode, uint64_t packets)
{
	static int fd = -1;
	unsigned char frame[2048] = { 0x02, [12] = 0x08 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		    .data_size_in = (uint32_t)mode->bytes, .repeat = (int)packets,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);

	if (fd < 0) {
		fd = wire_load_bare();
		check(bpf_xdp_attach(WIRE_OUT, fd, 0, NULL), "attach the bare loop");
	}
	check(bpf_prog_test_run_opts(fd, &options), "run the bare loop");
}

static struct generator *open_ours(const struct mode *mode)
{
	static const unsigned char mac[6] = { 0x02 };
	const int cpus[] = { 0, 1 };
	struct frame_setup setup = { .source_mac = mac,
				     .destination_mac = mac,
				     .port = 9000,
				     .bytes = mode->bytes,
				     .magic = 0x1122334455667788,
				     .tcp = mode->tcp };
	struct generator *generator;
	struct frame frame;
	struct flows flows;
	struct err err = { .text = "" };
	int code;

	address_parse(mode->ipv6 ? "fd00::1/64" : "198.18.0.1/16", true, &setup.source);
	address_parse(mode->ipv6 ? "fd00::2" : "198.18.0.2", false, &setup.destination);
	frame_init(&frame, &setup);
	code = flows_init(&flows,
			  &(struct flows_setup){ .count = mode->flows,
						 .first_port = 1024,
						 .random = mode->random,
						 .seed = 1,
						 .own = setup.source },
			  &err);
	if (!code)
		code = generator_open(
			&generator,
			&(struct generator_setup){
				.frame = &frame,
				.flows = &flows,
				.ifindex = WIRE_OUT,
				.cpus = cpus,
				.cpu_count = mode->threads,
				.interval_ps = mode->pps ? 1000000000000 / mode->pps : 0 },
			&err);
	check(code, err.text);
	return generator;
}

static struct taken run_ours(struct mode *mode, uint64_t packets)
{
	struct generator *generator = open_ours(mode);
	struct generator_totals totals;
	struct spread lateness_ns;
	struct err err = { .text = "" };
	uint64_t cpu_ns = cpu_now_ns();

	check(generator_run(generator, packets, 0, 0, &err), err.text);
	cpu_ns = cpu_now_ns() - cpu_ns;
	totals = generator_totals(generator);
	generator_lateness(generator, &lateness_ns);
	if (!mode->lateness_ns.count ||
	    spread_percentile(&lateness_ns, 0.99) < spread_percentile(&mode->lateness_ns, 0.99))
		mode->lateness_ns = lateness_ns;
	generator_close(generator);
	return (struct taken){ totals.produced, totals.ended_ns - totals.started_ns, cpu_ns };
}

static void send_once(const struct mode *mode, uint64_t packets)
{
	if (mode->sender == BARE)
		send_bare(mode, packets);
	else if (mode->sender == UDP)
		peer_send_udp(packets);
	else if (mode->sender == RING)
		peer_send_ring(packets);
	else
		peer_send_xsk(packets);
}

static struct taken run_here(const struct mode *mode, uint64_t packets)
{
	uint64_t wall_ns, cpu_ns;

	send_once(mode, 1); /* whatever is to be set up first */
	wall_ns = pace_now_ns();
	cpu_ns = cpu_now_ns();
	send_once(mode, packets);
	return (struct taken){ packets + 1, pace_now_ns() - wall_ns, cpu_now_ns() - cpu_ns };
}

static struct taken time_trafgen(uint64_t packets)
{
	uint64_t wall_ns = pace_now_ns(), cpu_ns = children_cpu_ns();

	if (!peer_send_trafgen(packets))
		return (struct taken){ 0 };
	return (struct taken){ packets, pace_now_ns() - wall_ns, children_cpu_ns() - cpu_ns };
}

/* Less what it takes to start and to end, which is most of a run with one packet. */
static struct taken run_trafgen(uint64_t packets)
{
	struct taken one = time_trafgen(1), all = time_trafgen(packets + 1);

	if (!one.sent || !all.sent || all.wall_ns <= one.wall_ns || all.cpu_ns <= one.cpu_ns)
		return (struct taken){ 0 };
	return (struct taken){ packets + 2, all.wall_ns - one.wall_ns, all.cpu_ns - one.cpu_ns };
}

static void run(struct mode *mode, uint64_t packets)
{
	uint64_t before = wire_arrived(), arrived;
	struct taken taken;

	if (mode->pps && mode->pps < packets)
		packets = mode->pps;
	if (mode->sender == OURS)
		taken = run_ours(mode, packets);
	else if (mode->sender == TRAFGEN)
		taken = run_trafgen(packets / PEER_SHARE);
	else
		taken = run_here(mode, mode->sender == BARE ? packets : packets / PEER_SHARE);
	arrived = wire_arrived() - before;
	if (!taken.sent)
		return;
	mode->lost += (int64_t)(taken.sent - arrived);
	mode->mpps = fmax(mode->mpps, (double)arrived * 1e3 / (double)taken.wall_ns);
	mode->cpu_ns = fmin(mode->cpu_ns ? mode->cpu_ns : INFINITY,
			    (double)taken.cpu_ns / (double)arrived);
}

static void print(const struct mode *mode)
{
	if (!mode->mpps)
		return;
	printf("%s %.6f %.1f %ld", mode->name, mode->mpps, mode->cpu_ns, mode->lost);
	if (mode->pps)
		printf(" %llu %llu %llu", spread_percentile(&mode->lateness_ns, 0.5),
		       spread_percentile(&mode->lateness_ns, 0.99), mode->lateness_ns.max);
	printf("\n");
}

int main(int argc, char **argv)
{
	uint64_t packets = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	int rounds = argc > 2 ? atoi(argv[2]) : 10;

	if (packets < PEER_SHARE || packets > INT32_MAX || rounds < 1) {
		fprintf(stderr, "usage: generators [PACKETS [ROUNDS]]\n");
		return 2;
	}
	stay_on_first_cpu();
	wire_build();
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
			run(&modes[i], packets);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		print(&modes[i]);
	return 0;
}
