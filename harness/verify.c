// SPDX-License-Identifier: GPL-2.0-only
#include "harness/verify.h"

#include "harness/cleanup.h"
#include "harness/plot.h"
#include "harness/report_page.h"
#include "harness/results_manifest.h"
#include "harness/results_rebuild.h"
#include "harness/scratch.h"
#include "harness/verify_files.h"
#include "version.h"

#include <errno.h>
#include <string.h>

static void add_finding(json_t *report, const char *file, const char *finding)
{
	json_array_append_new(json_object_get(report, "findings"),
			      json_pack("{s:s, s:s}", "file", file, "finding", finding));
}

static void check_manifest(json_t *report, const char *dir)
{
	_json_ json_t *findings = NULL;
	size_t listed = 0;
	struct err err;

	if (manifest_check(dir, &findings, &listed, &err)) {
		add_finding(report, MANIFEST_NAME, err.text);
		json_object_set_new(report, "manifest", json_string("differs"));
		return;
	}
	json_object_set_new(report, "listed", json_integer((json_int_t)listed));
	json_object_set_new(report, "manifest",
			    json_string(!json_is_array(findings)	 ? "none"
					: json_array_size(findings) == 0 ? "matches"
									 : "differs"));
	json_array_extend(json_object_get(report, "findings"), findings);
}

/* Its folder is never committed, and goes with `again`. */
static int write_again(const struct rebuilt *rebuilt, const char *scratch, struct results **again,
		       struct err *err)
{
	const struct results_final final = {
		.samples = rebuilt->outcome.samples,
		.summary = rebuilt->summary,
		.environment = rebuilt->folder.environment,
		.blocks = rebuilt->outcome.blocks,
		.block_count = rebuilt->outcome.block_count,
	};
	_free_ char *dir = NULL;
	int code;

	if (asprintf(&dir, "%s/again", scratch) < 0)
		abort();
	code = results_open(again, rebuilt->plan, dir, err);
	return code ? code : results_write(*again, rebuilt->plan, &final, err);
}

static bool has_plots(const char *dir)
{
	_free_ char *path = NULL;

	if (asprintf(&path, "%s/plots", dir) < 0)
		abort();
	return !access(path, F_OK);
}

/* The scripts are written before gnuplot is looked for: they are compared in any case. */
static int draw_again(json_t *report, const char *path, struct err *err)
{
	int code = plot_unfinished(path, err);

	if (code && (err->class == ERR_NEED || code == -EIO)) {
		json_object_set_new(report, "not_drawn", json_string(err->text));
		return 0;
	}
	return code;
}

/* From the folder itself, whose other files are compared one by one. */
static void report_again(json_t *report, const struct rebuilt *rebuilt, const char *again)
{
	const char *dir = rebuilt->folder.dir;
	_free_ char *there = NULL, *path = NULL;
	struct err err = {};

	if (asprintf(&there, "%s/" REPORT_PAGE, dir) < 0 ||
	    asprintf(&path, "%s/" REPORT_PAGE, again) < 0)
		abort();
	if (!access(there, F_OK) && report_page_write(&dir, 1, path, &err))
		add_finding(report, REPORT_PAGE, err.text);
}

static int compare_again(json_t *report, const struct rebuilt *rebuilt, struct err *err)
{
	_scratch_ struct scratch scratch = { .hold_fd = -1 };
	_results_ struct results *again = NULL;
	int code = scratch_make(&scratch, err);

	if (!code)
		code = write_again(rebuilt, scratch.path, &again, err);
	if (!code && has_plots(rebuilt->folder.dir))
		code = draw_again(report, results_path(again), err);
	if (!code)
		report_again(report, rebuilt, results_path(again));
	if (!code)
		code = verify_files(report, rebuilt->folder.dir, results_path(again), err);
	return code;
}

static bool made_by_another(const json_t *environment)
{
	const json_t *by = json_object_get(json_object_get(environment, "tools"), "labrun");

	return json_is_string(by) && strcmp(json_string_value(by), LABRUN_VERSION);
}

/* What cannot even be read is told as a finding: the folder is one, but not as labrun wrote it. */
static int recompute(json_t *report, struct rebuilt *rebuilt, struct err *err)
{
	const json_t *environment = rebuilt->folder.environment;
	int code = rebuild_run(rebuilt, err);

	if (made_by_another(environment))
		json_object_set(report, "made_by",
				json_object_get(json_object_get(environment, "tools"), "labrun"));
	if (code && err->class == ERR_USAGE) {
		add_finding(report, "", err->text);
		return 0;
	}
	return code ? code : compare_again(report, rebuilt, err);
}

int verify_folder(json_t **ret, const char *dir, struct err *err)
{
	_rebuilt_ struct rebuilt rebuilt = { 0 };
	_json_ json_t *report = json_pack("{s:s, s:[], s:[], s:[]}", "folder", dir, "findings",
					  "recomputed", "not_compared");
	int code = result_folder_read(&rebuilt.folder, dir, err);
	bool readable = !code;

	if (!report)
		return err_usage(err, "the folder's name is not UTF-8");
	/* It was a result folder before someone was at it. */
	if (!readable && !manifest_exists(dir))
		return code;
	if (!readable)
		add_finding(report, "", err->text);
	check_manifest(report, dir);
	code = readable ? recompute(report, &rebuilt, err) : 0;
	if (code)
		return code;
	json_object_set_new(report, "verified",
			    json_boolean(!json_array_size(json_object_get(report, "findings"))));
	*ret = json_incref(report);
	return 0;
}

bool verify_passed(const json_t *report)
{
	return json_is_true(json_object_get(report, "verified"));
}
