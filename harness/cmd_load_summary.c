// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd_load_summary.h"

#include "bpf/drops.h"
#include "harness/format.h"
#include "harness/json_read.h"
#include "harness/run_record.h"
#include "harness/stats.h"

#include <math.h>
#include <stdlib.h>

/* Bursts are due at once, and pktgen goes on until the device has taken so many: what was tried was
 * offered, whatever the schedule says. */
static double offered(const struct run_live *live)
{
	const struct experiment *experiment = live->experiment;
	double tried = (double)live->report->sent + (double)live->report->send_errors;
	double due = (double)experiment->packets;

	if (live->interrupted || experiment->duration_ns)
		due = 0;
	if (live->interrupted && experiment->interval_ps)
		due = fmin((double)experiment->packets,
			   floor(live->elapsed_s * 1e12 / (double)experiment->interval_ps) + 1);
	return fmax(due, tried);
}

static struct load_spread spread_of(const struct spread *spread)
{
	return (struct load_spread){ .known = spread->count,
				     .p50_ns = (double)spread_percentile(spread, 0.5),
				     .p99_ns = (double)spread_percentile(spread, 0.99),
				     .max_ns = (double)spread->max };
}

static struct load_spread round_trips(struct load_report *report)
{
	const uint64_t *times_ns = load_round_trip_ns(report);
	double *values = calloc(report->count + 1, sizeof(*values));
	struct load_spread spread = {};
	size_t count = 0;

	if (!values)
		return spread;
	for (uint64_t i = 0; i < report->count; i++)
		if (times_ns[i] != UINT64_MAX)
			values[count++] = (double)times_ns[i];
	stats_sort(values, count);
	if (count)
		spread = (struct load_spread){ true, stats_percentile(values, count, 0.5),
					       stats_percentile(values, count, 0.99),
					       values[count - 1] };
	free(values);
	return spread;
}

static double a_packet(uint64_t total_ns, uint64_t packets)
{
	return total_ns && packets ? (double)total_ns / (double)packets : NAN;
}

static json_t *drops_json(const struct run_live *live)
{
	json_t *json = json_array();

	for (size_t i = 0; i < live->drop_count; i++)
		json_array_append_new(json,
				      json_pack("{s:s, s:s, s:s, s:I}", "node", live->drops[i].node,
						"device", live->drops[i].device, "where",
						live->drops[i].where, "packets",
						(json_int_t)live->drops[i].packets));
	return json;
}

struct load_summary load_summary_make(const struct run_live *live)
{
	struct load_report *report = live->report;
	const struct experiment *experiment = live->experiment;
	struct load_summary summary = {
		.experiment = experiment,
		.interrupted = live->interrupted,
		.elapsed_s = live->elapsed_s,
		.offered = offered(live),
		.sent = (double)report->sent,
		.received = (double)live->received,
		.lost = (double)report->sent - (double)live->received,
		.send_errors = (double)report->send_errors,
		.late_replies = (double)report->late_replies,
		.duplicates = (double)report->duplicates,
		.achieved_pps = NAN,
		.error = spread_of(&report->lateness_ns),
		.driver_cpu_ns = a_packet(report->driver_cpu_ns, report->sent),
		.server_cpu_ns = a_packet(report->server_cpu_ns, live->received),
		.drops = drops_json(live),
	};

	if (experiment->interval_ps)
		summary.asked_pps = 1e12 / (double)experiment->interval_ps;
	/* The schedule begins with a packet: between n of them there are n - 1 intervals. */
	if (report->sent > 1 && live->elapsed_s > 0)
		summary.achieved_pps = (summary.sent - 1) / live->elapsed_s;
	if (report->count && run_record_has_reply(experiment))
		summary.round_trip = round_trips(report);
	return summary;
}

