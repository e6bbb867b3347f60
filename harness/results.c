// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results.h"

#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/file.h"
#include "harness/results_manifest.h"
#include "harness/results_partial.h"
#include "harness/results_write.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Runs of one experiment started within one second. */
#define SAME_SECOND_RUNS 99

struct results {
	char *dir, *partial_path;
	char *made; /* topmost folder made on the way, to be taken back if nothing comes of it */
	struct partial partial;
	FILE *samples_file, *counters_file;
	size_t samples_done, counters_done, cells_done;
	bool committed;
};

static char *join(const char *format, const char *a, const char *b)
{
	char *text;

	if (asprintf(&text, format, a, b) < 0)
		abort();
	return text;
}

static bool exists(const char *path)
{
	struct stat status;

	return !lstat(path, &status);
}

static char *default_dir(const struct plan *plan)
{
	time_t now = time(NULL);
	char stamp[32], again[40];
	struct tm utc;

	/* No colons: they are separators to scp, tar and PATH. */
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H-%M-%SZ", gmtime_r(&now, &utc));
	strcpy(again, stamp);
	for (int run = 2;; run++) {
		_free_ char *base = join("results/%s/%s", plan->name, again);
		_free_ char *partial = join("%s%s", base, ".partial");

		if (run > SAME_SECOND_RUNS || (!exists(base) && !exists(partial)))
			return steal_ptr(base);
		snprintf(again, sizeof(again), "%s-%d", stamp, run);
	}
}

static char *given_dir(const char *dir, struct err *err)
{
	size_t length = strlen(dir);

	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (!length) {
		err_usage(err, "the result folder's name is empty");
		return NULL;
	}
	if (length >= 8 && !strncmp(dir + length - 8, ".partial", 8)) {
		err_usage(err, "'%s': .partial is for folders of unfinished runs", dir);
		return NULL;
	}
	return strndup(dir, length);
}

static int make_parent(struct results *results, struct err *err)
{
	const char *slash = strrchr(results->dir, '/');
	_free_ char *parent = NULL;

	if (!slash || slash == results->dir)
		return 0;
	parent = strndup(results->dir, slash - results->dir);
	return file_make_dirs(parent, &results->made, err);
}

static FILE *open_in(const struct results *results, const char *name, struct err *err)
{
	int fd = openat(results->partial.fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file)
		err_errno(err, -errno, "cannot write '%s/%s'", results->partial_path, name);
	return file;
}

static int write_failed(const struct results *results, const char *name, struct err *err)
{
	return err_errno(err, errno ? -errno : -EIO, "cannot write '%s/%s'", results->partial_path,
			 name);
}

static int open_tables(struct results *results, struct err *err)
{
	results->samples_file = open_in(results, "samples.csv", err);
	if (!results->samples_file)
		return -EIO;
	results->counters_file = open_in(results, "counters.csv", err);
	if (!results->counters_file)
		return -EIO;
	errno = 0;
	if (fputs("cell,batch,iteration,series,direction,value\n", results->samples_file) < 0)
		return write_failed(results, "samples.csv", err);
	if (fputs("cell,batch,name,value\n", results->counters_file) < 0)
		return write_failed(results, "counters.csv", err);
	return 0;
}

int results_open(struct results **ret, const struct plan *plan, const char *dir, struct err *err)
{
	_results_ struct results *results = calloc(1, sizeof(*results));
	int code;

	if (!results)
		abort();
	results->partial = (struct partial){ .parent_fd = -1, .fd = -1 };
	results->dir = dir ? given_dir(dir, err) : default_dir(plan);
	if (!results->dir)
		return -EINVAL;
	if (exists(results->dir))
		return err_usage(err, "the result folder '%s' exists already", results->dir);
	results->partial_path = join("%s%s", results->dir, ".partial");
	code = make_parent(results, err);
	if (!code)
		code = partial_make(&results->partial, results->partial_path, err);
	if (!code)
		code = open_tables(results, err);
	if (!code)
		*ret = steal_ptr(results);
	return code;
}

const char *results_dir(const struct results *results)
{
	return results->dir;
}

const char *results_path(const struct results *results)
{
	return results->committed ? results->dir : results->partial_path;
}

static int put_sample(FILE *out, const struct samples *samples, const struct sample *sample)
{
	const struct series *series = samples_get_series(samples, sample->series);
	char number[CSV_NUMBER_BYTES];

	if (fprintf(out, "%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",", sample->cell, sample->batch,
		    sample->iteration) < 0 ||
	    csv_put_text(out, series->name) < 0)
		return -1;
	return fprintf(out, ",%s,%s\n", direction_names[series->direction],
		       csv_number(sample->value, number));
}

