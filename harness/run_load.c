// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_load.h"

#include "harness/cleanup.h"
#include "harness/interrupt.h"
#include "harness/run_delivery.h"
#include "harness/run_record.h"
#include "loadgen/pace.h"
#include "loadgen/stamp.h"
#include "topologies/lab.h"

#include <errno.h>
#include <poll.h>
#include <sys/signalfd.h>

/* How long a fresh path may take until the first packet gets through. */
#define READY_DEADLINE_NS 5000000000ull
#define READY_TIMEOUT_MS 20
#define READY_INTERVAL_PS 1000000000
/* Beyond what the schedule and the replies' timeout explain, a load is stuck. */
#define STUCK_GRACE_MS 10000
#define LIVE_EVERY_MS 1000

struct run_loader {
	uint64_t magic;
	struct run_delivery *delivery;
	int signals;
	run_live_fn live;
	void *context;
	struct load_taken taken;
};

struct run_loader *run_loader_new(uint64_t magic)
{
	struct run_loader *loader = calloc(1, sizeof(*loader));
	sigset_t set;

	if (!loader)
		abort();
	interrupt_fill(&set);
	loader->magic = magic;
	loader->delivery = run_delivery_new(magic);
	loader->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loader->signals < 0)
		abort();
	return loader;
}

void run_loader_free(struct run_loader *loader)
{
	if (!loader)
		return;
	run_delivery_free(loader->delivery);
	close(loader->signals);
	free(loader);
}

int run_load_attach(struct run_loader *loader, const struct experiment *experiment,
		    const struct lab *lab, struct err *err)
{
	return run_delivery_attach(loader->delivery, experiment, lab, err);
}

void run_load_detach(struct run_loader *loader)
{
	run_delivery_detach(loader->delivery);
}

void run_loader_watch(struct run_loader *loader, run_live_fn live, void *context)
{
	loader->live = live;
	loader->context = context;
}

static const struct load_ops *ops_of(const struct experiment *experiment)
{
	return (const struct load_ops *)experiment->load.kind;
}

static int wait_load(struct run_loader *loader, struct load *load, int timeout_ms, struct err *err)
{
	struct pollfd fds[] = { { .fd = loader->signals, .events = POLLIN },
				{ .fd = load_fd(load), .events = POLLIN } };
	int ready = poll(fds, ARRAY_SIZE(fds), timeout_ms);

	if (fds[0].revents)
		return err_interrupted(err);
	if (ready < 0)
		return err_errno(err, -errno, "wait for the load");
	if (ready == 0)
		return err_set(err, -ETIMEDOUT, "the load did not end in time");
	return 0;
}

static int pass_timeout_ms(const struct load_pass *pass)
{
	double schedule_ms = (double)pass->count * (double)pass->interval_ps / 1e9;
	uint64_t replies_ms = pass->common->timeout_ms;

	/* Without an interval each packet may wait for its reply. */
	if (!pass->interval_ps && !pass->duration_ns)
		replies_ms *= pass->count < 1000 ? pass->count + 1 : 1000;
	schedule_ms += (double)(replies_ms + pass->duration_ns / 1000000 + STUCK_GRACE_MS);
	return schedule_ms < INT32_MAX ? (int)schedule_ms : INT32_MAX;
}

static void show(const struct run_loader *loader, const struct experiment *experiment,
		 struct load_report *report, bool ended)
{
	uint64_t now_ns = ended ? report->ended_ns : pace_now_ns();
	struct run_live live = {
		.experiment = experiment,
		.report = report,
		.received = run_record_has_reply(experiment) || ended
				    ? report->received
				    : run_delivery_peek(loader->delivery, report),
		.ended = ended,
		.interrupted = ended && interrupt_pending(),
	};

	if (ended)
		live.drops = run_delivery_drops(loader->delivery, &live.drop_count);
	/* Until its driver has begun there is nothing to see. */
	if (report->started_ns && now_ns > report->started_ns)
		live.elapsed_s = (double)(now_ns - report->started_ns) / 1e9;
	loader->live(loader->context, &live);
}

/* As wait_load(), looking up each second: by the clock, so that the seconds do not drift. */
static int watch_load(struct run_loader *loader, const struct experiment *experiment,
		      struct load *load, int timeout_ms, struct err *err)
{
	uint64_t begun_ns = pace_now_ns();
	int elapsed_ms = 0, code;

	for (;;) {
		code = wait_load(loader, load, LIVE_EVERY_MS - elapsed_ms % LIVE_EVERY_MS, err);
		elapsed_ms = (int)((pace_now_ns() - begun_ns) / 1000000);
		if (code != -ETIMEDOUT || elapsed_ms >= timeout_ms)
			return code;
		show(loader, experiment, load_peek(load), false);
	}
}

/* The measured pass: what an interrupt leaves of it is shown too. */
static int run_watched(struct run_loader *loader, const struct experiment *experiment,
		       const struct load_pass *pass, const struct lab *lab, struct load **ret,
		       struct load_report **report, struct err *err)
{
	int code = run_delivery_begin(loader->delivery, err), waited = 0;
	struct err finished = {};

	if (!code)
		code = load_start(ret, ops_of(experiment), pass, lab, err);
	if (!code)
		waited = watch_load(loader, experiment, *ret, pass_timeout_ms(pass), err);
	if (code || (waited && err->class != ERR_INTERRUPTED))
		return code ? code : waited;
	if (waited)
		load_stop(*ret);
	code = load_finish(*ret, report, &finished);
	if (!code) {
		code = run_delivery_end(loader->delivery, *report, &finished);
		show(loader, experiment, *report, true);
	}
	if (code && !waited)
		*err = finished;
	return waited ? waited : code;
}

