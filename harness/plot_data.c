// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_data.h"

#include "harness/cleanup.h"
#include "harness/folder.h"
#include "harness/grouped.h"
#include "harness/plot_text.h"
#include "harness/stats.h"
#include "harness/summary.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static double number_or_nan(const json_t *json)
{
	return json_is_number(json) ? json_number_value(json) : NAN;
}

static enum direction direction_of(const json_t *series)
{
	const char *text = json_string_value(json_object_get(series, "direction"));
	int direction = 0;

	while (direction + 1 < DIRECTION_COUNT && strcmp(text, direction_names[direction]))
		direction++;
	return direction;
}

/* Those of all topologies: a sweep may have several, and any of them may declare one. */
static json_t *declared(const json_t *topologies, const char *list, const char *key)
{
	json_t *names = json_object();
	const json_t *topology, *item;
	size_t index, at;

	json_array_foreach (topologies, index, topology)
		json_array_foreach (json_object_get(topology, list), at, item) {
			const char *name = json_string_value(json_object_get(item, key));

			if (name)
				json_object_set_new(names, name, json_true());
		}
	return names;
}

/* What series have been met by name, and what the topologies declare. */
struct known {
	json_t *indices, *segments, *spans;
};

static struct known known_new(const json_t *topologies)
{
	return (struct known){ .indices = json_object(),
			       .segments = declared(topologies, "path", "segment"),
			       .spans = declared(topologies, "spans", "name") };
}

static void known_done(struct known *known)
{
	json_decref(known->indices);
	json_decref(known->segments);
	json_decref(known->spans);
}

/* What is of both directions is the load's own view. */
static enum plot_role role_of(const struct known *known, const char *name, enum direction direction)
{
	if (direction == DIRECTION_BOTH)
		return PLOT_OTHER;
	if (json_object_get(known->spans, name))
		return PLOT_SPAN;
	if (!json_object_size(known->segments) || json_object_get(known->segments, name))
		return PLOT_SEGMENT;
	return PLOT_OTHER;
}

/* The further ones of a sweep lie in topology-<cell>.json. */
static json_t *read_topologies(const struct plot_data *data)
{
	json_t *topologies = json_array();

	json_array_append(topologies, data->folder.topology);
	for (size_t i = 1; i < data->cell_count; i++) {
		_free_ char *text = NULL;
		char name[48];
		json_t *topology;
		size_t length;
		struct err err;

		snprintf(name, sizeof(name), "topology-%zu.json", i);
		if (folder_read_file(data->folder.dir, name, &text, &length, &err))
			continue;
		topology = json_loadb(text, length, 0, NULL);
		if (topology)
			json_array_append_new(topologies, topology);
	}
	return topologies;
}

static const char *name_of(const json_t *series)
{
	return json_string_value(json_object_get(series, "name"));
}

static size_t intern_name(struct plot_data *data, struct known *known, const json_t *series)
{
	const char *text = name_of(series);
	const json_t *index = json_object_get(known->indices, text);
	size_t i = index ? (size_t)json_integer_value(index) : data->name_count;

	if (index)
		return i;
	json_object_set_new(known->indices, text, json_integer((json_int_t)i));
	data->names = reallocarray(data->names, i + 1, sizeof(*data->names));
	if (!data->names)
		abort();
	data->names[data->name_count++] = (struct plot_name){
		.text = text,
		.unit = json_string_value(json_object_get(series, "unit")),
		.role = role_of(known, text, direction_of(series)),
	};
	return i;
}

static void add_series(struct plot_data *data, struct known *known, struct plot_cell *cell,
		       const json_t *series)
{
	const json_t *interval = json_object_get(series, "ci95");

	cell->series[cell->series_count++] = (struct plot_series){
		.name = intern_name(data, known, series),
		.direction = direction_of(series),
		.mean = number_or_nan(json_object_get(series, "mean")),
		.low = number_or_nan(json_array_get(interval, 0)),
		.high = number_or_nan(json_array_get(interval, 1)),
		.p50 = number_or_nan(json_object_get(series, "p50")),
		.p90 = number_or_nan(json_object_get(series, "p90")),
		.p99 = number_or_nan(json_object_get(series, "p99")),
		.batches = json_object_get(series, "batches"),
		.n = json_integer_value(json_object_get(series, "n")),
	};
}

