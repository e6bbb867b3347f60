// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

json_t *compare_number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

const char *compare_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int compare_worse_sign(const char *unit)
{
	static const char *const rates[] = { "pps", "bps", "rps" };

	for (size_t i = 0; i < ARRAY_SIZE(rates); i++)
		if (!strcmp(unit, rates[i]))
			return -1;
	return 1;
}

/* What an exact run counts is the guest's own timer being late, and nothing of the datapath. */
static bool is_judged(const struct compare *compare, const json_t *series)
{
	return !compare->exact || strcmp(compare_string(series, "name"), "lateness");
}

static json_t *copy_or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? json_incref(value) : json_null();
}

json_t *compare_add_row(struct compare *compare, const json_t *factors, const json_t *series)
{
	json_t *row = json_pack(
		"{s:o, s:o, s:o, s:o, s:n, s:b, s:n, s:s}", "factors",
		json_is_object(factors) ? json_incref((json_t *)factors) : json_object(), "series",
		copy_or_null(series, "name"), "direction", copy_or_null(series, "direction"),
		"unit", copy_or_null(series, "unit"), "over", "judged",
		(int)is_judged(compare, series), "verdict", "detail", "");

	json_array_append_new(compare->rows, row);
	return row;
}

void compare_set_verdict(json_t *row, const char *verdict, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	/* Of what is not judged only the figures are told. */
	if (json_is_true(json_object_get(row, "judged")))
		json_object_set_new(row, "verdict", json_string(verdict));
	json_object_set_new(row, "detail", json_string(text));
}

static const char *mode_of(const struct result_folder *folder)
{
	return compare_string(folder->summary, "mode");
}

static int check_mode(const struct result_folder *folder, struct err *err)
{
	static const char *const modes[] = { "native", "vm", "exact" };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (!strcmp(mode_of(folder), modes[i]))
			return 0;
	return err_usage(err, "%s/summary.json: \"mode\" is none of native, vm, exact",
			 folder->dir);
}

static int check_mixing(const struct compare *compare, struct err *err)
{
	const char *base = compare_string(compare->base.summary, "experiment");
	const char *new = compare_string(compare->new.summary, "experiment");
	int code = check_mode(&compare->base, err);

	if (!code)
		code = check_mode(&compare->new, err);
	if (code)
		return code;
	if (strcmp(base, new))
		return err_usage(err, "BASE is of the experiment \"%.80s\", NEW of \"%.80s\"", base,
				 new);
	if (strcmp(mode_of(&compare->base), mode_of(&compare->new)))
		return err_usage(err,
				 "BASE was measured in mode %s, NEW in mode %s: that is not "
				 "the same quantity",
				 mode_of(&compare->base), mode_of(&compare->new));
	return 0;
}

/* A path need not be UTF-8, JSON has to be. */
static json_t *path_json(const char *path)
{
	json_t *json = json_string(path);

	return json ? json : json_null();
}

static void start_report(struct compare *compare)
{
	const json_t *base = compare->base.summary, *new = compare->new.summary;

	compare->exact = !strcmp(mode_of(&compare->base), "exact");
	compare->least_percent = compare_least_percent(compare->exact, compare->least_percent);
	compare->rows = json_array();
	compare->report = json_pack(
		"{s:O, s:O, s:s, s:f, s:{s:o, s:O}, s:{s:o, s:O}, s:n, s:n, s:n, s:[], s:[], s:o}",
		"experiment", json_object_get(base, "experiment"), "mode",
		json_object_get(base, "mode"), "method", compare->exact ? "seeds" : "batches",
		"least_percent", compare->least_percent, "base", "dir",
		path_json(compare->base.dir), "valid", json_object_get(base, "valid"), "new", "dir",
		path_json(compare->new.dir), "valid", json_object_get(new, "valid"), "bundle",
		"byte_equal", "sample_count", "summary_differences", "notes", "rows",
		compare->rows);
}

static void count_verdicts(struct compare *compare)
{
	static const char *const worst_first[] = { "regression", "inconclusive", "improvement",
						   "same" };
	json_t *counts = json_object(), *row;
	const char *worst = "same";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(worst_first); i++)
		json_object_set_new(counts, worst_first[i], json_integer(0));
	json_array_foreach (compare->rows, i, row) {
		const char *verdict = compare_string(row, "verdict");
		json_int_t before = json_integer_value(json_object_get(counts, verdict));

		if (*verdict)
			json_object_set_new(counts, verdict, json_integer(before + 1));
	}
	for (i = ARRAY_SIZE(worst_first); i--;)
		if (json_integer_value(json_object_get(counts, worst_first[i])))
			worst = worst_first[i];
	json_object_set_new(compare->report, "counts", counts);
	json_object_set_new(compare->report, "verdict", json_string(worst));
}

static int compare_read(struct compare *compare, struct err *err)
{
	bool same_bundle = false;
	int code = check_mixing(compare, err);

	if (code)
		return code;
	start_report(compare);
	compare_match_cells(compare);
	code = compare_check(compare, err);
	if (!code && compare->exact)
		code = compare_bundle(compare, &same_bundle, err);
	if (code)
		return code;
	if (same_bundle) {
		code = compare_bytes(compare, err);
	} else {
		compare_spread(compare);
	}
	count_verdicts(compare);
	return code;
}

void compare_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

int compare_folders(json_t **ret, const char *base, const char *new, double least_percent,
		    struct err *err)
{
	struct compare compare = { .least_percent = least_percent };
	int code = result_folder_read(&compare.base, base, err);

	if (!code)
		code = result_folder_read(&compare.new, new, err);
	if (!code)
		code = compare_read(&compare, err);
	if (!code)
		*ret = json_incref(compare.report);
	else
		compare_clean(err->text);
	json_decref(compare.report);
	free(compare.pairs);
	result_folder_done(&compare.base);
	result_folder_done(&compare.new);
	return code;
}

bool compare_regressed(const json_t *comparison)
{
	return !strcmp(compare_string(comparison, "verdict"), "regression");
}

bool compare_valid(const json_t *comparison)
{
	const json_t *base = json_object_get(comparison, "base");
	const json_t *new = json_object_get(comparison, "new");

	return json_is_true(json_object_get(base, "valid")) &&
	       json_is_true(json_object_get(new, "valid"));
}
