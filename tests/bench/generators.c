// SPDX-License-Identifier: GPL-2.0-only
/*
 * generators [PACKETS [ROUNDS]]: how fast the kernel-side generator is beside the barest loop there
 * can be over live frames, which redirects whatever is in the page, and beside trafgen where that
 * is installed. All send into a veth whose other end drops and counts by XDP; taken in turns, and
 * the best of the rounds each, since others may use the machine.
 *
 * A line each: NAME, millions a second, CPU nanoseconds a packet, asked less arrived; and for
 * those with a rate the median, 99th percentile and maximum of lateness in nanoseconds. CPU time is
 * of the sending alone; rates are of the wall clock.
 */
#include "bpf/generator.h"
#include "harness/cleanup.h"
#include "loadgen/pace.h"
#include "topologies/netns.h"
#include "topologies/rtnl.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <math.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

/* Indices of the pair's ends, in a namespace of the bench's own. */
#define OUT 2
#define SINK 3
/* trafgen is slower by an order of magnitude: so many fewer packets. */
#define TRAFGEN_SHARE 10

struct mode {
	const char *name;
	enum { BARE, OURS, TRAFGEN } sender;
	uint64_t bytes, flows, pps;
	size_t threads;
	bool random, tcp, ipv6;
	/* the best of the rounds; losses of all */
	double mpps, cpu_ns;
	int64_t lost;
	struct spread lateness_ns;
};

static struct mode modes[] = {
	{ "bare", .bytes = 64 },
	{ "one-flow", OURS, 64, 1, .threads = 1 },
	{ "million-flows", OURS, 64, 1000000, .threads = 1 },
	{ "million-flows-random", OURS, 64, 1000000, .threads = 1, .random = true },
	{ "million-flows-tcp-ipv6", OURS, 90, 1000000, .threads = 1, .tcp = true, .ipv6 = true },
	{ "bare-1514", .bytes = 1514 },
	{ "million-flows-1514", OURS, 1514, 1000000, .threads = 1 },
	{ "two-threads", OURS, 64, 1000000, .threads = 2 },
	{ "paced-10kpps", OURS, 64, 1000000, 10000, .threads = 1 },
	{ "paced-100kpps", OURS, 64, 1000000, 100000, .threads = 1 },
	{ "paced-1Mpps", OURS, 64, 1000000, 1000000, .threads = 1 },
	{ "paced-3Mpps", OURS, 64, 1000000, 3000000, .threads = 1 },
	{ "trafgen", TRAFGEN, 64, 1, .threads = 1 },
};

/* What one run took. */
struct taken {
	uint64_t packets, wall_ns, cpu_ns;
};

static int sink_map;

static void check(int code, const char *what)
{
	if (code >= 0)
		return;
	fprintf(stderr, "generators: %s: %s\n", what, strerror(-code));
	exit(1);
}

static uint64_t cpu_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

#define INSN(...) ((struct bpf_insn){ __VA_ARGS__ })
#define CALL(function) INSN(.code = BPF_JMP | BPF_CALL, .imm = (function))
#define SET(to, value) INSN(.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = (to), .imm = (value))
#define ADD(to, value) INSN(.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = (to), .imm = (value))
#define EXIT INSN(.code = BPF_JMP | BPF_EXIT)

static int load_program(const struct bpf_insn *code, size_t count)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "bench", "GPL", code, count, NULL);

	check(fd, "load a program");
	return fd;
}

/* values[0] of this CPU goes up by one, and the packet away. */
static int load_sink(void)
{
	const struct bpf_insn code[] = {
		INSN(.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = BPF_REG_10, .off = -4),
		INSN(.code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = BPF_REG_1,
		     .src_reg = BPF_PSEUDO_MAP_FD, .imm = sink_map),
		INSN(.code = 0),
		INSN(.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_2,
		     .src_reg = BPF_REG_10),
		ADD(BPF_REG_2, -4),
		CALL(BPF_FUNC_map_lookup_elem),
		INSN(.code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 3),
		INSN(.code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_1,
		     .src_reg = BPF_REG_0),
		ADD(BPF_REG_1, 1),
		INSN(.code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_0,
		     .src_reg = BPF_REG_1),
		SET(BPF_REG_0, XDP_DROP),
		EXIT,
	};

	return load_program(code, ARRAY_SIZE(code));
}

static int load_bare(void)
{
	const struct bpf_insn code[] = { SET(BPF_REG_1, OUT), SET(BPF_REG_2, 0),
					 CALL(BPF_FUNC_redirect), EXIT };

	return load_program(code, ARRAY_SIZE(code));
}

static uint64_t sunk(void)
{
	uint64_t values[GENERATOR_MAX_CPUS] = { 0 }, total = 0;
	uint32_t key = 0;

	check(bpf_map_lookup_elem(sink_map, &key, values), "read the sink");
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		total += values[i];
	return total;
}

