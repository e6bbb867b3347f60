// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_resume.h"

#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/folder.h"
#include "harness/results_check.h"
#include "harness/results_runs.h"
#include "harness/results_tables.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

char *resume_dir(const char *dir)
{
	static const char suffix[] = ".partial";
	size_t length = strlen(dir), tail = strlen(suffix);

	while (length > 1 && dir[length - 1] == '/')
		length--;
	if (length > tail && !strncmp(dir + length - tail, suffix, tail))
		length -= tail;
	return strndup(dir, length);
}

int resume_read(json_t **ret, const char *dir, struct err *err)
{
	_free_ char *base = resume_dir(dir), *partial = NULL, *text = NULL;
	json_error_t fault;
	size_t length;
	int code;

	if (asprintf(&partial, "%s.partial", base) < 0)
		abort();
	if (results_count_runs(base))
		return err_usage(err,
				 "'%s' is a folder of runs (--repeat): resume the one that was "
				 "ended, such as %s/run-%zu",
				 base, base, results_count_runs(base) + 1);
	if (!access(base, F_OK))
		return err_usage(err, "'%s' is there and whole: there is nothing to resume", base);
	code = folder_read_file(partial, PARTIAL_START, &text, &length, err);
	if (code)
		return err_wrap(err, code, "there is no run to resume");
	*ret = json_loadb(text, length, JSON_REJECT_DUPLICATES, &fault);
	if (*ret && json_is_array(json_object_get(*ret, "argv")))
		return 0;
	json_decref(*ret);
	*ret = NULL;
	return err_usage(err, "%s/%s:%d: not how a run was started", partial, PARTIAL_START,
			 fault.line);
}

int resume_write(int fd, const char *path, const json_t *start, struct err *err)
{
	_free_ char *text = json_dumps(start, JSON_COMPACT);
	_fclose_ FILE *out = folder_create_file(fd, PARTIAL_NEW);

	if (!text || !out || fputs(text, out) < 0 || fflush(out) ||
	    renameat(fd, PARTIAL_NEW, fd, PARTIAL_START))
		return err_errno(err, errno ? -errno : -EINVAL, "cannot write '%s/%s'", path,
				 PARTIAL_START);
	return 0;
}

json_t *resume_blocks_json(const struct run_outcome *outcome)
{
	json_t *blocks = json_array();

	for (size_t i = 0; i < outcome->block_count; i++) {
		const struct probe_block *block = &outcome->blocks[i];

		json_array_append_new(
			blocks, json_pack("[I, I, I, I, I]", (json_int_t)block->round,
					  (json_int_t)block->condition, (json_int_t)block->packets,
					  (json_int_t)block->events, (json_int_t)block->packet_ns));
	}
	return blocks;
}

static void take_blocks(struct run_outcome *outcome, const json_t *blocks)
{
	json_int_t round, condition, packets, events, packet_ns;
	json_t *block;
	size_t i;

	json_array_foreach (blocks, i, block) {
		if (outcome->block_count == RUN_MAX_BLOCKS ||
		    json_unpack(block, "[I, I, I, I, I]", &round, &condition, &packets, &events,
				&packet_ns))
			return;
		outcome->blocks[outcome->block_count++] = (struct probe_block){
			.round = (unsigned)round,
			.condition = (unsigned)condition,
			.packets = (uint64_t)packets,
			.events = (uint64_t)events,
			.packet_ns = (uint64_t)packet_ns,
		};
	}
}

struct marker {
	struct resumed *resumed;
	const struct plan *plan;
	const char *path;
	uint64_t bytes[TABLE_COUNT];
	size_t length; /* of its whole lines */
};

static uint64_t batches_of(const struct plan *plan)
{
	return plan->cells[0].experiment->batches;
}