void load_summary_done(struct load_summary *summary)
{
	json_decref(summary->drops);
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *spread_json(const struct load_spread *spread)
{
	if (!spread->known)
		return json_null();
	return json_pack("{s:f, s:f, s:f}", "p50", spread->p50_ns, "p99", spread->p99_ns, "max",
			 spread->max_ns);
}

json_t *load_summary_json(const struct load_summary *summary)
{
	const struct load_common *common = summary->experiment->load.common;
	json_t *json =
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:f}", "type", "summary", "topology",
			  summary->experiment->topology->name, "kind",
			  summary->experiment->load.kind->name, "from", common->from, "to",
			  common->to, "seed", (json_int_t)summary->experiment->seed, "interrupted",
			  summary->interrupted, "elapsed_s", summary->elapsed_s);

	json_object_update_new(json, json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I}",
					       "offered_packets", (json_int_t)summary->offered,
					       "sent_packets", (json_int_t)summary->sent,
					       "received_packets", (json_int_t)summary->received,
					       "lost_packets", (json_int_t)summary->lost,
					       "send_errors", (json_int_t)summary->send_errors,
					       "late_replies", (json_int_t)summary->late_replies,
					       "duplicates", (json_int_t)summary->duplicates));
	json_object_set_new(json, "asked_pps",
			    number(summary->asked_pps > 0 ? summary->asked_pps : NAN));
	json_object_set_new(json, "achieved_pps", number(summary->achieved_pps));
	json_object_set_new(json, "send_error_ns", spread_json(&summary->error));
	json_object_set_new(json, "driver_cpu_ns_per_packet", number(summary->driver_cpu_ns));
	json_object_set_new(json, "server_cpu_ns_per_packet", number(summary->server_cpu_ns));
	json_object_set_new(json, "round_trip_ns", spread_json(&summary->round_trip));
	json_object_set(json, "drops", summary->drops);
	return json;
}

static void print_count(const char *name, double value, FILE *out)
{
	fprintf(out, "  %-14s %.0f\n", name, value);
}

static void print_rate(const struct load_summary *summary, FILE *out)
{
	char achieved[FORMAT_MAX], asked[FORMAT_MAX];

	if (!isfinite(summary->achieved_pps))
		return;
	fprintf(out, "  %-14s %s", "rate",
		format_quantity(summary->achieved_pps, "pps", achieved, sizeof(achieved)));
	if (summary->asked_pps > 0)
		fprintf(out, " of %s asked (%.2f %%)",
			format_quantity(summary->asked_pps, "pps", asked, sizeof(asked)),
			100 * summary->achieved_pps / summary->asked_pps);
	fputc('\n', out);
}

static void print_spread(const char *name, const struct load_spread *spread, FILE *out)
{
	char p50[FORMAT_MAX], p99[FORMAT_MAX], max[FORMAT_MAX];

	if (spread->known)
		fprintf(out, "  %-14s p50 %s, p99 %s, max %s\n", name,
			format_quantity(spread->p50_ns, "ns", p50, sizeof(p50)),
			format_quantity(spread->p99_ns, "ns", p99, sizeof(p99)),
			format_quantity(spread->max_ns, "ns", max, sizeof(max)));
}

static void print_cpu(const struct load_summary *summary, FILE *out)
{
	char driver[FORMAT_MAX], server[FORMAT_MAX];

	if (!isfinite(summary->driver_cpu_ns))
		return;
	fprintf(out, "  %-14s driver %s", "CPU a packet",
		format_quantity(summary->driver_cpu_ns, "ns", driver, sizeof(driver)));
	if (isfinite(summary->server_cpu_ns))
		fprintf(out, ", server %s",
			format_quantity(summary->server_cpu_ns, "ns", server, sizeof(server)));
	fputc('\n', out);
}

static void print_lost(const struct load_summary *summary, FILE *out)
{
	const json_t *drop;
	size_t i;

	fprintf(out, "  %-14s %.0f", "lost", summary->lost);
	if (summary->sent > 0)
		fprintf(out, " (%.4g %%)", 100 * summary->lost / summary->sent);
	fputc('\n', out);
	json_array_foreach (summary->drops, i, drop)
		fprintf(out, "    %-12.0f %s, %s: %s\n", json_read_number(drop, "packets"),
			json_read_text(drop, "node"), json_read_text(drop, "device"),
			json_read_text(drop, "where"));
}

void load_summary_print(const struct load_summary *summary, FILE *out)
{
	const struct load_common *common = summary->experiment->load.common;

	fprintf(out, "%s from %s to %s through %s, %.3f s%s\n",
		summary->experiment->load.kind->name, common->from, common->to,
		summary->experiment->topology->name, summary->elapsed_s,
		summary->interrupted ? ", interrupted" : "");
	print_count("offered", summary->offered, out);
	print_count("sent", summary->sent, out);
	print_count("received", summary->received, out);
	print_lost(summary, out);
	if (summary->send_errors > 0)
		print_count("send errors", summary->send_errors, out);
	if (summary->late_replies > 0)
		print_count("late replies", summary->late_replies, out);
	if (summary->duplicates > 0)
		print_count("duplicates", summary->duplicates, out);
	print_rate(summary, out);
	print_spread("send error", &summary->error, out);
	print_cpu(summary, out);
	print_spread("round trip", &summary->round_trip, out);
}
