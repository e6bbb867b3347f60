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
	bool bulk;
};

struct run_delivery *run_delivery_new(uint64_t magic)
{
	struct run_delivery *delivery = calloc(1, sizeof(*delivery));

	if (!delivery)
		abort();
	delivery->magic = magic;
	return delivery;
}

void run_delivery_detach(struct run_delivery *delivery)
{
	if (!delivery)
		return;
	sink_close(delivery->sink);
	delivery->sink = NULL;
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
	int code = 0;

	delivery->lab = lab;
	delivery->bulk = load_is_bulk((const struct load_ops *)experiment->load.kind,
				      experiment->load.common, experiment->load.params);
	if (delivery->bulk && !delivery->drops)
		code = drops_open(&delivery->drops, delivery->magic, err);
	if (!code && experiment->sink > LOAD_SINK_SOCKET)
		code = open_sink(delivery, experiment, err);
	return code;
}

int run_delivery_begin(struct run_delivery *delivery, struct err *err)
{
	if (delivery->sink)
		sink_reset(delivery->sink);
	return delivery->bulk ? drops_watch(delivery->drops, delivery->lab, err) : 0;
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

void run_delivery_end(struct run_delivery *delivery, struct load_report *report)
{
	struct sink_counts counts;

	if (!delivery->sink)
		return;
	wait_for_last(delivery->sink, report->sent, &counts);
	report->received = count_arrived(&counts);
	report->duplicates = counts.duplicates;
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
	if (!delivery->bulk || drops_read(delivery->drops, &drops, &count, &losses, &err))
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

/* What the sink itself takes off the wire looks like a drop where it works on skbs. */
static bool is_sink(const struct run_delivery *delivery, const struct drop *drop)
{
	return delivery->sink && !strcmp(drop->where, "xdp");
}

static uint64_t record_drops(const struct run_delivery *delivery, const struct drop *drops,
			     size_t drop_count, const struct recorder *recorder)
{
	uint64_t dropped = 0;

	for (size_t i = 0; i < drop_count; i++) {
		_free_ char *name = NULL;

		if (!drops[i].packets || is_sink(delivery, &drops[i]))
			continue;
		if (asprintf(&name, "drop.%s.%s.%s", drops[i].node, drops[i].device,
			     drops[i].where) < 0)
			abort();
		count(recorder, name, drops[i].packets);
		dropped += drops[i].packets;
	}
	return dropped;
}

int run_delivery_record(struct run_delivery *delivery, const struct load_report *report,
			const struct job *job, struct samples *samples, struct err *err)
{
	const struct recorder recorder = { job, samples };
	_free_ struct drop *drops = NULL;
	struct drops_losses losses;
	size_t drop_count;
	uint64_t found = report->received;
	int code;

	if (delivery->sink)
		record_sink(delivery, &recorder);
	if (!delivery->bulk)
		return 0;
	code = drops_read(delivery->drops, &drops, &drop_count, &losses, err);
	if (code)
		return code;
	found += record_drops(delivery, drops, drop_count, &recorder);
	count(&recorder, "missed", losses.missed + losses.uncounted);
	count(&recorder, "unaccounted",
	      report->sent > found ? report->sent - found : found - report->sent);
	return 0;
}