static int add_pair(struct err *err)
{
	const struct rtnl_link ends[2] = {
		{ "out", "veth", OUT, .netns_fd = -1, .tx_queues = 2, .rx_queues = 2 },
		{ "sink", "veth", SINK, .netns_fd = -1, .tx_queues = 2, .rx_queues = 2 },
	};
	_rtnl_ struct rtnl *rtnl = NULL;
	int code = rtnl_open(&rtnl, err);

	if (!code)
		code = rtnl_add_veth(rtnl, ends, err);
	for (size_t i = 0; i < ARRAY_SIZE(ends) && !code; i++) {
		const struct rtnl_device device = { ends[i].name, ends[i].ifindex };

		code = rtnl_set_no_link_local(rtnl, &device, err);
		if (!code)
			code = rtnl_set_up(rtnl, &device, err);
	}
	return code ? code : rtnl_flush(rtnl, err);
}

/* Of all but the generator's own threads, so that each sender has the same CPU to itself or not. */
static void stay_on_first_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	check(sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0, "stay on the first CPU");
}

static void build(void)
{
	struct err err = { .text = "" };
	int fd, code = netns_new(&fd, &err);

	if (!code)
		code = add_pair(&err);
	check(code, err.text);
	sink_map = bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "sink", 4, 8, 1, NULL);
	check(sink_map, "make a map");
	check(bpf_xdp_attach(SINK, load_sink(), 0, NULL), "attach the sink");
}

/* Attached as well, where nothing arrives: else each run would cost two grace periods. */
static struct taken run_bare(const struct mode *mode, uint64_t packets)
{
	static int fd = -1;
	unsigned char frame[2048] = { 0x02, [12] = 0x08 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		    .data_size_in = (uint32_t)mode->bytes, .repeat = (int)packets,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = 64);
	uint64_t wall_ns, cpu_ns;

	if (fd < 0) {
		fd = load_bare();
		check(bpf_xdp_attach(OUT, fd, 0, NULL), "attach the bare loop");
	}
	wall_ns = pace_now_ns();
	cpu_ns = cpu_now_ns();
	check(bpf_prog_test_run_opts(fd, &options), "run the bare loop");
	return (struct taken){ packets, pace_now_ns() - wall_ns, cpu_now_ns() - cpu_ns };
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
				.ifindex = OUT,
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

/* The same smallest packet from a packet socket's ring; by what arrived in the time it took. */
static struct taken run_trafgen(uint64_t packets)
{
	char number[32];
	uint64_t wall_ns = pace_now_ns();
	struct rusage before, after;
	int status = 0;
	pid_t pid;

	getrusage(RUSAGE_CHILDREN, &before);
	snprintf(number, sizeof(number), "%lu", packets);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, 0);
		dup2(null, 1);
		dup2(null, 2);
		execlp("trafgen", "trafgen", "--dev", "out", "--cpus", "1", "--num", number,
		       "--qdisc-path",
		       "{ eth(da=02:00:00:00:00:00), ipv4(saddr=198.18.0.1, "
		       "daddr=198.18.0.2), udp(sp=1024, dp=9000), fill(0, 22) }",
		       NULL);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	wall_ns = pace_now_ns() - wall_ns;
	getrusage(RUSAGE_CHILDREN, &after);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return (struct taken){ 0 };
	return (struct taken){ packets, wall_ns,
			       (uint64_t)((after.ru_utime.tv_sec - before.ru_utime.tv_sec +
					   after.ru_stime.tv_sec - before.ru_stime.tv_sec) *
						  1000000000 +
					  (after.ru_utime.tv_usec - before.ru_utime.tv_usec +
					   after.ru_stime.tv_usec - before.ru_stime.tv_usec) *
						  1000) };
}

static void run(struct mode *mode, uint64_t packets)
{
	uint64_t before = sunk();
	struct taken taken;

	if (mode->pps && mode->pps < packets)
		packets = mode->pps;
	if (mode->sender == TRAFGEN)
		taken = run_trafgen(packets / TRAFGEN_SHARE);
	else
		taken = mode->sender == OURS ? run_ours(mode, packets) : run_bare(mode, packets);
	if (!taken.packets)
		return;
	mode->lost += (int64_t)(taken.packets - (sunk() - before));
	mode->mpps = fmax(mode->mpps, (double)taken.packets * 1e3 / (double)taken.wall_ns);
	mode->cpu_ns = fmin(mode->cpu_ns ? mode->cpu_ns : INFINITY,
			    (double)taken.cpu_ns / (double)taken.packets);
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

	if (packets < TRAFGEN_SHARE || packets > INT32_MAX || rounds < 1) {
		fprintf(stderr, "usage: generators [PACKETS [ROUNDS]]\n");
		return 2;
	}
	stay_on_first_cpu();
	build();
	for (int round = 0; round < rounds; round++)
		for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
			run(&modes[i], packets);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		print(&modes[i]);
	return 0;
}
