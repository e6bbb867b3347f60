// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_delivery.h"

#include "bpf/drops.h"
#include "harness/cleanup.h"
#include "loadgen/load.h"
#include "loadgen/pace.h"
#include "loadgen/sink.h"
#include "topologies/lab.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* How long nothing new may come before the rest counts as lost. */
#define QUIET_NS 50000000

struct run_delivery {
	uint64_t magic;
	struct drops *drops; /* opened with the first bulk load; of the whole run */
	/* Of the job: */
	const struct lab *lab;
	struct sink *sink;
	bool counts_drops;
	enum load_marking marking;
	/* Of its last pass: */
	struct drop *list;
	size_t list_count;
	struct drops_losses losses;
};

struct run_delivery *run_delivery_new(uint64_t magic)
{
	struct run_delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		abort();
	delivery->magic = magic;
	return delivery;
}

static void forget_drops(struct run_delivery *delivery)
{
	free(delivery->list);
	delivery->list = NULL;
	delivery->list_count = 0;
}

void run_delivery_detach(struct run_delivery *delivery)
{
	if (!delivery)
		return;
	sink_close(delivery->sink);
	delivery->sink = NULL;
	forget_drops(delivery);
	delivery->lab = NULL;
}

void run_delivery_free(struct run_delivery *delivery)
{
	run_delivery_detach(delivery);
	if (delivery)
		drops_close(delivery->drops);
	free(delivery);
}

static uint32_t flow_count(const struct experiment *experiment)
{
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;

	return ops->flow_count ? (uint32_t)ops->flow_count(experiment->load.params) : 1;
}

static int open_sink(struct run_delivery *delivery, const struct experiment *experiment,
		     struct err *err)
{
	size_t node = experiment->to_node;
	const char *device =
		topology_find_address_device(experiment->topology, node, &experiment->destination);
	const struct sink_setup setup = {
		.of_pktgen = ((const struct load_ops *)experiment->load.kind)->of_pktgen,
		.kind = experiment->sink == LOAD_SINK_STAMPED ? SINK_STAMPED : SINK_XDP_DROP,
		.netns_fd = lab_node_fd(delivery->lab, node),
		.ifindex = lab_ifindex(delivery->lab, node, device),
		.magic = delivery->magic,
		.flows = flow_count(experiment),
	};
	int code = sink_open(&delivery->sink, &setup, err);

	return code ? err_wrap(err, code, "sink at '%s:%s'",
			       ((const struct load_common *)experiment->load.common)->to, device)
		    : 0;
}

int run_delivery_attach(struct run_delivery *delivery, const struct experiment *experiment,
			const struct lab *lab, struct err *err)
{
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;
	const void *params = experiment->load.params;
	int code = 0;

	delivery->lab = lab;
	delivery->marking = ops->marking ? ops->marking(params) : LOAD_STAMPED;
	delivery->counts_drops = delivery->marking != LOAD_STREAM &&
				 load_is_bulk(ops, experiment->load.common, params);
	if (delivery->counts_drops && !delivery->drops)
		code = drops_open(&delivery->drops, delivery->magic, err);
	if (!code && experiment->sink > LOAD_SINK_SOCKET)
		code = open_sink(delivery, experiment, err);
	return code;
}

int run_delivery_begin(struct run_delivery *delivery, struct err *err)
{
	forget_drops(delivery);
	if (delivery->sink)
		sink_reset(delivery->sink);
	return delivery->counts_drops ? drops_watch(delivery->drops, delivery->lab, err) : 0;
}

static uint64_t count_arrived(const struct sink_counts *counts)
{
	return counts->packets + counts->warmup - counts->duplicates;
}

static void wait_for_last(const struct sink *sink, uint64_t sent, struct sink_counts *ret)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t seen = 0, moved_ns = pace_now_ns();

	for (;;) {
		sink_read(sink, ret);
		if (count_arrived(ret) >= sent || pace_now_ns() - moved_ns > QUIET_NS)
			return;
		if (count_arrived(ret) != seen)
			moved_ns = pace_now_ns();
		seen = count_arrived(ret);
		nanosleep(&nap, NULL);
	}
}

/* What the sink itself takes off the wire looks like a drop where it works on skbs. */
static bool is_sink(const struct run_delivery *delivery, const struct drop *drop)
{
	return delivery->sink && !strcmp(drop->where, "xdp");
}

