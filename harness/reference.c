// SPDX-License-Identifier: GPL-2.0-only
#include "harness/reference.h"

#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/file.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#define FIRST_BATCH 3 /* after series, direction and unit */

bool reference_is_safe(const char *name)
{
	if (!isalnum((unsigned char)*name) || strstr(name, ".."))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_-.", *name))
			return false;
	return true;
}

static int read_direction(const struct csv *csv, enum direction *ret, struct err *err)
{
	for (size_t i = 0; i < DIRECTION_COUNT; i++)
		if (!strcmp(direction_names[i], csv->fields[1])) {
			*ret = (enum direction)i;
			return 0;
		}
	return csv_fault(csv, err, "no direction \"%.32s\"", csv->fields[1]);
}

static int read_row(struct reference_row *row, const struct csv *csv, struct err *err)
{
	double sum = 0, value;
	int code = read_direction(csv, &row->direction, err);

	row->min = INFINITY;
	row->max = -INFINITY;
	for (size_t i = FIRST_BATCH; i < csv->count && !code; i++) {
		code = csv_real(csv, i, "a batch", &value, err);
		sum += value;
		row->min = fmin(row->min, value);
		row->max = fmax(row->max, value);
	}
	row->mean = sum / (double)(csv->count - FIRST_BATCH);
	row->series = strdup(csv->fields[0]);
	return code;
}

static int read_rows(struct reference *reference, struct csv *csv, struct err *err)
{
	int code;

	while ((code = csv_next(csv, err)) > 0) {
		struct reference_row *rows =
			reallocarray(reference->rows, reference->count + 1, sizeof(*rows));

		if (!rows)
			abort();
		reference->rows = rows;
		memset(&rows[reference->count], 0, sizeof(*rows));
		code = read_row(&rows[reference->count++], csv, err);
		if (code)
			break;
	}
	return code;
}

int reference_read(struct reference *ret, const char *name, struct err *err)
{
	_free_ char *path = NULL, *dir = NULL;
	struct csv csv;
	int code;

	*ret = (struct reference){};
	if (!name || !reference_is_safe(name))
		return 0;
	path = file_data_path("results/reference/paper", name, ".csv");
	if (access(path, R_OK))
		return 0;
	dir = file_data_path("results/reference", "paper", "");
	code = csv_open(&csv, dir, strrchr(path, '/') + 1, "series,direction,unit,b1", false, err);
	if (code)
		return code;
	code = read_rows(ret, &csv, err);
	csv_close(&csv);
	if (code)
		reference_done(ret);
	return code;
}

void reference_done(struct reference *reference)
{
	for (size_t i = 0; i < reference->count; i++)
		free(reference->rows[i].series);
	free(reference->rows);
	*reference = (struct reference){};
}

const struct reference_row *reference_find(const struct reference *reference, const char *series,
					   enum direction direction)
{
	for (size_t i = 0; i < reference->count; i++)
		if (reference->rows[i].direction == direction &&
		    !strcmp(reference->rows[i].series, series))
			return &reference->rows[i];
	return NULL;
}
