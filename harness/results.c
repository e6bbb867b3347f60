// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/results_manifest.h"
#include "harness/results_partial.h"
#include "harness/results_resume.h"
#include "harness/results_tables.h"
#include "harness/results_write.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* Runs of one experiment started within one second. */
#define SAME_SECOND_RUNS 99

struct results {
	char *dir, *partial_path;
	char *made; /* topmost folder made on the way, to be taken back if nothing comes of it */
	struct partial partial;
	struct tables tables;
	size_t jobs_done;
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

char *results_default_dir(const struct plan *plan)
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

char *results_given_dir(const char *dir, struct err *err)
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

/* `dir` is the caller's no more. */
static struct results *results_new(char *dir)
{
	struct results *results = calloc(1, sizeof(*results));

	if (!results)
		abort();
	results->partial = (struct partial){ .parent_fd = -1, .fd = -1 };
	results->dir = dir;
	results->partial_path = join("%s%s", dir, ".partial");
	return results;
}

static void point_tables(struct results *results)
{
	results->tables.fd = results->partial.fd;
	results->tables.path = results->partial_path;
}

int results_open(struct results **ret, const struct plan *plan, const char *dir, struct err *err)
{
	char *given = dir ? results_given_dir(dir, err) : results_default_dir(plan);
	_results_ struct results *results = given ? results_new(given) : NULL;
	int code;

	if (!results)
		return -EINVAL;
	if (exists(results->dir))
		return err_usage(err, "the result folder '%s' exists already", results->dir);
	code = make_parent(results, err);
	if (!code)
		code = partial_make(&results->partial, results->partial_path, err);
	point_tables(results);
	if (!code)
		code = tables_create(&results->tables, err);
	if (!code)
		*ret = steal_ptr(results);
	return code;
}

int results_resume(struct results **ret, struct resumed *ret_resumed, const struct plan *plan,
		   const char *dir, const json_t *start, struct err *err)
{
	_results_ struct results *results = results_new(resume_dir(dir));
	int code;

	/* Whatever comes of it, what is there stays there. */
	results->jobs_done = 1;
	if (exists(results->dir))
		return err_usage(err, "'%s' is there and whole: there is nothing to resume",
				 results->dir);
	code = partial_take(&results->partial, results->partial_path, err);
	point_tables(results);
	if (!code)
		code = resume_load(ret_resumed, &results->partial, results->partial_path, plan,
				   start, err);
	if (!code)
		code = tables_continue(&results->tables, ret_resumed->outcome.samples, err);
	if (!code)
		*ret = steal_ptr(results);
	return code;
}

int results_note(const struct results *results, const json_t *start, struct err *err)
{
	return resume_write(results->partial.fd, results->partial_path, start, err);
}

const char *results_dir(const struct results *results)
{
	return results->dir;
}

const char *results_path(const struct results *results)
{
	return results->committed ? results->dir : results->partial_path;
}

/* An error's text is one line, as the marker's are. */
static int note_job(struct results *results, const struct job *job, const char *error,
		    struct err *err)
{
	uint64_t bytes[TABLE_COUNT];
	int length = error ? (int)strcspn(error, "\n") : 0;

	tables_measure(&results->tables, bytes);
	errno = 0;
	if (fprintf(results->partial.marker,
		    "%" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 "%s%.*s\n",
		    job->cell, job->batch, bytes[TABLE_SAMPLES], bytes[TABLE_COUNTERS],
		    bytes[TABLE_SERIES], error ? " " : "", length, error ? error : "") < 0 ||
	    fflush(results->partial.marker))
		return tables_failed(&results->tables, PARTIAL_MARKER, err);
	results->jobs_done += !error;
	return 0;
}

int results_append(struct results *results, const struct samples *samples, const struct job *job,
		   const char *error, struct err *err)
{
	int code = tables_append(&results->tables, samples, err);

	return code || !job ? code : note_job(results, job, error, err);
}

int results_write(struct results *results, const struct plan *plan,
		  const struct results_final *final, struct err *err)
{
	int code = tables_finish(&results->tables, final->samples, err);

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
	unlinkat(partial->fd, PARTIAL_NEW, 0);
	unlinkat(partial->fd, PARTIAL_START, 0);
	unlinkat(partial->fd, PARTIAL_SERIES, 0);
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
	tables_close(&results->tables);
	if (!results->committed && !results->jobs_done) {
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
