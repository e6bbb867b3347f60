// SPDX-License-Identifier: GPL-2.0-only
/*
 * Result folders from strangers, through all that reads them: `make fuzz`. An input is the files of
 * a folder, each ended by a NUL, in the order of `files`; a file that is missing is not there.
 * Every verb that takes a folder takes it: verify's recomputation, SHA256SUMS, charts up to their
 * scripts, compare with itself, the report, merge. gnuplot is not started.
 */
#include "harness/cleanup.h"
#include "harness/compare.h"
#include "harness/file.h"
#include "harness/merge.h"
#include "harness/plot_charts.h"
#include "harness/report_text.h"
#include "harness/results_manifest.h"
#include "harness/results_rebuild.h"
#include "tests/unit/synthetic.h"

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const files[] = { "summary.json",	"environment.json", "experiment.json",
				     "topology.json",	"samples.csv",	    "counters.csv",
				     "calibration.csv", "SHA256SUMS" };

/* In memory, as the reads and writes are most of the time. */
static char base[] = "/dev/shm/labrun-fuzz.XXXXXX";
static char dir[64];

static char *path_of(const char *folder, const char *name)
{
	char *path;

	if (asprintf(&path, "%s/%s", folder, name) < 0)
		abort();
	return path;
}

static void remove_base(void)
{
	file_remove_tree(base);
}

/* A whole and small folder, as an input to begin with. */
static void write_seed(const char *to)
{
	static const struct synthetic small = {
		.title = "Small",
		.segments = { "veth1", "bridge", "veth2" },
		.means_ns = { 3000, 12000, 2900.5 },
		.span = "whole",
		.batches = 2,
		.iterations = 2,
		.calibrated = true,
	};
	_free_ char *folder = path_of(base, "seed");
	_fclose_ FILE *out = fopen(to, "we");
	struct err err;

	if (!out || synthetic_write(&small, folder, NULL, &err))
		abort();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_free_ char *path = path_of(folder, files[i]), *text = NULL;
		size_t length;

		if (file_read(path, &text, &length, &err))
			abort();
		fwrite(text, 1, length + 1, out);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *seed = getenv("LABRUN_FUZZ_SEED");

	(void)argc;
	(void)argv;
	if (!mkdtemp(base) || atexit(remove_base))
		abort();
	snprintf(dir, sizeof(dir), "%s/folder", base);
	if (mkdir(dir, 0700))
		abort();
	if (seed)
		write_seed(seed);
	return setenv("LABRUN_DATA", ".", 0);
}

static void write_files(const uint8_t *data, size_t size)
{
	struct err err;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_free_ char *path = path_of(dir, files[i]);
		size_t length = strnlen((const char *)data, size);

		unlink(path);
		if (!size)
			continue;
		if (file_write(path, (const char *)data, length, &err))
			abort();
		data += length + (length < size);
		size -= length + (length < size);
	}
}

/* A refusal must come with words. */
static void expect_words(int code, struct err *err)
{
	if (code && !err->text[0])
		abort();
	err->text[0] = '\0';
}

static FILE *nowhere(void)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out)
		abort();
	return out;
}

static void try_charts(void)
{
	static int (*const charts[])(const struct plot_data *, char **, struct err *) = {
		chart_segments, chart_path, chart_distribution, chart_batches, chart_sweep,
	};
	_plot_data_ struct plot_data data = { 0 };
	struct err err = { 0 };
	int code = plot_data_read(&data, dir, false, &err);

	if (!code)
		code = plot_data_samples(&data, &err);
	expect_words(code, &err);
	for (size_t i = 0; i < ARRAY_SIZE(charts) && !code; i++) {
		_free_ char *script = NULL;

		expect_words(charts[i](&data, &script, &err), &err);
	}
}

static void try_manifest(void)
{
	_json_ json_t *findings = NULL;
	struct err err = { 0 };
	size_t count;

	expect_words(manifest_check(dir, &findings, &count, &err), &err);
}

static void try_compare(void)
{
	_json_ json_t *comparison = NULL;
	struct err err = { 0 };
	int code = compare_folders(&comparison, dir, dir, NAN, &err);

	expect_words(code, &err);
	if (!code)
		compare_text(comparison, nowhere());
}

static void try_rebuild(void)
{
	const char *const dirs[] = { dir };
	_rebuilt_ struct rebuilt rebuilt = { 0 }, merged = { 0 };
	struct err err = { 0 };
	int code = result_folder_read(&rebuilt.folder, dir, &err);

	if (!code) {
		report_text(rebuilt.folder.summary, nowhere());
		code = rebuild_run(&rebuilt, &err);
	}
	expect_words(code, &err);
	if (!code)
		report_text(rebuilt.summary, nowhere());
	expect_words(merge_folders(&merged, dirs, 1, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	write_files(data, size);
	try_rebuild();
	try_manifest();
	try_charts();
	try_compare();
	return 0;
}
