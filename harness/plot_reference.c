// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_reference.h"

#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/file.h"

#include <ctype.h>
#include <string.h>

/* A result folder may come from a stranger: its "reference" must not lead out of the data folder.
 */
static bool is_safe(const char *name)
{
	if (!isalnum((unsigned char)*name) || strstr(name, ".."))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_-./", *name))
			return false;
	return true;
}

/* "paper/bridge", or the folder alone: then the table is the one named after the topology. */
static char *reference_path(const struct plot_data *data)
{
	const json_t *experiment = data->folder.experiment;
	const char *name = json_string_value(json_object_get(experiment, "reference"));
	const char *topology = json_string_value(json_object_get(experiment, "topology"));
	_free_ char *path = NULL, *within = NULL;

	if (!name || !is_safe(name))
		return NULL;
	path = file_data_path("results/reference", name, ".csv");
	if (!access(path, R_OK))
		return steal_ptr(path);
	if (!topology || !is_safe(topology) || asprintf(&within, "%s/%s", name, topology) < 0)
		return NULL;
	free(path);
	path = file_data_path("results/reference", within, ".csv");
	return access(path, R_OK) ? NULL : steal_ptr(path);
}

static int add_row(struct plot_data *data, const struct csv *csv, struct err *err)
{
	double sum = 0, value;
	size_t direction = 0;

	while (direction + 1 < DIRECTION_COUNT &&
	       strcmp(direction_names[direction], csv->fields[1]))
		direction++;
	for (size_t i = 3; i < csv->count; i++) {
		int code = csv_real(csv, i, "a batch", &value, err);

		if (code)
			return code;
		sum += value;
	}
	data->references = reallocarray(data->references, data->reference_count + 1,
					sizeof(*data->references));
	if (!data->references)
		abort();
	data->references[data->reference_count++] = (struct plot_reference){
		.series = strdup(csv->fields[0]),
		.direction = direction,
		.mean = sum / (csv->count - 3),
	};
	return 0;
}

/* Nanoseconds beside instructions would only mislead. */
static bool measured_in(const struct plot_data *data, const char *series, const char *unit)
{
	for (size_t i = 0; i < data->name_count; i++)
		if (!strcmp(data->names[i].text, series))
			return !strcmp(data->names[i].unit, unit);
	return false;
}

int plot_reference_read(struct plot_data *data, struct err *err)
{
	_free_ char *path = reference_path(data);
	_csv_ struct csv csv = { 0 };
	int code;

	if (!path)
		return 0;
	code = csv_open(&csv, path, "series,direction,unit,b1", false, err);
	if (code)
		return code;
	while ((code = csv_next(&csv, err)) > 0) {
		if (measured_in(data, csv.fields[0], csv.fields[2]))
			code = add_row(data, &csv, err);
		if (code < 0)
			return code;
	}
	return code;
}
