// SPDX-License-Identifier: GPL-2.0-only
#include "harness/report_text.h"

#include "harness/cleanup.h"
#include "harness/format.h"
#include "harness/json_read.h"
#include "harness/samples.h"
#include "harness/summary.h"
#include "harness/terminal.h"
#include "harness/text.h"

#include <math.h>
#include <string.h>

static void print_series(const json_t *series, const char *name, FILE *out)
{
	static const char *const columns[] = { "p50", "p99", "max", "corrected_mean" };
	const char *unit = json_read_text(series, "unit");
	/* A long one is told once a row. */
	const char *short_unit = strlen(unit) <= 5 ? unit : "";
	char text[FORMAT_MAX];

	text_put(out, "  %-16s %-8s %-34s", name, json_read_text(series, "direction"),
		 format_interval(json_read_number(series, "mean"),
				 json_read_interval(series, "ci95"), unit, text, sizeof(text)));
	for (size_t i = 0; i < ARRAY_SIZE(columns); i++) {
		double value = json_read_number(series, columns[i]);

		text_put(out, " %11s",
			 isnan(value) ? "-"
				      : format_quantity(value, short_unit, text, sizeof(text)));
	}
	fputc('\n', out);
}

static void print_all_series(const json_t *cell, FILE *out)
{
	bool once = summary_all_delivered(cell);
	const json_t *series;
	size_t i;

	fprintf(out, "  %-16s %-8s %-34s %11s %11s %11s %11s\n", "segment", "", "mean [95 %]",
		"p50", "p99", "max", "less probe");
	json_array_foreach (json_object_get(cell, "series"), i, series) {
		const char *name = json_read_text(series, "name");

		if (once && !strcmp(name, "delivered"))
			name = "sent = delivered";
		else if (once && !strcmp(name, "sent"))
			continue;
		print_series(series, name, out);
	}
}

static bool is_fault(const char *name)
{
	return strcmp(name, "sent") && strcmp(name, "received") && strcmp(name, "background");
}

static bool any_fault(const json_t *cell)
{
	json_t *loss = json_object_get(cell, "loss"), *value;
	const char *name;

	json_object_foreach (loss, name, value)
		if (is_fault(name) && json_number_value(value) > 0)
			return true;
	return false;
}

/* In bulk what did not arrive is a result, not a fault. */
static double count_lost(const json_t *loss)
{
	double lost = json_read_number(loss, "sent") - json_read_number(loss, "received");

	return json_read_number(loss, "unanswered") > 0 ? 0 : lost;
}

static void print_loss(const json_t *cell, FILE *out)
{
	json_t *loss = json_object_get(cell, "loss"), *value;
	bool found = json_object_get(cell, "search"), none = !any_fault(cell);
	double lost = count_lost(loss);
	const char *name;

	fprintf(out, "  %s%.0f sent, %.0f received", found ? "at the rates found: " : "",
		json_read_number(loss, "sent"), json_read_number(loss, "received"));
	if (json_read_number(loss, "background") > 0)
		fprintf(out, ", %.0f other packets on the wire",
			json_read_number(loss, "background"));
	if (lost > 0)
		fprintf(out, ", %.0f lost", lost);
	json_object_foreach (loss, name, value)
		if (is_fault(name) && json_number_value(value) > 0)
			text_put(out, ", %s %.0f", name, json_number_value(value));
	fprintf(out, "%s\n", none && !(lost > 0) ? ", nothing lost" : "");
}

/* A drop's name is NODE.DEVICE.WHERE; a device of a VLAN may have a dot of its own. */
static void print_drops(const json_t *cell, FILE *out)
{
	json_t *drops = json_object_get(cell, "drops"), *value;
	const char *name;

	json_object_foreach (drops, name, value) {
		const char *first = strchr(name, '.'), *last = strrchr(name, '.');

		if (!(json_number_value(value) > 0))
			continue;
		if (first == last)
			text_put(out, "    %.0f dropped at %s\n", json_number_value(value), name);
		else
			text_put(out, "    %.0f dropped at %.*s:%.*s: %s\n",
				 json_number_value(value), (int)(first - name), name,
				 (int)(last - first - 1), first + 1, last + 1);
	}
}

bool report_text_is_partial(const json_t *cell, const char *name)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (!strcmp(json_read_text(series, "name"), name))
			return true;
	return false;
}

