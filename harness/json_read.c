// SPDX-License-Identifier: GPL-2.0-only
#include "harness/json_read.h"

#include <math.h>

static double number(const json_t *value)
{
	return json_is_number(value) ? json_number_value(value) : NAN;
}

const char *json_read_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

double json_read_number(const json_t *object, const char *key)
{
	return number(json_object_get(object, key));
}

struct interval json_read_interval(const json_t *object, const char *key)
{
	const json_t *pair = json_object_get(object, key);
	const json_t *low = json_array_get(pair, 0), *high = json_array_get(pair, 1);

	if (!json_is_number(low) || !json_is_number(high))
		return (struct interval){ NAN, NAN };
	return (struct interval){ number(low), number(high) };
}