/* Leaves in the list what is the load's, and how many of it. */
static void keep_own(struct run_delivery *delivery)
{
	size_t kept = 0;

	for (size_t i = 0; i < delivery->list_count; i++) {
		struct drop drop = delivery->list[i];

		if (delivery->marking == LOAD_UNSTAMPED)
			drop.packets += drop.unstamped;
		if (drop.packets && !is_sink(delivery, &drop))
			delivery->list[kept++] = drop;
	}
	delivery->list_count = kept;
}

int run_delivery_end(struct run_delivery *delivery, struct load_report *report, struct err *err)
{
	struct sink_counts counts;
	int code = 0;

	if (delivery->sink) {
		wait_for_last(delivery->sink, report->sent, &counts);
		report->received = count_arrived(&counts);
		report->duplicates = counts.duplicates;
	}
	if (delivery->counts_drops)
		code = drops_read(delivery->drops, &delivery->list, &delivery->list_count,
				  &delivery->losses, err);
	keep_own(delivery);
	return code;
}

const struct drop *run_delivery_drops(const struct run_delivery *delivery, size_t *ret_count)
{
	*ret_count = delivery->list_count;
	return delivery->list;
}

/* Before a path is there all is warm-up; what has no skb has no stamp. */
static uint64_t any_of(const struct drop *drop)
{
	return drop->packets + drop->warmup + drop->unstamped;
}

void run_delivery_where(struct run_delivery *delivery, char text[static RUN_DELIVERY_WHERE_BYTES])
{
	_free_ struct drop *drops = NULL;
	const struct drop *most = NULL;
	struct drops_losses losses;
	struct err err;
	size_t count;

	text[0] = '\0';
	if (!delivery->counts_drops || drops_read(delivery->drops, &drops, &count, &losses, &err))
		return;
	for (size_t i = 0; i < count; i++)
		if (!most || any_of(&drops[i]) > any_of(most))
			most = &drops[i];
	if (most)
		snprintf(text, RUN_DELIVERY_WHERE_BYTES, "%s:%s (%s)", most->node, most->device,
			 most->where);
}

uint64_t run_delivery_peek(const struct run_delivery *delivery, const struct load_report *report)
{
	struct sink_counts counts;

	if (!delivery->sink)
		return report->served;
	sink_read(delivery->sink, &counts);
	return count_arrived(&counts);
}

struct recorder {
	const struct job *job;
	struct samples *samples;
};

static void count(const struct recorder *recorder, const char *name, uint64_t value)
{
	samples_count(recorder->samples, recorder->job->cell, recorder->job->batch, name,
		      (double)value);
}

static void record_sink(const struct run_delivery *delivery, const struct recorder *recorder)
{
	struct sink_counts counts;

	sink_read(delivery->sink, &counts);
	count(recorder, "sink.malformed", counts.malformed);
	count(recorder, "sink.bad_checksum", counts.bad_checksum);
	count(recorder, "sink.reordered", counts.reordered);
	count(recorder, "sink.other", counts.other_packets);
	count(recorder, "sink.unjudged",
	      counts.beyond_window + counts.contended + counts.untracked);
	count(recorder, "damaged", counts.malformed + counts.bad_checksum + counts.unexpected);
}

static uint64_t record_drops(const struct run_delivery *delivery, const struct recorder *recorder)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < delivery->list_count; i++) {
		const struct drop *drop = &delivery->list[i];
		_free_ char *name = NULL;

		if (asprintf(&name, "drop.%s.%s.%s", drop->node, drop->device, drop->where) < 0)
			abort();
		count(recorder, name, drop->packets);
		dropped += drop->packets;
	}
	return dropped;
}

void run_delivery_record(const struct run_delivery *delivery, const struct load_report *report,
			 const struct job *job, struct samples *samples)
{
	const struct recorder recorder = { job, samples };
	uint64_t found;

	if (delivery->sink)
		record_sink(delivery, &recorder);
	if (!delivery->counts_drops)
		return;
	found = report->received + record_drops(delivery, &recorder);
	count(&recorder, "missed", delivery->losses.missed + delivery->losses.uncounted);
	count(&recorder, "unaccounted",
	      report->sent > found ? report->sent - found : found - report->sent);
}