static void print_unmeasured(const json_t *cell, FILE *out)
{
	json_t *unmeasured = json_object_get(cell, "unmeasured"), *why;
	const char *name;

	json_object_foreach (unmeasured, name, why)
		text_put(out, "  not measured%s: %s: %s\n",
			 report_text_is_partial(cell, name) ? " in each batch" : "", name,
			 json_string_value(why));
}

static void print_end(double batches, double all, const char *text, FILE *out)
{
	if (batches > 0 && batches < all)
		text_put(out, "  faster, in %.0f of %.0f batches: %s\n", batches, all, text);
	else if (batches > 0)
		text_put(out, "  faster: %s\n", text);
}

/* What kept a search from finding a higher rate. */
static void print_search(const json_t *cell, FILE *out)
{
	const json_t *search = json_object_get(cell, "search");
	const json_t *first = json_array_get(json_object_get(cell, "series"), 0);
	double load = json_read_number(search, "limited_by_load");
	double end = json_read_number(search, "limited_by_search"), all = 0;
	const json_t *mean;
	size_t i;

	json_array_foreach (json_object_get(first, "batches"), i, mean)
		all += json_is_number(mean);
	if (!search)
		return;
	print_end(load, all,
		  "the sender cannot keep that pace (over veth its CPU does the path's work too)",
		  out);
	print_end(end, all, "not tried, the search ends here", out);
	print_end(all - load - end, all, "packets are lost", out);
}

/* summary.json calls it event_ns in exact mode too, where a virtual nanosecond is an instruction.
 */
static const char *cost_unit(const json_t *summary)
{
	return strcmp(json_read_text(summary, "mode"), "exact") ? "ns" : "instructions";
}

char *report_text_probe_cost(const json_t *summary, size_t cell)
{
	const json_t *cells = json_object_get(summary, "cells");
	const json_t *cost = json_object_get(json_array_get(cells, cell), "probe_cost");
	const json_t *event = json_object_get(cost, "event_ns");
	const json_t *empty = json_object_get(cost, "empty_ns");
	const json_t *span = json_object_get(cost, "span_ns");
	char text[FORMAT_MAX], text_empty[FORMAT_MAX], text_span[FORMAT_MAX], *line;
	int code;

	if (!json_is_object(event))
		return NULL;
	format_interval(json_read_number(event, "mean"), json_read_interval(event, "ci95"),
			cost_unit(summary), text, sizeof(text));
	format_interval(json_read_number(empty, "mean"), json_read_interval(empty, "ci95"),
			cost_unit(summary), text_empty, sizeof(text_empty));
	format_interval(json_read_number(span, "mean"), json_read_interval(span, "ci95"),
			cost_unit(summary), text_span, sizeof(text_span));
	if (json_is_object(span))
		code = asprintf(&line,
				"one call costs its packet %s, of which %s are within what is "
				"measured; empty programs %s",
				text, text_span, text_empty);
	else
		code = asprintf(&line, "one event costs %s; an empty program %s", text, text_empty);
	if (code < 0)
		abort();
	return line;
}

static void print_widest(const json_t *worst, FILE *out)
{
	double percent = json_read_number(worst, "half_width_percent");

	if (!json_is_object(worst))
		fprintf(out, " (nothing that counts was measured)");
	else if (isnan(percent))
		text_put(out, " (%s %s has no interval)", json_read_text(worst, "series"),
			 json_read_text(worst, "direction"));
	else
		text_put(out, " (the widest: %s %s, %.3g %%)", json_read_text(worst, "series"),
			 json_read_text(worst, "direction"), percent);
}

char *report_text_stopped(const json_t *cell)
{
	const json_t *stopped = json_object_get(cell, "stopped");
	const json_t *worst = json_object_get(stopped, "worst");
	double asked = json_read_number(stopped, "asked_percent");
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!json_is_object(stopped))
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		abort();
	fprintf(out, "stopped after %.0f batches, ", json_read_number(stopped, "batches"));
	if (!strcmp(json_read_text(stopped, "reason"), "ci_half_width"))
		fprintf(out, "each 95 %% interval that counts within %g %% of its mean", asked);
	else if (json_read_number(worst, "half_width_percent") <= asked)
		fprintf(out, "the most allowed: within %g %%, but at the last look alone", asked);
	else
		fprintf(out,
			"the most allowed: not each 95 %% interval that counts is within %g %%",
			asked);
	print_widest(worst, out);
	fclose(out);
	return text;
}

