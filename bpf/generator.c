// SPDX-License-Identifier: GPL-2.0-only
#include "bpf/generator.h"

#include "bpf/generator.skel.h"
#include "bpf/generator_aside.h"
#include "harness/cleanup.h"
#include "loadgen/pace.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One BPF_PROG_RUN: long enough that its own 20 us do not show, short enough to see `stop`. */
#define CALL_PACKETS (1u << 18)
/* What is due later is slept for in user space: the program waits with softirqs held off. */
#define SLEEP_ABOVE_NS 200000
/* Handed over at a time when flat out, as many as a veth polls in one go. */
#define FLAT_OUT_BURST 64
/* One at a time is possible up to a rate of one in this; above, bursts are as long. */
#define BURST_PS 900000

/* What threads and their pages take to be there: the first packet shall not be late for that. */
#define START_NS 10000000

struct worker {
	struct generator *generator;
	struct generator_cpu *at; /* the program's */
	pthread_t id;
	int cpu, error;
	bool started;
};

/* How often who watches is asked; without an end by time it is this far off. */
#define WATCH_NS 10000000
#define WATCH_FOREVER ((uint64_t)INT64_MAX)

struct generator {
	struct generator_bpf *skeleton;
	struct bpf_link *counting, *attached;
	int aside; /* the namespace that it is attached in */
	unsigned char *template; /* what fresh pages hold */
	uint64_t burst, interval_ps;
	uint32_t template_bytes;
	bool large; /* skbs in place of live frames */
	size_t thread_count;
	struct worker workers[GENERATOR_MAX_THREADS];
	uint64_t started_ns, ended_ns;
	generator_watch_fn watch;
	void *context;
};

static uint64_t choose_burst(const struct generator_setup *setup)
{
	uint64_t burst = 1;

	if (setup->burst)
		return setup->burst;
	if (!setup->interval_ps)
		return FLAT_OUT_BURST;
	while (burst < FLAT_OUT_BURST && setup->interval_ps * burst < BURST_PS)
		burst *= 2;
	return burst;
}

static int own_inode(uint32_t *ret, struct err *err)
{
	struct stat status;

	if (stat("/proc/thread-self/ns/net", &status))
		return err_errno(err, -errno, "stat the network namespace");
	*ret = (uint32_t)status.st_ino;
	return 0;
}

static int set_constants(struct generator *generator, const struct generator_setup *setup,
			 struct err *err)
{
	struct generator_bpf__rodata *constants = generator->skeleton->rodata;
	uint64_t step_ps = setup->interval_ps * generator->burst * setup->cpu_count;

	memcpy((void *)&constants->frame, setup->frame, sizeof(*setup->frame));
	memcpy((void *)&constants->flows, setup->flows, sizeof(*setup->flows));
	constants->first_sequence = setup->first_sequence;
	constants->ifindex = (uint32_t)setup->ifindex;
	constants->thread_count = (uint32_t)setup->cpu_count;
	constants->flow_step =
		(uint32_t)((uint64_t)setup->flows->step * setup->cpu_count % setup->flows->count);
	constants->burst = (uint32_t)generator->burst;
	constants->step_ns = step_ps / 1000;
	constants->step_ps = (uint32_t)(step_ps % 1000);
	return own_inode((uint32_t *)&constants->netns_inode, err);
}

static int attach(struct generator *generator, struct err *err)
{
	if (generator->large)
		return 0;
	generator->counting = bpf_program__attach(generator->skeleton->progs.count_accepted);
	if (!generator->counting)
		return err_errno(err, -errno, "attach to tracepoint xdp_devmap_xmit");
	return generator_attach_aside(generator->skeleton->progs.generate, &generator->aside,
				      &generator->attached, err);
}

/* A fresh page is a copy of it; later the program rewrites all but the zeros of the payload. */
static int make_template(struct generator *generator, const struct frame *frame)
{
	const struct frame_own own = {};

	generator->template = calloc(1, frame->bytes);
	if (!generator->template)
		return -ENOMEM;
	frame_write(generator->template, frame, &own);
	/* The program lengthens an skb itself. */
	generator->template_bytes = generator->large ? GENERATOR_LIVE_BYTES : frame->bytes;
	return 0;
}

