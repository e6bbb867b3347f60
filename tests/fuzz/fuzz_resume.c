// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a killed run left, from a stranger, as `run --resume` reads it: `make fuzz`. The plan is of
 * experiments/bridge.json; nothing is run.
 */
#include "tests/fuzz/mutate.h"

#include "harness/plan.h"
#include "harness/results_identity.h"
#include "harness/results_resume.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const partial_files[] = { "start.json",   "finished.jobs", "samples.csv",
					     "counters.csv", "series.csv",    NULL };

static char *dir, *partial_dir;
static struct plan *plan;

static void write_seed(const char *into)
{
	static const char text[] =
		"{\"argv\":[\"run\",\"bridge\"],\"experiment\":\"bridge\",\"identity\":{},"
		"\"started\":\"2026-01-01T00:00:00Z\",\"calibration\":[[0,1,1000,8000,7400]]}\0"
		"labrun partial result 1\n0 0 68 48 37\n0 1 92 48 37 it failed\n\0"
		"cell,batch,iteration,series,direction,value\n0,0,0,veth1,request,200\n"
		"0,1,0,veth1,request,210\n\0"
		"cell,batch,name,value\n0,0,sent,1\n0,0,received,1\n\0"
		"name,direction,unit\nveth1,request,ns\n";
	_free_ char *to = path_of(into, "partial");
	struct err err;

	if (file_write(to, text, sizeof(text) - 1, &err))
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const struct plan_options options = {};
	struct err err;

	(void)argc;
	(void)argv;
	make_base();
	if (getenv("LABRUN_FUZZ_SEEDS"))
		write_seed(getenv("LABRUN_FUZZ_SEEDS"));
	dir = path_of(fuzz_base, "folder");
	partial_dir = path_of(fuzz_base, "folder.partial");
	setenv("LABRUN_DATA", ".", 0);
	return mkdir(partial_dir, 0700) ||
	       plan_load(&plan, "experiments/bridge.json", &options, stderr, &err);
}

static void try_resume(const json_t *start)
{
	struct results *results = NULL;
	struct resumed past = {};
	struct err err = {};

	expect_words(results_resume(&results, &past, plan, dir, start, &err), &err);
	if (past.outcome.samples)
		run_outcome_done(&past.outcome, plan);
	free(past.done);
	results_free(results);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_json_ json_t *start = NULL, *environment = json_object(), *now = NULL;
	struct err err = {};
	int code;

	write_folder(partial_dir, partial_files, data, size);
	code = resume_read(&start, dir, &err);
	expect_words(code, &err);
	if (code)
		return 0;
	now = identity_of_run(plan, "native", environment);
	expect_words(identity_compare(json_object_get(start, "identity"), now, dir, &err), &err);
	/* Whatever that says: a stranger can know our identity. */
	try_resume(start);
	return 0;
}
