/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What a run that was ended may leave of its result folder: all of it, or a DIR.partial. */

#include "tests/netns/namespace_fixture.h"
#include "tests/netns/result_fixture.h"

static inline void assert_whole(const char *folder)
{
	static const char *const files[] = { "summary.json", "environment.json", "experiment.json",
					     "topology.json" };
	static const char *const tables[] = { "samples.csv", "counters.csv", "calibration.csv",
					      "batches.csv", "hist.csv" };
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		json_decref(read_json(folder, files[i]));
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, tables[i]);
		if (!exists(path))
			fail_msg("%s appeared without %s", folder, tables[i]);
	}
}

/* Finished jobs, by the lines after the marker's first; -1: no marker yet. */
static inline int finished_jobs(const char *partial)
{
	char path[PATH_MAX], text[1 << 16];

	snprintf(path, sizeof(path), "%s/finished.jobs", partial);
	return read_start(path, text, sizeof(text)) ? (int)count_lines(text) - 1 : -1;
}