static const char *last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && dot[1] ? dot + 1 : path;
}

static char *factors_label(const json_t *factors)
{
	char *label = NULL, number[40];
	size_t size;
	FILE *out = open_memstream(&label, &size);
	const json_t *value;
	const char *path;

	if (!out)
		abort();
	json_object_foreach ((json_t *)factors, path, value) {
		_free_ char *text = json_is_string(value)   ? strdup(json_string_value(value))
				    : json_is_number(value) ? NULL
							    : json_dumps(value, JSON_ENCODE_ANY);

		if (json_is_number(value))
			snprintf(number, sizeof(number), "%.10g", json_number_value(value));
		if (ftell(out) > 0)
			fputs("  ", out);
		fprintf(out, "%s=%s", last_part(path), text ? text : number);
	}
	fclose(out);
	return label;
}

static void read_cells(struct plot_data *data)
{
	const json_t *cells = json_object_get(data->folder.summary, "cells"), *cell, *series;
	struct known known;
	size_t index, at;

	data->cell_count = json_array_size(cells);
	data->cells = calloc(data->cell_count, sizeof(*data->cells));
	if (!data->cells)
		abort();
	data->topologies = read_topologies(data);
	known = known_new(data->topologies);
	json_array_foreach (cells, index, cell) {
		struct plot_cell *into = &data->cells[index];
		const json_t *list = json_object_get(cell, "series");
		bool once = summary_all_delivered(cell);

		into->factors = json_object_get(cell, "factors");
		into->label = factors_label(into->factors);
		into->failed = json_is_string(json_object_get(cell, "error"));
		into->series = calloc(json_array_size(list) + 1, sizeof(*into->series));
		if (!into->series)
			abort();
		json_array_foreach (list, at, series)
			if (!once || strcmp(name_of(series), "sent"))
				add_series(data, &known, into, series);
	}
	known_done(&known);
}

/* Of the cells' first series, which each of their batches has. */
struct sizes {
	const struct plot_series *first; /* NULL: no cell has any */
	size_t least, most; /* batches */
};

static struct sizes find_sizes(const struct plot_data *data)
{
	struct sizes sizes = { .least = SIZE_MAX };

	for (size_t i = 0; i < data->cell_count; i++) {
		const struct plot_series *series = data->cells[i].series;
		size_t batches = data->cells[i].series_count ? json_array_size(series->batches) : 0;

		if (!batches)
			continue;
		sizes.first = sizes.first ? sizes.first : series;
		sizes.least = batches < sizes.least ? batches : sizes.least;
		sizes.most = batches > sizes.most ? batches : sizes.most;
	}
	return sizes;
}

static void describe_sizes(const struct plot_data *data, char *text, size_t room)
{
	struct sizes sizes = find_sizes(data);
	const struct plot_series *first = sizes.first;
	size_t batches = first ? json_array_size(first->batches) : 0;
	char count[48];

	text[0] = '\0';
	if (!first)
		return;
	if (sizes.least < sizes.most)
		snprintf(count, sizeof(count), "%zu to %zu", sizes.least, sizes.most);
	else
		snprintf(count, sizeof(count), "%zu", batches);
	/* Of a load in bulk a batch is one value, of however many packets. */
	if (first->n == batches)
		snprintf(text, room, ", %s batches", count);
	else if (first->n % batches == 0)
		snprintf(text, room, ", %s batches of %zu", count, first->n / batches);
	else
		snprintf(text, room, ", n = %zu in %s batches", first->n, count);
}

static char *make_caption(const struct plot_data *data)
{
	const json_t *kernel = json_object_get(data->folder.environment, "kernel");
	const char *release = json_string_value(json_object_get(kernel, "release"));
	const char *mode = json_string_value(json_object_get(data->folder.summary, "mode"));
	char *caption = NULL, size[100];

	describe_sizes(data, size, sizeof(size));
	if (json_array_size(json_object_get(data->folder.environment, "vm")) > 1)
		release = "of several versions";
	if (asprintf(&caption, "Linux %s, %s%s%s", release ? release : "(unknown)", mode,
		     !strcmp(mode, "exact") ? " (instructions)" : "", size) < 0)
		abort();
	return caption;
}

