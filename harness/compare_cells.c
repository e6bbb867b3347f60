// SPDX-License-Identifier: GPL-2.0-only
#include "harness/compare_cells.h"

#include "harness/cleanup.h"
#include "harness/csv.h"
#include "harness/format.h"

#include <math.h>
#include <string.h>

/* Instructions are what an exact table is in; only other units need saying. */
const char *compare_shown_unit(const json_t *row)
{
	const char *unit = compare_string(row, "unit");

	return strcmp(unit, "instructions") ? unit : "";
}

char *compare_value_text(const json_t *value)
{
	char *text, number_text[CSV_NUMBER_BYTES];

	if (!value)
		return strdup("(none)");
	if (json_is_string(value))
		return strdup(json_string_value(value));
	if (json_is_real(value))
		return strdup(csv_number(json_real_value(value), number_text));
	text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
	return text ? text : strdup("?");
}

static const char *last_part(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot && dot[1] ? dot + 1 : path;
}

void compare_put_source(struct cell_text *text, const json_t *comparison, const char *side)
{
	const json_t *object = json_object_get(comparison, side);
	const json_t *value = json_object_get(object, "side");
	const char *against = compare_string(comparison, "against");
	double runs = json_read_number(object, "runs");
	_free_ char *shown = NULL;

	if (value && *against) {
		shown = compare_value_text(value);
		cell_put(text, "%s=%s", last_part(against), shown);
	} else {
		cell_put(text, "%s", compare_string(object, "dir"));
	}
	if (runs > 1)
		cell_put(text, " and further, %.0f runs", runs);
	if (!json_is_true(json_object_get(object, "valid")))
		cell_put(text, ": NOT VALID");
}

void compare_put_cell_name(struct cell_text *text, const json_t *row)
{
	json_t *factors = json_object_get(row, "factors"), *value;
	const char *path, *between = "";

	json_object_foreach (factors, path, value) {
		_free_ char *shown = NULL;

		if (json_is_number(value)) {
			cell_put(text, "%s%s=%.10g", between, last_part(path),
				 json_number_value(value));
		} else {
			shown = compare_value_text(value);
			cell_put(text, "%s%s=%s", between, last_part(path), shown);
		}
		between = " ";
	}
}

void compare_put_series_name(struct cell_text *text, const json_t *row)
{
	const char *direction = compare_string(row, "direction");
	const char *over = compare_string(row, "over");

	cell_put(text, "%s%s%s", compare_string(row, "series"), *direction ? " " : "", direction);
	if (*over)
		cell_put(text, " per %s", last_part(over));
}

void compare_put_side(struct cell_text *text, const json_t *row, const char *side)
{
	const json_t *figures = json_object_get(row, side);
	char shown[FORMAT_MAX];

	cell_put(text, "%s",
		 format_interval(json_read_number(figures, "mean"),
				 (struct interval){ json_read_number(figures, "min"),
						    json_read_number(figures, "max") },
				 compare_shown_unit(row), shown, sizeof(shown)));
}

void compare_put_difference(struct cell_text *text, const json_t *row)
{
	const json_t *pair = json_object_get(row, "ci95");
	struct interval interval = { NAN, NAN };
	double difference = json_read_number(row, "difference"),
	       percent = json_read_number(row, "percent");
	char shown[FORMAT_MAX];

	if (json_is_array(pair))
		interval = (struct interval){ json_number_value(json_array_get(pair, 0)),
					      json_number_value(json_array_get(pair, 1)) };
	cell_put(text, "%s%s", difference > 0 ? "+" : "",
		 format_interval(difference, interval, compare_shown_unit(row), shown,
				 sizeof(shown)));
	if (isfinite(percent))
		cell_put(text, " %+.2f%%", percent);
}

/* "0.31%", "12%", "450%" */
void compare_put_percent(struct cell_text *text, double percent)
{
	cell_put(text, percent < 99.5 ? "%.2g%%" : "%.0f%%", percent);
}

/* Percentages of the base: parts of one budget can be held against each other and the difference.
 */
static void put_part_of(struct cell_text *text, const char *name, double half_width, double base)
{
	cell_put(text, "%s%s ", text->length ? ", " : "", name);
	if (isfinite(half_width) && base > 0)
		compare_put_percent(text, 100 * half_width / base);
	else
		cell_put(text, "?");
}

static void put_steal(struct cell_text *text, double percent)
{
	cell_put(text, ", steal ");
	if (isfinite(percent))
		compare_put_percent(text, percent);
	else
		cell_put(text, "?");
}

void compare_put_budget(struct cell_text *text, const json_t *comparison, const json_t *row)
{
	const json_t *budget = json_object_get(row, "budget");
	const char *taken = compare_string(comparison, "taken");
	double base = fabs(json_read_number(json_object_get(row, "base"), "mean"));
	double shift = json_read_number(budget, "probe_shift");

	if (!budget)
		return;
	/* One more instruction or none: exact runs have no other. */
	if (!strcmp(compare_string(comparison, "mode"), "exact")) {
		put_part_of(text, "seeds", json_read_number(budget, "batches"), base);
		return;
	}
	put_part_of(text, "batches", json_read_number(budget, "batches"), base);
	put_part_of(text, "probe", json_read_number(budget, "probe"), base);
	if (isfinite(shift) && shift != 0 && base > 0)
		cell_put(text, " (of it %+.2g%%)", 100 * shift / base);
	if (!strcmp(taken, "interleaved"))
		cell_put(text, ", one run");
	else
		put_part_of(text, "runs", json_read_number(budget, "runs"), base);
	put_steal(text, json_read_number(budget, "steal_percent"));
}

void compare_print_counts(const json_t *comparison, FILE *out)
{
	json_t *counts = json_object_get(comparison, "counts"), *count;
	const char *verdict, *between = "";

	json_object_foreach (counts, verdict, count) {
		fprintf(out, "%s%" JSON_INTEGER_FORMAT " %s", between, json_integer_value(count),
			verdict);
		between = ", ";
	}
	fputc('\n', out);
}