/* Runs one pass to its end; the caller frees the load, which owns the report. */
static int run_pass(struct run_loader *loader, const struct experiment *experiment,
		    const struct load_pass *pass, const struct lab *lab, struct load **ret,
		    struct load_report **report, struct err *err)
{
	int code = run_delivery_begin(loader->delivery, err);

	if (!code)
		code = load_start(ret, ops_of(experiment), pass, lab, err);
	if (!code)
		code = wait_load(loader, *ret, pass_timeout_ms(pass), err);
	if (!code)
		code = load_finish(*ret, report, err);
	if (!code)
		code = run_delivery_end(loader->delivery, *report, err);
	return code;
}

static struct load_pass make_pass(const struct run_loader *loader,
				  const struct experiment *experiment,
				  const struct load_common *common)
{
	return (struct load_pass){
		.common = common,
		.params = experiment->load.params,
		.source = experiment->source_address,
		.destination = experiment->destination,
		.sink = experiment->sink,
		.magic = loader->magic,
		.interval_ps = experiment->interval_ps,
		.seed = experiment->seed,
		.cpus = experiment->cpus,
	};
}

static int try_once(struct run_loader *loader, const struct experiment *experiment,
		    const struct lab *lab, bool *ret_ready, struct err *err)
{
	struct load_common common = *(const struct load_common *)experiment->load.common;
	struct load_pass pass = make_pass(loader, experiment, &common);
	struct load_report *report;
	struct load *load = NULL;
	int code;

	common.timeout_ms = READY_TIMEOUT_MS;
	pass.interval_ps = READY_INTERVAL_PS;
	pass.count = 1;
	pass.first_sequence = STAMP_WARMUP;
	code = run_pass(loader, experiment, &pass, lab, &load, &report, err);
	*ret_ready = !code && report->received;
	load_free(load);
	/* A path that is not there yet may refuse the send; it may be there the next time. */
	return code && err->class != ERR_RUN ? code : 0;
}

/* Ready is when a packet has made it there and, where it should, back. */
static int wait_until_ready(struct run_loader *loader, const struct experiment *experiment,
			    const struct lab *lab, struct err *err)
{
	uint64_t deadline = pace_now_ns() + READY_DEADLINE_NS;
	char where[RUN_DELIVERY_WHERE_BYTES];
	bool ready = false;

	err->text[0] = 0;
	while (!ready && pace_now_ns() < deadline) {
		int code = try_once(loader, experiment, lab, &ready, err);

		if (code)
			return code;
	}
	if (ready)
		return 0;
	if (err->text[0])
		return err_wrap(err, -EHOSTUNREACH, "the path passes no packets");
	run_delivery_where(loader->delivery, where);
	if (*where)
		return err_set(err, -EHOSTUNREACH, "the path passes no packets: dropped at %s",
			       where);
	return err_set(err, -EHOSTUNREACH,
		       "the path passes no packets: %s sent for %llu s and nothing came back",
		       experiment->load.kind->name, READY_DEADLINE_NS / 1000000000);
}

int run_load_warm_up(struct run_loader *loader, const struct experiment *experiment,
		     const struct lab *lab, struct err *err)
{
	struct load_pass pass = make_pass(loader, experiment, experiment->load.common);
	struct load_report *report;
	struct load *load = NULL;
	int code = wait_until_ready(loader, experiment, lab, err);

	if (code)
		return code;
	/* It fills caches and tables; there is nothing to pace. */
	pass.interval_ps = 0;
	pass.count = experiment->warmup;
	pass.first_sequence = STAMP_WARMUP;
	code = run_pass(loader, experiment, &pass, lab, &load, &report, err);
	load_free(load);
	return code;
}

int run_load_trial(struct run_loader *loader, const struct experiment *experiment,
		   const struct lab *lab, struct run_trial *trial, struct err *err)
{
	struct load_pass pass = make_pass(loader, experiment, experiment->load.common);
	struct load_report *report;
	struct load *load = NULL;
	int code;

	pass.interval_ps = trial->interval_ps;
	pass.count = trial->count;
	pass.duration_ns = trial->duration_ns;
	code = run_pass(loader, experiment, &pass, lab, &load, &report, err);
	if (!code) {
		trial->sent = report->sent;
		trial->received = report->received;
		trial->seconds = (double)(report->ended_ns - report->started_ns) / 1e9;
	}
	load_free(load);
	return code;
}

static void note_taken(struct run_loader *loader, const struct experiment *experiment,
		       const struct load_report *report)
{
	loader->taken = (struct load_taken){
		.sent = report->sent,
		.from_node = experiment->from_node,
		.to_node = experiment->to_node,
		.driver = { report->driver_cpu_ns, report->driver.peak_bytes },
		.server = report->server,
		.served_by_us = report->served_by_us,
		.by_kernel = ops_of(experiment)->of_pktgen,
	};
}

const struct load_taken *run_load_taken(const struct run_loader *loader)
{
	return &loader->taken;
}

int run_load_measure(struct run_loader *loader, const struct experiment *experiment,
		     const struct lab *lab, const struct job *job, struct samples *samples,
		     struct err *err)
{
	struct load_pass pass = make_pass(loader, experiment, experiment->load.common);
	struct load_report *report;
	struct load *load = NULL;
	int code;

	pass.count = experiment->packets;
	pass.duration_ns = experiment->duration_ns;
	code = (loader->live ? run_watched : run_pass)(loader, experiment, &pass, lab, &load,
						       &report, err);
	if (!code)
		note_taken(loader, experiment, report);
	if (!code)
		run_record(report, experiment, job, samples);
	if (!code)
		run_delivery_record(loader->delivery, report, job, samples);
	load_free(load);
	return code;
}
