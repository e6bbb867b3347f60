// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_tables.h"

#include "harness/csv.h"
#include "harness/results_partial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const table_names[TABLE_COUNT] = {
	[TABLE_SAMPLES] = "samples.csv",
	[TABLE_COUNTERS] = "counters.csv",
	[TABLE_SERIES] = PARTIAL_SERIES,
};

static const char *const headers[TABLE_COUNT] = {
	[TABLE_SAMPLES] = "cell,batch,iteration,series,direction,value\n",
	[TABLE_COUNTERS] = "cell,batch,name,value\n",
	[TABLE_SERIES] = "name,direction,unit\n",
};

int tables_failed(const struct tables *tables, const char *name, struct err *err)
{
	return err_errno(err, errno ? -errno : -EIO, "cannot write '%s/%s'", tables->path, name);
}

static int open_one(struct tables *tables, enum table table, int flags, struct err *err)
{
	int fd = openat(tables->fd, table_names[table], O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags,
			0666);

	tables->files[table] = fd < 0 ? NULL : fdopen(fd, flags & O_APPEND ? "a" : "w");
	return tables->files[table] ? 0 : tables_failed(tables, table_names[table], err);
}

static int create_one(struct tables *tables, enum table table, struct err *err)
{
	int code = open_one(tables, table, O_CREAT | O_TRUNC, err);

	errno = 0;
	if (!code && fputs(headers[table], tables->files[table]) < 0)
		code = tables_failed(tables, table_names[table], err);
	tables->done[table] = 0;
	return code;
}

int tables_create(struct tables *tables, struct err *err)
{
	int code = 0;

	for (int i = 0; i < TABLE_COUNT && !code; i++)
		code = create_one(tables, i, err);
	return code;
}

int tables_continue(struct tables *tables, const struct samples *samples, struct err *err)
{
	int code = 0;

	for (int i = 0; i < TABLE_COUNT && !code; i++)
		code = open_one(tables, i, O_APPEND, err);
	tables->done[TABLE_SAMPLES] = samples_size(samples);
	tables->done[TABLE_COUNTERS] = samples_counter_count(samples);
	tables->done[TABLE_SERIES] = samples_series_count(samples);
	return code;
}

static int put_sample(FILE *out, const struct samples *samples, size_t index, struct err *err)
{
	const struct sample *sample = samples_get(samples, index);
	const struct series *series = samples_get_series(samples, sample->series);
	char number[CSV_NUMBER_BYTES];

	if (!isfinite(sample->value))
		return err_set(err, -EDOM, "a sample of series '%s' is no finite number",
			       series->name);
	fprintf(out, "%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",", sample->cell, sample->batch,
		sample->iteration);
	csv_put_text(out, series->name);
	fprintf(out, ",%s,%s\n", direction_names[series->direction],
		csv_number(sample->value, number));
	return 0;
}

static void put_counter(FILE *out, const struct samples *samples, size_t index)
{
	const struct counter *counter = samples_get_counter(samples, index);
	char number[CSV_NUMBER_BYTES];

	fprintf(out, "%" PRIu32 ",%" PRIu32 ",", counter->cell, counter->batch);
	csv_put_text(out, counter->name);
	fprintf(out, ",%s\n", csv_number(counter->value, number));
}

static void put_series(FILE *out, const struct samples *samples, size_t index)
{
	const struct series *series = samples_get_series(samples, index);

	csv_put_text(out, series->name);
	fprintf(out, ",%s,%s\n", direction_names[series->direction], series->unit);
}

static int put_row(const struct tables *tables, enum table table, const struct samples *samples,
		   struct err *err)
{
	FILE *out = tables->files[table];
	size_t index = tables->done[table];

	if (table == TABLE_SAMPLES)
		return put_sample(out, samples, index, err);
	if (table == TABLE_COUNTERS)
		put_counter(out, samples, index);
	else
		put_series(out, samples, index);
	return 0;
}

static int append_one(struct tables *tables, enum table table, const struct samples *samples,
		      struct err *err)
{
	const size_t counts[TABLE_COUNT] = {
		[TABLE_SAMPLES] = samples_size(samples),
		[TABLE_COUNTERS] = samples_counter_count(samples),
		[TABLE_SERIES] = samples_series_count(samples),
	};
	int code = 0;

	errno = 0;
	for (; tables->done[table] < counts[table] && !code; tables->done[table]++)
		code = put_row(tables, table, samples, err);
	if (!code && (fflush(tables->files[table]) || ferror(tables->files[table])))
		code = tables_failed(tables, table_names[table], err);
	return code;
}

int tables_append(struct tables *tables, const struct samples *samples, struct err *err)
{
	int code = 0;

	for (int i = 0; i < TABLE_COUNT && !code; i++)
		code = append_one(tables, i, samples, err);
	return code;
}

void tables_measure(const struct tables *tables, uint64_t ret_bytes[TABLE_COUNT])
{
	struct stat status;

	for (int i = 0; i < TABLE_COUNT; i++)
		ret_bytes[i] = fstat(fileno(tables->files[i]), &status) ? 0 : status.st_size;
}

static int close_one(struct tables *tables, enum table table, struct err *err)
{
	FILE *closing = tables->files[table];

	tables->files[table] = NULL;
	errno = 0;
	return closing && fclose(closing) ? tables_failed(tables, table_names[table], err) : 0;
}

/* Counters add up after they were appended (samples_count()): the table is written anew. */
int tables_finish(struct tables *tables, const struct samples *samples, struct err *err)
{
	int code = tables_append(tables, samples, err);

	if (!code)
		code = close_one(tables, TABLE_COUNTERS, err);
	if (!code)
		code = create_one(tables, TABLE_COUNTERS, err);
	if (!code)
		code = append_one(tables, TABLE_COUNTERS, samples, err);
	for (int i = 0; i < TABLE_COUNT && !code; i++)
		code = close_one(tables, i, err);
	return code;
}

void tables_close(struct tables *tables)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		if (tables->files[i])
			fclose(tables->files[i]);
		tables->files[i] = NULL;
	}
}