static void place_threads(struct generator *generator, const struct generator_setup *setup)
{
	generator->thread_count = setup->cpu_count;
	for (size_t i = 0; i < setup->cpu_count; i++) {
		struct generator_cpu *at = &generator->skeleton->bss->cpus[setup->cpus[i]];
		const struct flows *flows = setup->flows;

		at->thread = (uint16_t)i;
		at->index = i;
		at->flow = (uint32_t)((flows->first + i * flows->step) % flows->count);
		generator->workers[i] =
			(struct worker){ .generator = generator, .at = at, .cpu = setup->cpus[i] };
	}
}

static int load(struct generator *generator, const struct generator_setup *setup, struct err *err)
{
	int code;

	generator->skeleton = generator_bpf__open();
	if (!generator->skeleton)
		return err_errno(err, -errno, "open the generator's programs");
	code = set_constants(generator, setup, err);
	if (code)
		return code;
	bpf_program__set_autoload(generator->skeleton->progs.generate, !generator->large);
	bpf_program__set_autoload(generator->skeleton->progs.count_accepted, !generator->large);
	bpf_program__set_autoload(generator->skeleton->progs.generate_large, generator->large);
	code = generator_bpf__load(generator->skeleton);
	return code ? err_errno(err, code, "load the generator's programs") : 0;
}

int generator_open(struct generator **ret, const struct generator_setup *setup, struct err *err)
{
	struct generator *generator = calloc(1, sizeof(*generator));
	int code;

	*ret = NULL;
	if (!generator)
		return err_errno(err, -ENOMEM, "generator");
	generator->aside = -1;
	generator->burst = choose_burst(setup);
	generator->interval_ps = setup->interval_ps;
	generator->watch = setup->watch;
	generator->context = setup->context;
	generator->large = setup->frame->bytes > GENERATOR_LIVE_BYTES;
	code = make_template(generator, setup->frame);
	if (code)
		err_errno(err, code, "generator");
	else
		code = load(generator, setup, err);
	if (!code) {
		place_threads(generator, setup);
		code = attach(generator, err);
	}
	if (code)
		generator_close(generator);
	else
		*ret = generator;
	return code;
}

void generator_close(struct generator *generator)
{
	if (!generator)
		return;
	bpf_link__destroy(generator->attached);
	bpf_link__destroy(generator->counting);
	if (generator->aside >= 0)
		close(generator->aside);
	generator_bpf__destroy(generator->skeleton);
	free(generator->template);
	free(generator);
}

static struct timespec time_of(uint64_t time_ns)
{
	return (struct timespec){ (time_t)(time_ns / 1000000000), (long)(time_ns % 1000000000) };
}

static void sleep_until(uint64_t time_ns)
{
	const struct timespec until = time_of(time_ns);

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
}

static uint64_t left_to_send(const struct worker *worker)
{
	uint64_t index = worker->at->index, end = worker->at->end;
	uint64_t threads = worker->generator->thread_count;

	return index < end ? (end - index + threads - 1) / threads : 0;
}

/* How many the next call is to send; sleeps first until that is due within reach of a spin. */
static uint64_t next_call(const struct worker *worker)
{
	const struct generator *generator = worker->generator;
	uint64_t left = left_to_send(worker), packets = CALL_PACKETS;
	uint64_t step_ps = generator->interval_ps * generator->burst * generator->thread_count;

	if (step_ps > SLEEP_ABOVE_NS * 1000ull)
		packets = generator->burst;
	if (generator->interval_ps && worker->at->due_ns > pace_now_ns() + PACE_SPIN_NS)
		sleep_until(worker->at->due_ns - PACE_SPIN_NS);
	return left < packets ? left : packets;
}

static int call(const struct worker *worker, uint64_t packets)
{
	const struct generator *generator = worker->generator;
	const struct generator_bpf *skeleton = generator->skeleton;
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = generator->template,
		    .data_size_in = generator->template_bytes, .repeat = (int)packets);

	if (generator->large)
		return bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.generate_large),
					      &options);
	options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
	options.batch_size = (uint32_t)generator->burst;
	return bpf_prog_test_run_opts(bpf_program__fd(skeleton->progs.generate), &options);
}

static void *work(void *context)
{
	struct worker *worker = context;

	/* A signal ends a call early, with whole batches sent. */
	while (left_to_send(worker) && (!worker->error || worker->error == -EINTR))
		worker->error = call(worker, next_call(worker));
	if (worker->error == -EINTR)
		worker->error = 0;
	return NULL;
}

