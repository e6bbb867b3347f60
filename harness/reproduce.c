// SPDX-License-Identifier: GPL-2.0-only
#include "harness/reproduce.h"

#include "harness/cleanup.h"
#include "harness/format.h"
#include "harness/json_read.h"
#include "harness/reference.h"
#include "harness/report_text.h"
#include "harness/reproduce_sweep.h"
#include "harness/results.h"

#include <math.h>
#include <string.h>

static enum direction direction_of(const json_t *series)
{
	for (size_t i = 0; i < DIRECTION_COUNT; i++)
		if (!strcmp(direction_names[i], json_read_text(series, "direction")))
			return (enum direction)i;
	return DIRECTION_BOTH;
}

struct reproduce_row reproduce_row(const struct reference *reference, const json_t *series)
{
	const struct reference_row *row =
		reference_find(reference, json_read_text(series, "name"), direction_of(series));
	double mean = json_read_number(series, "mean");
	struct reproduce_row ret = { .paper = "-", .ratio = "-" };

	if (row)
		format_interval(row->mean, (struct interval){ row->min, row->max }, "ns", ret.paper,
				sizeof(ret.paper));
	/* Instructions of an exact run are not time: a ratio to it would mean nothing. */
	if (row && !strcmp(json_read_text(series, "unit"), "ns"))
		snprintf(ret.ratio, sizeof(ret.ratio), "%.3f", mean / row->mean);
	format_interval(mean, json_read_interval(series, "ci95"), json_read_text(series, "unit"),
			ret.measured, sizeof(ret.measured));
	return ret;
}

static void print_row(const struct reference *reference, const json_t *series, FILE *out)
{
	const struct reproduce_row row = reproduce_row(reference, series);

	fprintf(out, "  %-16s %-8s %-32s %-34s %8s\n", json_read_text(series, "name"),
		json_read_text(series, "direction"), row.paper, row.measured, row.ratio);
}

static void print_cell(const struct reference *reference, const json_t *cell, FILE *out)
{
	const json_t *series;
	size_t i;

	fprintf(out, "  %-16s %-8s %-32s %-34s %8s\n", "segment", "", "paper [batches' range]",
		"measured [95 %]", "ratio");
	json_array_foreach (json_object_get(cell, "series"), i, series)
		print_row(reference, series, out);
}

static void print_sources(const struct published *published, FILE *out)
{
	for (size_t i = 0; i < reproduce_sweep_sources(published); i++)
		fprintf(out, "  %s%s: %s\n", published_name(published, i),
			published_is_expected(published, i) ? " (expected)" : "",
			published_text(published, i));
	fprintf(out, "  %-16s %-8s %-5s", "series", "", "");
	for (size_t i = 0; i < reproduce_sweep_sources(published); i++)
		fprintf(out, " %-26s", published_name(published, i));
	fprintf(out, " %s\n", "measured [95 %]");
}

/* Side by side and no more: an expectation is nothing to pass. */
static void print_sweep(const struct published *published, const json_t *summary, FILE *out)
{
	_free_ struct sweep_row *rows = NULL;
	size_t count = reproduce_sweep_rows(published, summary, &rows);

	if (count)
		print_sources(published, out);
	for (size_t i = 0; i < count; i++) {
		const struct sweep_row *row = &rows[i];
		const json_t *cells = json_object_get(summary, "cells");
		_free_ char *cell = report_text_factors(json_array_get(cells, row->cell));

		if (i == 0 || row[-1].cell != row->cell)
			fprintf(out, "  %s:\n", cell);
		fprintf(out, "  %-16s %-8s %-5s", row->series, direction_names[row->direction],
			row->stat);
		for (size_t k = 0; k < reproduce_sweep_sources(published); k++)
			fprintf(out, " %-26s", row->figures[k]);
		fprintf(out, " %s\n", row->measured);
	}
}

static void print_folder(const struct result_folder *folder, const struct reference *reference,
			 const struct published *published, FILE *out)
{
	const json_t *cells = json_object_get(folder->summary, "cells"), *cell;
	_free_ char *fault = report_text_fault(folder->summary);
	size_t i;

	fprintf(out, "\n%s: %s\n  source: %s\n", json_read_text(folder->summary, "experiment"),
		json_read_text(folder->experiment, "title"),
		json_read_text(folder->experiment, "source"));
	if (fault)
		fprintf(out, "  THE MEASUREMENT IS NOT VALID: %s\n", fault);
	print_sweep(published, folder->summary, out);
	/* The paper's tables are of one cell each. */
	if (json_array_size(cells) == 1)
		json_array_foreach (cells, i, cell)
			print_cell(reference, cell, out);
	report_text_claims(json_object_get(folder->summary, "claims"), out);
}

int reproduce_print(const char *dir, FILE *out, struct err *err)
{
	struct result_folder folder = {};
	struct reference reference = {};
	struct published published = {};
	int code = result_folder_read(&folder, dir, err);
	const char *name = json_string_value(json_object_get(folder.experiment, "reference"));

	if (!code)
		code = reference_read(&reference, name, err);
	if (!code)
		code = published_read(&published, name, err);
	if (!code)
		print_folder(&folder, &reference, &published, out);
	published_done(&published);
	reference_done(&reference);
	result_folder_done(&folder);
	return code;
}