/* One series a line would say the same of each direction and of the method. */
static void print_calls(const json_t *cell, FILE *out)
{
	const char *before = "  calls a packet";
	json_t *series, *method = NULL;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series) {
		if (!json_is_number(json_object_get(series, "calls_per_packet")))
			continue;
		method = json_object_get(series, "method");
		text_put(out, "%s %s %s %.4g", before, json_read_text(series, "name"),
			 json_read_text(series, "direction"),
			 json_read_number(series, "calls_per_packet"));
		before = ",";
	}
	if (json_is_string(method))
		text_put(out, "; measured by %s\n", json_string_value(method));
}

char *report_text_factors(const json_t *cell)
{
	json_t *factors = json_object_get(cell, "factors"), *value;
	const char *path, *between = "";
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	json_object_foreach (factors, path, value) {
		const char *dot = strrchr(path, '.');
		_free_ char *dumped = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

		text_put(out, "%s%s=%s", between, dot ? dot + 1 : path,
			 json_is_string(value) ? json_string_value(value) : dumped);
		between = " ";
	}
	fclose(out);
	return text;
}

static void print_cell(const json_t *summary, size_t index, FILE *out)
{
	const json_t *cell = json_array_get(json_object_get(summary, "cells"), index);
	const char *error = json_string_value(json_object_get(cell, "error"));
	_free_ char *cost = report_text_probe_cost(summary, index);
	_free_ char *factors = report_text_factors(cell);
	_free_ char *stopped = report_text_stopped(cell);

	fputc('\n', out);
	if (*factors)
		text_put(out, "%s:\n", factors);
	if (error) {
		text_put(out, "  failed: %s\n", error);
		return;
	}
	if (json_is_true(json_object_get(cell, "elsewhere"))) {
		fprintf(out, "  another shard's\n");
		return;
	}
	print_all_series(cell, out);
	print_calls(cell, out);
	print_loss(cell, out);
	print_drops(cell, out);
	print_unmeasured(cell, out);
	print_search(cell, out);
	if (stopped)
		text_put(out, "  %s\n", stopped);
	if (cost)
		text_put(out, "  %s\n", cost);
}

static enum terminal_color color_of(const char *verdict)
{
	if (!strcmp(verdict, "holds"))
		return TERMINAL_GOOD;
	return strcmp(verdict, "fails") ? TERMINAL_OPEN : TERMINAL_BAD;
}

void report_text_claims(const json_t *claims, FILE *out)
{
	const json_t *claim;
	size_t i;

	json_array_foreach ((json_t *)claims, i, claim) {
		const char *verdict = json_read_text(claim, "verdict");

		fprintf(out, "  %s", terminal_on(out, color_of(verdict)));
		text_put(out, "%-12s", verdict);
		fputs(terminal_off(out), out);
		text_put(out, " %s\n", json_read_text(claim, "text"));
		text_put(out, "  %-12s %s\n", "", json_read_text(claim, "detail"));
	}
}

static size_t count_failed(const json_t *cells, bool *ret_lossy)
{
	const json_t *cell;
	size_t failed = 0, i;

	*ret_lossy = false;
	json_array_foreach (cells, i, cell) {
		if (json_is_string(json_object_get(cell, "error")))
			failed++;
		else
			*ret_lossy |= any_fault(cell);
	}
	return failed;
}

char *report_text_fault(const json_t *summary)
{
	const json_t *cells = json_object_get(summary, "cells");
	size_t count = json_array_size(cells), failed;
	char *text = NULL;
	bool lossy;

	if (json_is_true(json_object_get(summary, "valid")))
		return NULL;
	failed = count_failed(cells, &lossy);
	if (!failed)
		text = strdup(lossy ? "it lost more than it may" : "it has cells without figures");
	else if (asprintf(&text, "%zu of %zu cell%s failed%s", failed, count, count == 1 ? "" : "s",
			  lossy ? ", others have losses" : "") < 0)
		text = NULL;
	if (!text)
		abort();
	return text;
}

void report_text(const json_t *summary, FILE *out)
{
	const json_t *claims = json_object_get(summary, "claims");
	size_t count = json_array_size(json_object_get(summary, "cells"));
	_free_ char *fault = report_text_fault(summary);

	text_put(out, "%s (%s)", json_read_text(summary, "experiment"),
		 json_read_text(summary, "mode"));
	if (fault) {
		fprintf(out, ": %sNOT VALID:%s", terminal_on(out, TERMINAL_BAD), terminal_off(out));
		text_put(out, " %s", fault);
	}
	fputc('\n', out);
	for (size_t i = 0; i < count; i++)
		print_cell(summary, i, out);
	if (json_array_size(claims)) {
		fprintf(out, "\nclaims:\n");
		report_text_claims(claims, out);
	}
}
