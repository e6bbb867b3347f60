// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_runs.h"

#include "harness/cleanup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

char *results_run_path(const char *dir, size_t run)
{
	char *path;

	if (asprintf(&path, "%s/run-%zu", dir, run) < 0)
		abort();
	return path;
}

static bool is_result(const char *dir)
{
	_free_ char *path = NULL;

	if (asprintf(&path, "%s/summary.json", dir) < 0)
		abort();
	return !access(path, F_OK);
}

size_t results_count_runs(const char *dir)
{
	size_t count = 0;

	if (is_result(dir))
		return 0;
	for (; count < RESULTS_RUNS_MAX; count++) {
		_free_ char *path = results_run_path(dir, count + 1);

		if (!is_result(path))
			break;
	}
	return count;
}
