// SPDX-License-Identifier: GPL-2.0-only
/*
 * Result folders from strangers, through all that reads them: `make fuzz`. Verify's recomputation,
 * SHA256SUMS, charts up to their scripts, histograms in text, compare with itself and with a sound
 * folder, the report in text and as a page, merge. gnuplot is not started.
 */
#include "tests/fuzz/mutate.h"

#include "harness/compare.h"
#include "harness/merge.h"
#include "harness/plot_charts.h"
#include "harness/plot_hist_text.h"
#include "harness/report_page.h"
#include "harness/report_text.h"
#include "harness/results_manifest.h"
#include "harness/results_rebuild.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *dir;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	make_base();
	make_seed_folders();
	write_seed_inputs(result_files);
	dir = path_of(fuzz_base, "folder");
	if (mkdir(dir, 0700))
		abort();
	return setenv("LABRUN_DATA", ".", 0);
}

static void try_charts(void)
{
	static int (*const charts[])(const struct plot_data *, char **, struct err *) = {
		chart_segments, chart_path,	   chart_distribution, chart_batches,
		chart_sweep,	chart_percentiles, chart_histogram,    chart_histogram_linear,
		chart_rates,
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
	if (!code)
		expect_words(plot_hist_text(&data, &(struct hist_text){ 0 }, nowhere(), &err),
			     &err);
}

/* Without the samples, of which `plot --out` knows nothing. */
static void try_modes(void)
{
	struct plot_data both[2] = { 0 };
	_free_ char *script = NULL;
	struct err err = { 0 };
	int code = plot_data_read(&both[0], dir, false, &err);

	if (!code)
		code = plot_data_read(&both[1], dir, false, &err);
	if (!code)
		code = chart_modes(both, 2, &script, &err);
	expect_words(code, &err);
	plot_data_done(&both[0]);
	plot_data_done(&both[1]);
}

static void try_page(void)
{
	const char *const dirs[] = { dir, dir };
	_free_ char *page = path_of(fuzz_base, "page.html");
	struct err err = { 0 };

	expect_words(report_page_write(dirs, 1, page, &err), &err);
	expect_words(report_page_write(dirs, 2, page, &err), &err);
}

static void try_manifest(void)
{
	_json_ json_t *findings = NULL;
	struct err err = { 0 };
	size_t count;

	expect_words(manifest_check(dir, &findings, &count, &err), &err);
}

static void try_compare(const char *base, const char *new)
{
	_json_ json_t *comparison = NULL;
	struct err err = { 0 };
	int code = compare_folders(&comparison, base, new, NAN, &err);

	expect_words(code, &err);
	if (!code) {
		compare_text(comparison, nowhere());
		compare_markdown(comparison, nowhere());
	}
}

static void try_spread(void)
{
	_json_ json_t *spread = NULL;
	struct err err = { 0 };
	int code = compare_spread_of_runs(&spread, dir, &err);

	expect_words(code, &err);
	if (!code)
		compare_spread_text(spread, nowhere());
}

static void try_rebuild(void)
{
	_rebuilt_ struct rebuilt rebuilt = { 0 };
	struct err err = { 0 };
	int code = result_folder_read(&rebuilt.folder, dir, &err);

	if (!code) {
		report_text(rebuilt.folder.summary, nowhere());
		code = rebuild_run(&rebuilt, &err);
	}
	expect_words(code, &err);
	if (!code)
		report_text(rebuilt.summary, nowhere());
}

static void try_merge(const char *other)
{
	const char *const dirs[] = { dir, other };
	_rebuilt_ struct rebuilt one = { 0 }, both = { 0 };
	struct err err = { 0 };

	expect_words(merge_folders(&one, dirs, 1, &err), &err);
	expect_words(merge_folders(&both, dirs, 2, &err), &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Which sound one it is compared with, the input has a say in. */
	const struct fuzz_seed *seed = &fuzz_seeds[size % ARRAY_SIZE(fuzz_seeds)];
	_free_ char *sound = path_of(fuzz_base, seed->name);

	write_folder(dir, result_files, data, size);
	try_rebuild();
	try_manifest();
	try_charts();
	try_modes();
	try_page();
	try_compare(dir, dir);
	try_compare(dir, sound);
	try_compare(dir, NULL);
	try_spread();
	try_merge(sound);
	return 0;
}
