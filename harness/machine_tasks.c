// SPDX-License-Identifier: GPL-2.0-only
#include "harness/machine_tasks.h"

#include "harness/cleanup.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define TICKS_PER_SECOND 100.0

/* A name may hold anything, parentheses and blanks too: it ends at the last one. */
static bool parse_stat(const char *text, struct machine_task *task)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	uint64_t user, system;

	if (!open || !close || close < open)
		return false;
	snprintf(task->name, sizeof(task->name), "%.*s", (int)(close - open - 1), open + 1);
	for (char *at = task->name; *at; at++)
		if (*at < ' ' || *at > '~')
			*at = '?';
	/* utime and stime are the 14th and 15th, starttime the 22nd. */
	if (sscanf(close + 1,
		   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
		   " %*d %*d %*d %*d %*d %*d %" SCNu64,
		   &user, &system, &task->started) != 3)
		return false;
	task->ticks = user + system;
	return true;
}

static bool read_task(const char *root, const char *pid, struct machine_task *task)
{
	_free_ char *path = NULL;
	_fclose_ FILE *file = NULL;
	char text[1024];
	size_t length;

	if (asprintf(&path, "%s/proc/%s/stat", root, pid) < 0)
		abort();
	file = fopen(path, "re");
	length = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
	text[length] = '\0';
	task->pid = atoi(pid);
	return length && parse_stat(text, task);
}

static int by_pid(const void *left, const void *right)
{
	const struct machine_task *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

static void add(struct machine_tasks *tasks, const struct machine_task *task)
{
	/* Doubled whenever it is full. */
	if (!(tasks->count & (tasks->count - 1)))
		tasks->items = reallocarray(tasks->items, tasks->count ? 2 * tasks->count : 1,
					    sizeof(*task));
	if (!tasks->items)
		abort();
	tasks->items[tasks->count++] = *task;
}

void machine_tasks_read(const char *root, struct machine_tasks *ret)
{
	_free_ char *path = NULL;
	_closedir_ DIR *folder = NULL;
	const struct dirent *entry;
	struct machine_task task;

	*ret = (struct machine_tasks){ .count = 0 };
	if (asprintf(&path, "%s/proc", root) < 0)
		abort();
	folder = opendir(path);
	while (folder && (entry = readdir(folder)))
		if (*entry->d_name >= '1' && *entry->d_name <= '9' &&
		    read_task(root, entry->d_name, &task) && task.pid != getpid())
			add(ret, &task);
	if (ret->count)
		qsort(ret->items, ret->count, sizeof(*ret->items), by_pid);
}

void machine_tasks_done(struct machine_tasks *tasks)
{
	free(tasks->items);
	*tasks = (struct machine_tasks){ .count = 0 };
}

const struct machine_task *machine_tasks_find(const struct machine_tasks *tasks, const char *name)
{
	for (size_t i = 0; i < tasks->count; i++)
		if (!strcmp(tasks->items[i].name, name))
			return &tasks->items[i];
	return NULL;
}

/* One that has started since, under a pid that was another's, has all its time from then. */
static uint64_t ticks_since(const struct machine_tasks *before, const struct machine_task *task)
{
	const struct machine_task *then =
		before->count ? bsearch(task, before->items, before->count, sizeof(*task), by_pid)
			      : NULL;

	if (!then || then->started != task->started || then->ticks > task->ticks)
		return task->ticks;
	return task->ticks - then->ticks;
}

static int by_percent(const void *left, const void *right)
{
	const struct machine_busy *a = left, *b = right;

	if (a->percent != b->percent)
		return a->percent > b->percent ? -1 : 1;
	return by_pid(a->task, b->task);
}

size_t machine_tasks_busiest(const struct machine_tasks *before, const struct machine_tasks *after,
			     double seconds, struct machine_busy *ret, size_t max)
{
	_free_ struct machine_busy *all = calloc(after->count + 1, sizeof(*all));
	size_t count = 0;

	if (!all)
		abort();
	for (size_t i = 0; i < after->count; i++) {
		uint64_t ticks = ticks_since(before, &after->items[i]);

		if (ticks)
			all[count++] = (struct machine_busy){
				&after->items[i], 100 * (double)ticks / TICKS_PER_SECOND / seconds
			};
	}
	qsort(all, count, sizeof(*all), by_percent);
	count = count < max ? count : max;
	memcpy(ret, all, count * sizeof(*ret));
	return count;
}
