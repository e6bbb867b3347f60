// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_write.h"

#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/folder.h"
#include "harness/grouped.h"
#include "harness/summary.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#define LINEAR_BINS 60

struct folder {
	int fd;
	const char *path;
};

static FILE *file_open(const struct folder *folder, const char *name, struct err *err)
{
	FILE *file = folder_create_file(folder->fd, name);

	if (!file)
		err_errno(err, -errno, "cannot write '%s/%s'", folder->path, name);
	return file;
}

/* What did not fit on the disk shows here at the latest; never a short file without a word. */
static int file_close(const struct folder *folder, const char *name, FILE *file, struct err *err)
{
	bool failed;

	errno = 0;
	failed = fflush(file) || ferror(file);
	if (fclose(file) || failed)
		return err_errno(err, errno ? -errno : -EIO, "cannot write '%s/%s'", folder->path,
				 name);
	return 0;
}

static const char *skip_string(const char *text)
{
	for (text++; *text && *text != '"'; text++)
		text += *text == '\\';
	return text + 1;
}

static void put_number(FILE *file, const char *token, size_t length)
{
	char number[CSV_NUMBER_BYTES];

	if (!memchr(token, '.', length) && !memchr(token, 'e', length)) {
		fwrite(token, 1, length, file);
		return;
	}
	fputs(csv_number(strtod(token, NULL), number), file);
	/* Still a real to who reads it. */
	if (!strpbrk(number, ".e"))
		fputs(".0", file);
}

/*
 * jansson writes reals with a fixed precision: 17 digits read back as the same double but print
 * 0.1 as 0.10000000000000001. Each real is written in its shortest form in that place.
 */
static void put_json(FILE *file, const char *text)
{
	while (*text) {
		size_t length = strspn(text, "0123456789+-.e");

		if (*text == '"') {
			length = skip_string(text) - text;
			fwrite(text, 1, length, file);
		} else if (length && *text != 'e') {
			put_number(file, text, length);
		} else {
			length = 1;
			fputc(*text, file);
		}
		text += length;
	}
}

static int write_json(const struct folder *folder, const char *name, const json_t *json,
		      struct err *err)
{
	_free_ char *text = json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	FILE *file;

	if (!text)
		return err_set(err, -EINVAL, "cannot write '%s/%s': no JSON value", folder->path,
			       name);
	file = file_open(folder, name, err);
	if (!file)
		return -EIO;
	put_json(file, text);
	fputc('\n', file);
	return file_close(folder, name, file, err);
}

/* Cell 0's stands for all, but for what is about all cells, and so the plan's. */
static int write_experiment(const struct folder *folder, const struct plan *plan, struct err *err)
{
	static const char *const of_all[] = { "sweep", "against", "claims" };
	_json_ json_t *filled = json_deep_copy(plan->cells[0].experiment_json);

	for (size_t i = 0; i < ARRAY_SIZE(of_all); i++) {
		json_t *value = json_object_get(plan->experiment_json, of_all[i]);

		if (value)
			json_object_set(filled, of_all[i], value);
	}
	return write_json(folder, "experiment.json", filled, err);
}

static bool topology_seen(const struct plan *plan, size_t cell)
{
	for (size_t i = 0; i < cell; i++)
		if (json_equal(plan->cells[i].topology_json, plan->cells[cell].topology_json))
			return true;
	return false;
}

static int write_topologies(const struct folder *folder, const struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->cell_count; i++) {
		char name[48] = "topology.json";
		int code;

		if (topology_seen(plan, i))
			continue;
		if (i)
			snprintf(name, sizeof(name), "topology-%zu.json", i);
		code = write_json(folder, name, plan->cells[i].topology_json, err);
		if (code)
			return code;
	}
	return 0;
}

static int write_calibration(const struct folder *folder, const struct results_final *final,
			     struct err *err)
{
	static const char *const conditions[] = { "off", "empty", "full", "span" };
	FILE *file = file_open(folder, "calibration.csv", err);
	bool kernels;

	if (!file)
		return -EIO;
	/* All blocks are of one of the kernels, or none is. */
	kernels = final->block_count && *final->blocks[0].kernel;
	fprintf(file, "round,condition,packets,events,packet_ns%s\n", kernels ? ",kernel" : "");
	for (size_t i = 0; i < final->block_count; i++) {
		const struct probe_block *block = &final->blocks[i];

		fprintf(file, "%u,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64, block->round,
			conditions[block->condition], block->packets, block->events,
			block->packet_ns);
		if (kernels) {
			fputc(',', file);
			csv_put_text(file, block->kernel);
		}
		fputc('\n', file);
	}
	return file_close(folder, "calibration.csv", file, err);
}

