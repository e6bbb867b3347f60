// SPDX-License-Identifier: GPL-2.0-only
#include "harness/json_argument.h"

#include <float.h>
#include <stdbool.h>
#include <string.h>

/* As JSON has them: no zeros in front. */
static bool is_whole(const char *text)
{
	text += *text == '-';
	return *text >= '1' && *text <= '9' && !text[strspn(text, "0123456789")];
}

json_t *json_read_argument(const char *text)
{
	json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);

	if (!value && is_whole(text))
		value = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
	/* Of more than 308 digits it is beyond those too. */
	if (!value && is_whole(text))
		value = json_real(*text == '-' ? -DBL_MAX : DBL_MAX);
	return value ? value : json_string(text);
}