static int take_line(struct marker *marker, const char *line, struct err *err)
{
	struct job job;
	int used = 0;

	if (sscanf(line, "%" SCNu32 " %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 "%n", &job.cell,
		   &job.batch, &marker->bytes[TABLE_SAMPLES], &marker->bytes[TABLE_COUNTERS],
		   &marker->bytes[TABLE_SERIES], &used) < 5 ||
	    job.cell >= marker->plan->cell_count || job.batch >= batches_of(marker->plan))
		return err_usage(err, "'%s/%s' is damaged", marker->path, PARTIAL_MARKER);
	marker->resumed->done[plan_job_index(marker->plan, &job)] = true;
	if (line[used] == ' ' && !marker->resumed->outcome.cell_errors[job.cell])
		marker->resumed->outcome.cell_errors[job.cell] = strdup(line + used + 1);
	return 0;
}

static int read_marker(struct marker *marker, struct err *err)
{
	_free_ char *text = NULL;
	char *line, *end;
	size_t length;
	int code = folder_read_file(marker->path, PARTIAL_MARKER, &text, &length, err);

	if (code)
		return code;
	/* It was looked at when the lock was taken, but that keeps nobody from writing. */
	if (length < strlen(PARTIAL_MAGIC))
		return err_usage(err, "'%s/%s' is damaged", marker->path, PARTIAL_MARKER);
	line = text + strlen(PARTIAL_MAGIC);
	/* The last one may be half written. */
	for (; !code && (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		code = take_line(marker, line, err);
	}
	marker->length = (size_t)(line - text);
	return code;
}

/* Rows that came after the last line of the marker are of a job that will be run again. */
static int cut(const struct marker *marker, int fd, const char *name, uint64_t bytes,
	       struct err *err)
{
	_close_ int file = openat(fd, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat status;

	if (file < 0 || fstat(file, &status))
		return err_errno(err, -errno, "cannot write '%s/%s'", marker->path, name);
	if ((uint64_t)status.st_size < bytes)
		return err_usage(err, "'%s/%s' is shorter than %s says", marker->path, name,
				 PARTIAL_MARKER);
	if (ftruncate(file, (off_t)bytes))
		return err_errno(err, -errno, "cannot write '%s/%s'", marker->path, name);
	return 0;
}

static int read_series(const struct marker *marker, struct err *err)
{
	_csv_ struct csv csv = { 0 };
	int code = csv_open(&csv, marker->path, PARTIAL_SERIES, "name,direction,unit", true, err);

	if (code)
		return code;
	while ((code = csv_next(&csv, err)) > 0) {
		enum direction direction = result_direction(csv.fields[1]);
		const char *unit = result_unit(csv.fields[2]);

		if (direction == DIRECTION_COUNT || !unit)
			return csv_fault(&csv, err, "no direction, or no unit");
		samples_series(marker->resumed->outcome.samples, csv.fields[0], direction, unit);
	}
	return code;
}

static int open_marker(struct partial *partial, const struct marker *marker, struct err *err)
{
	int fd, code = cut(marker, partial->fd, PARTIAL_MARKER, marker->length, err);

	if (code)
		return code;
	fd = openat(partial->fd, PARTIAL_MARKER, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	partial->marker = fd < 0 ? NULL : fdopen(fd, "a");
	if (!partial->marker)
		return err_errno(err, -errno, "cannot write '%s/%s'", marker->path, PARTIAL_MARKER);
	return 0;
}

int resume_load(struct resumed *ret, struct partial *partial, const char *path,
		const struct plan *plan, const json_t *start, struct err *err)
{
	struct marker marker = { .resumed = ret, .plan = plan, .path = path };
	int code;

	*ret = (struct resumed){ .outcome.samples = samples_new() };
	ret->done = calloc(batches_of(plan) * plan->cell_count, sizeof(*ret->done));
	ret->outcome.cell_errors = calloc(plan->cell_count, sizeof(char *));
	if (!ret->done || !ret->outcome.cell_errors)
		abort();
	take_blocks(&ret->outcome, json_object_get(start, "calibration"));
	code = read_marker(&marker, err);
	for (int i = 0; i < TABLE_COUNT && !code; i++)
		code = cut(&marker, partial->fd, table_names[i], marker.bytes[i], err);
	if (!code)
		code = read_series(&marker, err);
	if (!code)
		code = result_tables_read(ret->outcome.samples, path, plan->cell_count,
					  batches_of(plan), err);
	return code ? code : open_marker(partial, &marker, err);
}