/* Not by setting the affinity in the thread: it would begin on another CPU. */
static int start_worker(struct worker *worker)
{
	pthread_attr_t attributes;
	cpu_set_t cpus;
	int error;

	CPU_ZERO(&cpus);
	CPU_SET(worker->cpu, &cpus);
	pthread_attr_init(&attributes);
	error = pthread_attr_setaffinity_np(&attributes, sizeof(cpus), &cpus);
	if (!error)
		error = pthread_create(&worker->id, &attributes, work, worker);
	pthread_attr_destroy(&attributes);
	worker->started = !error;
	return -error;
}

static void share_out(struct generator *generator, uint64_t count, uint64_t start_ns)
{
	uint64_t threads = generator->thread_count;

	for (size_t i = 0; i < threads; i++) {
		uint64_t offset_ps = i * generator->interval_ps * generator->burst;

		generator->workers[i].at->end = count;
		generator->workers[i].at->due_ns = start_ns + offset_ps / 1000;
		generator->workers[i].at->due_ps = (uint16_t)(offset_ps % 1000);
	}
}

/* Those due before the end, so that a paced run's count does not hang on how late its last was. */
static uint64_t due_within(const struct generator *generator, uint64_t duration_ns, uint64_t count)
{
	unsigned __int128 duration_ps = (unsigned __int128)duration_ns * 1000;
	unsigned __int128 due;

	if (!duration_ns || !generator->interval_ps)
		return count;
	due = (duration_ps + generator->interval_ps - 1) / generator->interval_ps;
	return due < count ? (uint64_t)due : count;
}

static void stop(struct generator *generator)
{
	for (size_t i = 0; i < generator->thread_count; i++)
		*(volatile __u64 *)&generator->workers[i].at->end = 0;
}

static int join(struct worker *worker, uint64_t deadline_ns)
{
	struct generator *generator = worker->generator;
	uint64_t now_ns = pace_now_ns();

	if (!worker->started)
		return 0;
	do {
		uint64_t wake_ns = now_ns + WATCH_NS;
		const struct timespec until =
			time_of(wake_ns < deadline_ns ? wake_ns : deadline_ns);

		if (pthread_clockjoin_np(worker->id, NULL, CLOCK_MONOTONIC, &until) != ETIMEDOUT)
			return worker->error;
		now_ns = pace_now_ns();
	} while (now_ns < deadline_ns &&
		 !(generator->watch && generator->watch(generator->context, generator)));
	stop(generator);
	pthread_join(worker->id, NULL);
	return worker->error;
}

/* The last packet has its interval as well, so that a count over a time is a rate. */
static uint64_t find_end(const struct generator *generator)
{
	uint64_t end_ns = 0;

	if (!generator->interval_ps)
		return pace_now_ns();
	for (size_t i = 0; i < generator->thread_count; i++)
		if (generator->workers[i].at->last_ns > end_ns)
			end_ns = generator->workers[i].at->last_ns;
	return end_ns + generator->interval_ps * (generator->burst - 1) / 1000;
}

int generator_run(struct generator *generator, uint64_t count, uint64_t duration_ns,
		  uint64_t start_ns, struct err *err)
{
	int code = 0;

	generator->started_ns = start_ns ? start_ns : pace_now_ns();
	if (!start_ns && generator->interval_ps)
		generator->started_ns += START_NS;
	share_out(generator, due_within(generator, duration_ns, count), generator->started_ns);
	for (size_t i = 0; i < generator->thread_count && !code; i++)
		code = start_worker(&generator->workers[i]);
	if (code)
		stop(generator);
	for (size_t i = 0; i < generator->thread_count; i++) {
		int error = join(&generator->workers[i],
				 duration_ns ? generator->started_ns + duration_ns : WATCH_FOREVER);

		code = code ? code : error;
	}
	generator->ended_ns = find_end(generator);
	return code ? err_errno(err, code, "run the generator's program over live frames") : 0;
}

struct generator_totals generator_totals(const struct generator *generator)
{
	struct generator_totals totals = { .started_ns = generator->started_ns,
					   .ended_ns = generator->ended_ns };

	for (size_t i = 0; i < generator->thread_count; i++) {
		totals.produced += (generator->workers[i].at->index - i) / generator->thread_count;
		totals.accepted += generator->workers[i].at->accepted;
		totals.refused += generator->workers[i].at->refused;
	}
	return totals;
}

void generator_lateness(const struct generator *generator, struct spread *ret)
{
	*ret = (struct spread){ .count = 0 };
	for (size_t i = 0; i < generator->thread_count; i++)
		spread_merge(ret, &generator->skeleton->bss->lateness_ns[i]);
}