static int append_samples(struct results *results, const struct samples *samples, struct err *err)
{
	size_t count = samples_size(samples);

	errno = 0;
	for (; results->samples_done < count; results->samples_done++) {
		const struct sample *sample = samples_get(samples, results->samples_done);

		if (!isfinite(sample->value))
			return err_set(err, -EDOM, "a sample of series '%s' is no finite number",
				       samples_get_series(samples, sample->series)->name);
		if (put_sample(results->samples_file, samples, sample) < 0)
			return write_failed(results, "samples.csv", err);
	}
	if (fflush(results->samples_file))
		return write_failed(results, "samples.csv", err);
	return 0;
}

static int put_counter(FILE *out, const struct counter *counter)
{
	char number[CSV_NUMBER_BYTES];

	if (fprintf(out, "%" PRIu32 ",%" PRIu32 ",", counter->cell, counter->batch) < 0 ||
	    csv_put_text(out, counter->name) < 0)
		return -1;
	return fprintf(out, ",%s\n", csv_number(counter->value, number));
}

static int append_counters(struct results *results, const struct samples *samples, struct err *err)
{
	size_t count = samples_counter_count(samples);

	errno = 0;
	for (; results->counters_done < count; results->counters_done++)
		if (put_counter(results->counters_file,
				samples_get_counter(samples, results->counters_done)) < 0)
			return write_failed(results, "counters.csv", err);
	if (fflush(results->counters_file))
		return write_failed(results, "counters.csv", err);
	return 0;
}

int results_append(struct results *results, const struct samples *samples, long finished_cell,
		   struct err *err)
{
	int code = append_samples(results, samples, err);

	if (!code)
		code = append_counters(results, samples, err);
	if (code || finished_cell < 0)
		return code;
	errno = 0;
	if (fprintf(results->partial.marker, "%ld\n", finished_cell) < 0 ||
	    fflush(results->partial.marker))
		return write_failed(results, PARTIAL_MARKER, err);
	results->cells_done++;
	return 0;
}

static int close_table(struct results *results, FILE **file, const char *name, struct err *err)
{
	FILE *closing = *file;
	bool failed;

	*file = NULL;
	if (!closing)
		return 0;
	errno = 0;
	failed = ferror(closing);
	if (fclose(closing) || failed)
		return write_failed(results, name, err);
	return 0;
}

/* Counters add up after they were appended (samples_count()): the table is written anew. */
static int rewrite_counters(struct results *results, const struct samples *samples, struct err *err)
{
	int code = close_table(results, &results->counters_file, "counters.csv", err);

	if (code)
		return code;
	results->counters_file = open_in(results, "counters.csv", err);
	if (!results->counters_file)
		return -EIO;
	if (fputs("cell,batch,name,value\n", results->counters_file) < 0)
		return write_failed(results, "counters.csv", err);
	results->counters_done = 0;
	code = append_counters(results, samples, err);
	if (!code)
		code = close_table(results, &results->counters_file, "counters.csv", err);
	return code;
}

int results_write(struct results *results, const struct plan *plan,
		  const struct results_final *final, struct err *err)
{
	int code = append_samples(results, final->samples, err);

	if (!code)
		code = close_table(results, &results->samples_file, "samples.csv", err);
	if (!code)
		code = rewrite_counters(results, final->samples, err);
	if (!code)
		code = results_write_files(results->partial.fd, results->partial_path, plan, final,
					   err);
	return code;
}

int results_commit(struct results *results, struct err *err)
{
	const char *slash = strrchr(results->dir, '/');
	const char *name = slash ? slash + 1 : results->dir;
	struct partial *partial = &results->partial;

	int code = manifest_write(partial->fd, results->partial_path, err);

	if (code)
		return code;
	/* NOREPLACE: plain rename() would take the place of an empty folder made meanwhile. */
	if (renameat2(partial->parent_fd, partial->name, partial->parent_fd, name,
		      RENAME_NOREPLACE) &&
	    (errno != EINVAL ||
	     renameat(partial->parent_fd, partial->name, partial->parent_fd, name)))
		return err_errno(err, -errno, "cannot rename '%s' to '%s'", results->partial_path,
				 results->dir);
	results->committed = true;
	unlinkat(partial->fd, PARTIAL_MARKER, 0);
	return 0;
}

/* Up from the result folder's parent to the topmost one that we made; stops at what is not empty.
 */
static void remove_made(const struct results *results)
{
	_free_ char *path = results->made ? strdup(results->dir) : NULL;
	char *slash;

	if (!path)
		return;
	while ((slash = strrchr(path, '/')) && slash != path) {
		*slash = '\0';
		if (strlen(path) < strlen(results->made) || rmdir(path))
			return;
	}
}

void results_free(struct results *results)
{
	if (!results)
		return;
	if (results->samples_file)
		fclose(results->samples_file);
	if (results->counters_file)
		fclose(results->counters_file);
	if (!results->committed && !results->cells_done) {
		if (results->partial.fd >= 0)
			file_remove_tree_at(results->partial.parent_fd, results->partial.name);
		remove_made(results);
	}
	partial_close(&results->partial);
	free(results->dir);
	free(results->partial_path);
	free(results->made);
	free(results);
}