static char *make_title(const struct plot_data *data)
{
	const char *title = json_string_value(json_object_get(data->folder.experiment, "title"));
	const char *name = json_string_value(json_object_get(data->folder.summary, "experiment"));

	return strdup(title && *title ? title : name);
}

static int read_references(struct plot_data *data, struct err *err)
{
	const char *name = json_string_value(json_object_get(data->folder.experiment, "reference"));
	int code = reference_read(&data->reference, name, err);

	return code ? code : published_read(&data->published, name, err);
}

int plot_data_read(struct plot_data *ret, const char *dir, bool unfinished, struct err *err)
{
	int code;

	*ret = (struct plot_data){ 0 };
	code = unfinished ? result_folder_read_any(&ret->folder, dir, err)
			  : result_folder_read(&ret->folder, dir, err);
	if (code)
		return code;
	read_cells(ret);
	ret->title = make_title(ret);
	ret->caption = make_caption(ret);
	return read_references(ret, err);
}

static struct plot_series *series_of(struct plot_data *data, size_t cell, const struct series *key)
{
	for (size_t i = 0; i < data->cells[cell].series_count; i++) {
		struct plot_series *series = &data->cells[cell].series[i];

		if (series->direction == key->direction &&
		    !strcmp(data->names[series->name].text, key->name))
			return series;
	}
	return NULL;
}

int plot_data_samples(struct plot_data *data, struct err *err)
{
	struct samples *samples = samples_new();
	struct grouped *grouped = NULL;
	size_t used = 0;
	int code = result_folder_samples(samples, &data->folder, err);

	if (!code) {
		data->values = calloc(samples_size(samples) + 1, sizeof(double));
		if (!data->values)
			abort();
		grouped = grouped_new(samples, data->cell_count);
	}
	for (size_t cell = 0; !code && cell < data->cell_count; cell++)
		for (size_t i = 0; i < grouped_count(grouped, cell); i++) {
			struct group group = grouped_get(grouped, cell, i);
			struct plot_series *series = series_of(data, cell, group.series);

			if (!series || series->sorted)
				continue;
			series->sorted = data->values + used;
			series->count = group.count;
			memcpy(series->sorted, group.values, group.count * sizeof(double));
			stats_sort(series->sorted, series->count);
			used += group.count;
		}
	grouped_free(grouped);
	samples_free(samples);
	return code;
}

void plot_data_done(struct plot_data *data)
{
	for (size_t i = 0; i < data->cell_count; i++) {
		free(data->cells[i].label);
		free(data->cells[i].series);
	}
	reference_done(&data->reference);
	published_done(&data->published);
	json_decref(data->topologies);
	free(data->cells);
	free(data->names);
	free(data->title);
	free(data->caption);
	free(data->values);
	result_folder_done(&data->folder);
	*data = (struct plot_data){ 0 };
}

const struct plot_series *plot_find(const struct plot_cell *cell, size_t name,
				    enum direction direction)
{
	for (size_t i = 0; i < cell->series_count; i++)
		if (cell->series[i].name == name && cell->series[i].direction == direction)
			return &cell->series[i];
	return NULL;
}

double plot_reference_mean(const struct plot_data *data, const char *series,
			   enum direction direction)
{
	const struct reference_row *row = reference_find(&data->reference, series, direction);

	/* The source's table is of one cell: beside several it would be of none in particular. */
	if (data->cell_count > 1)
		return NAN;
	/* Published nanoseconds beside instructions would only mislead. */
	for (size_t i = 0; row && i < data->name_count; i++)
		if (!strcmp(data->names[i].text, series) && !strcmp(data->names[i].unit, "ns"))
			return row->mean;
	return NAN;
}

bool plot_one_a_batch(const struct plot_series *series)
{
	return series->n <= json_array_size(series->batches);
}

bool plot_has(const struct plot_data *data, size_t name, enum direction direction)
{
	for (size_t i = 0; i < data->cell_count; i++)
		if (plot_find(&data->cells[i], name, direction))
			return true;
	return false;
}
