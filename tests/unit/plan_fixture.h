/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "tests/test.h"

#include "harness/cleanup.h"
#include "harness/plan.h"

/* A plan, or what was said instead. */
struct loaded {
	struct plan *plan;
	int code;
	struct err err;
	char *faults;
	size_t faults_bytes;
};

static inline struct loaded load_plan(const char *path, const struct plan_options *options)
{
	struct loaded loaded = {};
	FILE *faults = open_memstream(&loaded.faults, &loaded.faults_bytes);

	assert_non_null(faults);
	loaded.code = plan_load(&loaded.plan, path, options, faults, &loaded.err);
	fclose(faults);
	return loaded;
}

static inline void loaded_done(struct loaded *loaded)
{
	plan_free(loaded->plan);
	free(loaded->faults);
}
#define _loaded_ __attribute__((cleanup(loaded_done)))

static inline struct plan *good(const struct loaded *loaded)
{
	if (loaded->code)
		fail_msg("%s\n%s", loaded->faults, loaded->err.text);
	return loaded->plan;
}
