// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "cleanup.h"
#include "field_internal.h"

#include <math.h>
#include <string.h>

bool field_is_size(const struct field *field)
{
	return field->type == FIELD_UINT && field->unit && !strcmp(field->unit, "bytes");
}

bool field_has_min(const struct field *field)
{
	/* Whole numbers have always one: they are stored unsigned. */
	return field->type == FIELD_UINT || field->min != 0 || field_has_max(field);
}

bool field_has_max(const struct field *field)
{
	return field->max > field->min || (field->max == field->min && field->max != 0);
}

static void format_bound(const struct field *field, double bound, char text[static 32])
{
	bool real = field->type == FIELD_REAL || field->type == FIELD_PERCENT;

	snprintf(text, 32, real || bound > 1e18 ? "%g" : "%.0f", bound);
}

const char *field_range(const struct field *field, char text[static FIELD_RANGE_BYTES])
{
	char min[32], max[32];

	format_bound(field, field->min, min);
	format_bound(field, field->max, max);
	text[0] = '\0';
	if (field_has_max(field) && field->min == field->max)
		snprintf(text, FIELD_RANGE_BYTES, "%s", min);
	else if (field_has_max(field))
		snprintf(text, FIELD_RANGE_BYTES, "%s..%s", min, max);
	else if (field_has_min(field))
		snprintf(text, FIELD_RANGE_BYTES, "at least %s", min);
	return text;
}

static void format_number(const json_t *value, char text[static 40])
{
	double real = json_number_value(value);

	if (json_is_integer(value)) {
		snprintf(text, 40, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		return;
	}
	/* Six digits may hide just what puts it out of bounds. */
	snprintf(text, 40, "%g", real);
	if (strtod(text, NULL) != real)
		snprintf(text, 40, "%.15g", real);
}

/* long double holds every 64-bit integer, where double would round it into or out of bounds. */
static bool check_bounds(const struct field *field, const json_t *value, long double number,
			 const struct field_spot *spot)
{
	bool low = field_has_min(field) && number < field->min;
	bool high = field_has_max(field) && number > field->max;
	char text[40], bound[32], range[FIELD_RANGE_BYTES];

	if (!low && !high)
		return true;
	format_number(value, text);
	format_bound(field, field->min, bound);
	if (field_has_max(field))
		diag_add(spot->diag, spot->path, DIAG_VALUE, "%s is outside %s", text,
			 field_range(field, range));
	else
		diag_add(spot->diag, spot->path, DIAG_VALUE, "%s is less than %s", text, bound);
	return false;
}

/* "64B" where bytes are meant: the number it stands for, NULL after a fault; a new reference. */
static json_t *read_bytes(const json_t *value, const struct field_spot *spot)
{
	const char *text = json_string_value(value);
	uint64_t bytes;

	if (quantity_parse_bytes(text, &bytes))
		return json_integer((json_int_t)bytes);
	diag_add(spot->diag, spot->path, DIAG_VALUE,
		 "%s is not a size (a number of bytes, or such as \"64B\", \"9kB\", \"1MiB\")",
		 field_quote(text).text);
	return NULL;
}

static bool parse_size(const struct field *field, json_t *value, void *place,
		       const struct field_spot *spot)
{
	json_t *number = read_bytes(value, spot);
	bool fine = number && field_parse_uint(field, number, place, spot);

	json_decref(number);
	return fine;
}

bool field_parse_uint(const struct field *field, json_t *value, void *place,
		      const struct field_spot *spot)
{
	long double number = json_is_integer(value) ? json_integer_value(value)
						    : (long double)json_number_value(value);
	char text[40];

	if (json_is_string(value) && field_is_size(field))
		return parse_size(field, value, place, spot);
	if (!json_is_number(value))
		return field_expected(field, value, spot);
	format_number(value, text);
	if (number != floorl(number)) {
		diag_add(spot->diag, spot->path, DIAG_VALUE, "expected %s, not %s",
			 field_type_words(field), text);
		return false;
	}
	if (!check_bounds(field, value, number, spot))
		return false;
	if (number > (long double)INT64_MAX) {
		diag_add(spot->diag, spot->path, DIAG_VALUE, "%s is too large", text);
		return false;
	}
	*(uint64_t *)place = (uint64_t)number;
	return true;
}

bool field_parse_real(const struct field *field, json_t *value, void *place,
		      const struct field_spot *spot)
{
	double number = json_number_value(value);

	if (!json_is_number(value) || !isfinite(number))
		return field_expected(field, value, spot);
	if (!check_bounds(field, value, number, spot))
		return false;
	*(double *)place = number;
	return true;
}

bool field_parse_rate(const struct field *field, json_t *value, void *place,
		      const struct field_spot *spot)
{
	struct rate rate = { RATE_PPS, json_number_value(value) };
	char text[40];
	bool fine;

	if (!json_is_number(value) && !json_is_string(value))
		return field_expected(field, value, spot);
	if (json_is_number(value))
		format_number(value, text);
	fine = json_is_string(value) ? quantity_parse_rate(json_string_value(value), &rate)
				     : rate.value > 0;
	if (!fine) {
		diag_add(spot->diag, spot->path, DIAG_VALUE,
			 "%s is not a rate above 0 (such as \"10kpps\", \"1.5Mpps\", "
			 "\"300Mbit\" or \"max\")",
			 json_is_number(value) ? text : field_quote(json_string_value(value)).text);
		return false;
	}
	*(struct rate *)place = rate;
	return true;
}

bool field_parse_percent(const struct field *field, json_t *value, void *place,
			 const struct field_spot *spot)
{
	const char *text = json_string_value(value);
	_json_ json_t *number = NULL;
	char shown[40];
	double percent;

	if (!text && !json_is_number(value))
		return field_expected(field, value, spot);
	if (!text)
		format_number(value, shown);
	if (!text || !quantity_parse_percent(text, &percent)) {
		diag_add(spot->diag, spot->path, DIAG_VALUE,
			 "%s is not a percentage (such as \"2%%\")",
			 text ? field_quote(text).text : shown);
		return false;
	}
	number = json_real(percent);
	return field_parse_real(field, number, place, spot);
}
