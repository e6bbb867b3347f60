// SPDX-License-Identifier: GPL-2.0-only
#include "harness/run_record.h"

static const struct load_ops *ops_of(const struct experiment *experiment)
{
	return (const struct load_ops *)experiment->load.kind;
}

bool run_record_has_reply(const struct experiment *experiment)
{
	return load_expects_reply(ops_of(experiment), experiment->load.params);
}

bool run_record_has_stamped_reply(const struct experiment *experiment)
{
	return run_record_has_reply(experiment) && !ops_of(experiment)->bare_replies;
}

struct record {
	struct load_report *report;
	const struct job *job;
	struct samples *samples;
};

static void count(const struct record *record, const char *name, double value)
{
	samples_count(record->samples, record->job->cell, record->job->batch, name, value);
}

/* One value of the whole batch. */
static void add_one(const struct record *record, const char *name, const char *unit, double value)
{
	samples_add(record->samples, record->job->cell, record->job->batch, 0,
		    samples_series(record->samples, name, DIRECTION_BOTH, unit), value);
}

static void add_each(const struct record *record, const char *name, const uint64_t *values)
{
	uint32_t series = samples_series(record->samples, name, DIRECTION_BOTH, "ns");

	for (uint64_t i = 0; i < record->report->count; i++)
		if (values[i] != UINT64_MAX)
			samples_add(record->samples, record->job->cell, record->job->batch,
				    (uint32_t)i, series, (double)values[i]);
}

/* From when it was due: what waiting for its turn has added, too. */
static void add_latency(const struct record *record)
{
	const uint64_t *lateness_ns = load_lateness_ns(record->report);
	const uint64_t *round_trip_ns = load_round_trip_ns(record->report);
	uint32_t series = samples_series(record->samples, "latency", DIRECTION_BOTH, "ns");

	for (uint64_t i = 0; i < record->report->count; i++)
		if (round_trip_ns[i] != UINT64_MAX)
			samples_add(record->samples, record->job->cell, record->job->batch,
				    (uint32_t)i, series,
				    (double)lateness_ns[i] + (double)round_trip_ns[i]);
}

static void record_each(const struct record *record, const struct experiment *experiment)
{
	struct load_report *report = record->report;

	if (run_record_has_reply(experiment))
		add_each(record, "rtt", load_round_trip_ns(report));
	if (ops_of(experiment)->queues)
		add_latency(record);
	add_each(record, "lateness", load_lateness_ns(report));
	count(record, "sent", (double)report->sent);
	count(record, "received", (double)report->received);
	count(record, "unanswered", (double)experiment->packets - (double)report->received);
	count(record, "send_errors", (double)report->send_errors);
	count(record, "late_replies", (double)report->late_replies);
	count(record, "duplicates", (double)report->duplicates);
	if (!ops_of(experiment)->of_new_flows)
		return;
	count(record, "known_flows", (double)report->known_flows);
	count(record, "lost_flows", (double)report->lost_flows);
}

static void add_percentile(const struct record *record, const char *name, const char *suffix,
			   uint64_t value)
{
	char full[64];

	snprintf(full, sizeof(full), "%s_%s", name, suffix);
	add_one(record, full, "ns", (double)value);
}

static void add_spread(const struct record *record, const char *name, const struct spread *spread)
{
	if (!spread->count)
		return;
	add_percentile(record, name, "p50", spread_percentile(spread, 0.5));
	add_percentile(record, name, "p99", spread_percentile(spread, 0.99));
	add_percentile(record, name, "max", spread->max);
}

/*
 * Both rates over the time of the sending: what is still on its way then is delivered too. A
 * schedule begins with a packet and ends with one: between n of them there are n - 1 intervals.
 */
static void add_delivered(const struct record *record, double seconds, bool paced)
{
	double sent = (double)record->report->sent, received = (double)record->report->received;
	double per_s = (paced && sent > 1 ? (sent - 1) / sent : 1) / seconds;

	add_one(record, "sent", "pps", sent * per_s);
	add_one(record, "delivered", "pps", received * per_s);
}

static void record_bulk(const struct record *record, bool paced)
{
	const struct load_report *report = record->report;
	double seconds = (double)(report->ended_ns - report->started_ns) / 1e9;
	double sent = (double)report->sent, received = (double)report->received;

	count(record, "sent", sent);
	count(record, "received", received);
	count(record, "send_errors", (double)report->send_errors);
	count(record, "duplicates", (double)report->duplicates);
	if (!(seconds > 0) || sent < 1)
		return;
	if (report->served_bytes)
		add_one(record, "throughput", "bps", 8 * (double)report->served_bytes / seconds);
	else
		add_delivered(record, seconds, paced);
	add_spread(record, "lateness", &report->lateness_ns);
	add_one(record, "driver_cpu", "ns", (double)report->driver_cpu_ns / sent);
	if (report->server_cpu_ns)
		add_one(record, "server_cpu", "ns", (double)report->server_cpu_ns / sent);
}

void run_record(struct load_report *report, const struct experiment *experiment,
		const struct job *job, struct samples *samples)
{
	const struct record record = { report, job, samples };

	if (report->count)
		record_each(&record, experiment);
	else
		record_bulk(&record, experiment->interval_ps);
	add_spread(&record, "one_way", &report->one_way_ns);
	add_spread(&record, "connect", &report->connect_ns);
}