static size_t most_batches(const json_t *summary)
{
	json_t *cell, *series;
	size_t index, at, most = 0;

	json_array_foreach (json_object_get(summary, "cells"), index, cell)
		json_array_foreach (json_object_get(cell, "series"), at, series) {
			size_t count = json_array_size(json_object_get(series, "batches"));

			most = count > most ? count : most;
		}
	return most;
}

static void put_batches(FILE *file, size_t cell, const char *label, const json_t *series,
			size_t columns)
{
	json_t *batches = json_object_get(series, "batches");
	char number[CSV_NUMBER_BYTES];

	fprintf(file, "%zu,", cell);
	csv_put_text(file, label);
	fputc(',', file);
	csv_put_text(file, json_string_value(json_object_get(series, "name")));
	fprintf(file, ",%s,%s", json_string_value(json_object_get(series, "direction")),
		json_string_value(json_object_get(series, "unit")));
	for (size_t i = 0; i < columns; i++) {
		json_t *mean = json_array_get(batches, i);

		fprintf(file, ",%s",
			json_is_number(mean) ? csv_number(json_number_value(mean), number) : "");
	}
	fputc('\n', file);
}

static int write_batches(const struct folder *folder, const struct plan *plan,
			 const json_t *summary, struct err *err)
{
	FILE *file = file_open(folder, "batches.csv", err);
	size_t columns = most_batches(summary), index, at;
	json_t *cell, *series;

	if (!file)
		return -EIO;
	fputs("cell,factors,series,direction,unit", file);
	for (size_t i = 1; i <= columns; i++)
		fprintf(file, ",b%zu", i);
	fputc('\n', file);
	json_array_foreach (json_object_get(summary, "cells"), index, cell) {
		const char *label = index < plan->cell_count ? plan->cells[index].label : "";

		json_array_foreach (json_object_get(cell, "series"), at, series)
			put_batches(file, index, label, series, columns);
	}
	return file_close(folder, "batches.csv", file, err);
}

static void put_histogram(FILE *file, size_t cell, const struct series *series, const char *scale,
			  struct histogram *histogram)
{
	char low[CSV_NUMBER_BYTES], high[CSV_NUMBER_BYTES];

	for (size_t i = 0; i < histogram->count; i++) {
		fprintf(file, "%zu,", cell);
		csv_put_text(file, series->name);
		fprintf(file, ",%s,%s,%s,%s,%zu\n", direction_names[series->direction], scale,
			csv_number(histogram->edges[i], low),
			csv_number(histogram->edges[i + 1], high), histogram->counts[i]);
	}
	histogram_free(histogram);
}

static void put_histograms(FILE *file, size_t cell, const struct group *group)
{
	struct histogram histogram;

	histogram_log2(group->values, group->count, &histogram);
	put_histogram(file, cell, group->series, "log2", &histogram);
	histogram_linear(group->values, group->count, LINEAR_BINS, &histogram);
	put_histogram(file, cell, group->series, "linear", &histogram);
}

static int write_histograms(const struct folder *folder, const struct samples *samples,
			    size_t cells, struct err *err)
{
	_grouped_ struct grouped *grouped = grouped_new(samples, cells);
	FILE *file = file_open(folder, "hist.csv", err);

	if (!file)
		return -EIO;
	fputs("cell,series,direction,scale,low,high,count\n", file);
	for (size_t cell = 0; cell < cells; cell++)
		for (size_t i = 0; i < grouped_count(grouped, cell); i++) {
			struct group group = grouped_get(grouped, cell, i);

			put_histograms(file, cell, &group);
		}
	return file_close(folder, "hist.csv", file, err);
}

int results_write_files(int fd, const char *path, const struct plan *plan,
			const struct results_final *final, struct err *err)
{
	struct folder folder = { fd, path };
	int code = write_json(&folder, "summary.json", final->summary, err);

	if (!code)
		code = write_json(&folder, "environment.json", final->environment, err);
	if (!code)
		code = write_experiment(&folder, plan, err);
	if (!code)
		code = write_topologies(&folder, plan, err);
	if (!code)
		code = write_calibration(&folder, final, err);
	if (!code)
		code = write_batches(&folder, plan, final->summary, err);
	if (!code)
		code = write_histograms(&folder, final->samples, plan->cell_count, err);
	return code;
}
