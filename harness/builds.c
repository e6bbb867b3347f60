// SPDX-License-Identifier: GPL-2.0-only
#include "harness/builds.h"

#include "harness/cleanup.h"
#include "harness/environment_build.h"
#include "harness/file.h"
#include "harness/plan_against.h"
#include "harness/progress.h"
#include "harness/spawn.h"
#include "harness/vm_files.h"
#include "harness/vm_merge.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#define SIDES 2

struct builds {
	struct plan *plan;
	const struct builds_options *options;
	struct run_outcome *outcome;
	struct arena *arena;
	struct progress progress;
	char *names[SIDES];
	size_t side_cells; /* cells of one build */
	uint32_t batches;
	double started_s;
};

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int find_names(struct builds *builds, json_t **ret_builds, struct err *err)
{
	const char *const programs[SIDES] = { NULL, builds->options->program };
	int code = 0;

	*ret_builds = json_array();
	for (size_t i = 0; i < SIDES && !code; i++) {
		json_t *build = NULL;

		code = environment_build(&build, programs[i], err);
		if (code)
			break;
		builds->names[i] = environment_build_name(build);
		json_array_append_new(*ret_builds, json_pack("{s:o}", "labrun", build));
	}
	/* A against A, to see what the machine's noise comes to. */
	if (!code && !strcmp(builds->names[0], builds->names[1]))
		code = err_usage(err,
				 "--against labrun: '%.200s' is the very build that runs; a field "
				 "against its own value compares the same with the same",
				 builds->options->program);
	return code;
}

static void add_sides(struct builds *builds)
{
	const char *const names[SIDES] = { builds->names[0], builds->names[1] };

	builds->side_cells = builds->plan->cell_count;
	builds->batches = (uint32_t)builds->plan->cells[0].experiment->batches;
	plan_add_outer(builds->plan, "labrun", names, SIDES);
	plan_against_name(builds->plan->experiment_json, "labrun");
}

/* In the folder of the files, where the results' folder is found beside it. */
static const char *const *side_argv(struct builds *builds, const char *out, uint32_t batch)
{
	const uint64_t seed = builds->plan->cells[0].experiment->seed + batch;
	const struct vm_command command = {
		.out = arena_printf(builds->arena, "../%s", out),
		.one_batch = true,
		.quiet = true,
		.seed = &seed,
	};
	const char **words = vm_files_command(builds->plan, &command, builds->arena), **argv;
	size_t count = 0;

	while (words[count])
		count++;
	argv = arena_alloc(builds->arena, (count + 2) * sizeof(*argv));
	argv[0] = "labrun";
	memcpy(&argv[1], words, count * sizeof(*argv));
	return argv;
}

static int run_side(struct builds *builds, size_t side, uint32_t batch, const char *name,
		    struct err *err)
{
	const char *work = builds->options->work;
	const struct spawn spawn = { .program = side ? builds->options->program : NULL,
				     .argv = side_argv(builds, name, batch),
				     .folder = arena_printf(builds->arena, "%s/files", work),
				     .part = true };
	const char *dir = arena_printf(builds->arena, "%s/%s", work, name);
	int status, code;

	code = spawn_run(&spawn, &status, err);
	if (code)
		return code;
	if (status == 77)
		return err_need(err, "the build '%s' lacks a need (see above)",
				builds->names[side]);
	/* 0, 1 and 3 are verdicts; 4 may be of some cells only. */
	if (status > 4 || status == 2 || access(dir, F_OK))
		return err_set(err, -ENODATA, "the build '%s' ended with status %d",
			       builds->names[side], status);
	return 0;
}

static void fail_cells(struct builds *builds, size_t side, const char *text)
{
	for (size_t i = 0; i < builds->side_cells; i++) {
		char **noted = &builds->outcome->cell_errors[side * builds->side_cells + i];

		if (!*noted)
			*noted = strdup(text);
	}
}

static bool has_failed(const struct builds *builds, size_t side)
{
	for (size_t i = 0; i < builds->side_cells; i++)
		if (!builds->outcome->cell_errors[side * builds->side_cells + i])
			return false;
	return true;
}

/* What one build cannot do is its cells' failure; a need and Ctrl-C are everybody's. */
static int take_side(struct builds *builds, size_t side, uint32_t batch, struct err *err)
{
	const char *name = arena_printf(builds->arena, "%zu-%u", side, batch);
	const char *dir = arena_printf(builds->arena, "%s/%s", builds->options->work, name);
	const struct vm_merge merge = { .dir = dir,
					.first_cell = side * builds->side_cells,
					.cell_count = builds->side_cells,
					.batch = batch,
					.kernel = builds->names[side] };
	int code = run_side(builds, side, batch, name, err);

	if (!code)
		code = vm_merge(&merge, builds->outcome, NULL, err);
	file_remove_tree(dir);
	if (!code || err->class != ERR_RUN)
		return code;
	fail_cells(builds, side, err->text);
	return 0;
}

static void tell(struct builds *builds, size_t done, size_t side, uint32_t batch)
{
	const struct job job = { .cell = (uint32_t)(side * builds->side_cells), .batch = batch };
	size_t count = (size_t)SIDES * builds->batches;
	double elapsed_s = now_s() - builds->started_s;
	const struct run_progress progress = {
		.jobs_done = done,
		.job_count = count,
		.job = &job,
		.elapsed_s = elapsed_s,
		.left_s = elapsed_s / (double)done * (double)(count - done),
		.measured = true,
	};

	progress_tell(&builds->progress, &progress);
}

static int take_all(struct builds *builds, struct err *err)
{
	int code = 0;

	builds->started_s = now_s();
	progress_init(&builds->progress, builds->plan, builds->options->quiet);
	for (uint32_t batch = 0; batch < builds->batches && !code; batch++)
		for (size_t i = 0; i < SIDES && !code; i++) {
			size_t side = (batch + i) % SIDES;

			if (!has_failed(builds, side))
				code = take_side(builds, side, batch, err);
			if (!code)
				tell(builds, (size_t)batch * SIDES + i + 1, side, batch);
		}
	progress_done(&builds->progress);
	return code;
}

static int start_outcome(struct builds *builds)
{
	*builds->outcome = (struct run_outcome){ .samples = samples_new() };
	builds->outcome->cell_errors = calloc(builds->plan->cell_count, sizeof(char *));
	return builds->outcome->cell_errors ? 0 : -ENOMEM;
}

int builds_run(struct plan *plan, const struct builds_options *options, struct run_outcome *ret,
	       json_t **ret_builds, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	struct builds builds = { .plan = plan, .options = options, .outcome = ret, .arena = arena };
	int code = find_names(&builds, ret_builds, err);

	if (!code)
		code = vm_files_put(plan, arena_printf(arena, "%s/files", options->work), err);
	if (!code) {
		add_sides(&builds);
		code = start_outcome(&builds);
	}
	if (!code)
		code = take_all(&builds, err);
	for (size_t i = 0; i < SIDES; i++)
		free(builds.names[i]);
	file_remove_tree(options->work);
	return code;
}
