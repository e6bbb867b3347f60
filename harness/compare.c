// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_internal.h"

#include "harness/cleanup.h"
#include "harness/text.h"

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

/* How late the sender was is of the machine's timers, and nothing of the datapath. */
static bool is_judged(const json_t *series)
{
	return strcmp(compare_string(series, "name"), "lateness");
}

static json_t *copy_or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? json_incref(value) : json_null();
}

json_t *compare_add_row(struct compare *compare, const json_t *factors, const json_t *series)
{
	json_t *row =
		json_pack("{s:o, s:o, s:o, s:o, s:n, s:b, s:n, s:s}", "factors",
			  json_is_object(factors) ? json_incref((json_t *)factors) : json_object(),
			  "series", copy_or_null(series, "name"), "direction",
			  copy_or_null(series, "direction"), "unit", copy_or_null(series, "unit"),
			  "over", "judged", (int)is_judged(series), "verdict", "detail", "");

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

static const char *method_of(const struct compare *compare)
{
	if (compare->exact)
		return "seeds";
	return compare->taken == TAKEN_REPEATED ? "runs" : "batches";
}

static json_t *effect_json(const struct compare *compare)
{
	const struct minimum_effect *effect = &compare->effect;

	if (compare->exact)
		return json_pack("{s:f, s:f}", "percent", effect->exact_percent, "instructions",
				 effect->instructions);
	return json_pack("{s:f, s:f}", "percent", effect->percent, "ns", effect->ns);
}

static json_t *side_json(const struct result_folder *folder, const json_t *side, size_t runs)
{
	return json_pack("{s:o, s:O?, s:O, s:I, s:o}", "dir", path_json(folder->dir), "side", side,
			 "valid", json_object_get(folder->summary, "valid"), "runs",
			 (json_int_t)runs, "steal_percent",
			 copy_or_null(folder->environment, "steal_percent"));
}

static void start_report(struct compare *compare)
{
	static const char *const taken[] = { [TAKEN_APART] = "apart",
					     [TAKEN_INTERLEAVED] = "interleaved",
					     [TAKEN_REPEATED] = "repeated" };
	const json_t *base = compare->base.summary;

	compare->rows = json_array();
	compare->report = json_pack(
		"{s:O, s:O, s:s, s:s, s:s?, s:o, s:o, s:o, s:n, s:n, s:n, s:[], s:[], s:[], s:o}",
		"experiment", json_object_get(base, "experiment"), "mode",
		json_object_get(base, "mode"), "method", method_of(compare), "taken",
		taken[compare->taken], "against", compare->against, "minimum_effect",
		effect_json(compare), "base",
		side_json(&compare->base, compare->base_side, compare->base_runs), "new",
		side_json(&compare->new, compare->new_side, compare->new_runs), "bundle",
		"byte_equal", "sample_count", "environment_differences", "summary_differences",
		"notes", "rows", compare->rows);
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

/* What was run, on which machine, kernel and tools: the cause of a difference may be among it. */
static void differ_environments(const struct compare *compare)
{
	static const char *const parts[] = { "kernel",	       "cpu",	      "clocksource",
					     "virtualisation", "mitigations", "sysctls",
					     "tools" };
	json_t *list = json_object_get(compare->report, "environment_differences");

	compare_differences(list, "experiment", compare->base.experiment, compare->new.experiment);
	compare_differences(list, "topology", compare->base.topology, compare->new.topology);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		compare_differences(list, parts[i],
				    json_object_get(compare->base.environment, parts[i]),
				    json_object_get(compare->new.environment, parts[i]));
}

/* Two folders, that is; the sides of one run share their bundle, and differ in more. */
static int compare_exactly(struct compare *compare, struct err *err)
{
	bool same_bundle = false;
	int code = compare_bundle(compare, &same_bundle, err);

	if (code)
		return code;
	if (same_bundle)
		return compare_bytes(compare, err);
	compare_spread(compare);
	return 0;
}

static int compare_read(struct compare *compare, double least_percent, struct err *err)
{
	int code = check_mixing(compare, err);

	if (code)
		return code;
	compare->exact = !strcmp(mode_of(&compare->base), "exact");
	compare->effect =
		minimum_effect_read(json_object_get(compare->base.experiment, "minimum_effect"));
	if (isfinite(least_percent))
		compare->effect.percent = compare->effect.exact_percent = least_percent;
	start_report(compare);
	compare_match_cells(compare);
	code = compare_check(compare, err);
	if (code)
		return code;
	if (compare->exact && !compare->against) {
		code = compare_exactly(compare, err);
	} else {
		differ_environments(compare);
		compare_spread(compare);
	}
	count_verdicts(compare);
	return code;
}

int compare_folders(json_t **ret, const char *base, const char *new, double least_percent,
		    struct err *err)
{
	struct compare compare = { 0 };
	int code = compare_open(&compare, base, new, err);

	if (!code)
		code = compare_read(&compare, least_percent, err);
	if (!code)
		*ret = json_incref(compare.report);
	else
		text_clean(err->text, '?');
	compare_close(&compare);
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
