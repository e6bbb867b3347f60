// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "cleanup.h"

#include <string.h>

/* No name in a table is longer; what is longer in a file is no misspelling of one. */
#define NEAREST_MAX_BYTES 64

struct rows {
	unsigned before[NEAREST_MAX_BYTES + 1]; /* of the character before the last */
	unsigned above[NEAREST_MAX_BYTES + 1];
	unsigned row[NEAREST_MAX_BYTES + 1];
};

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static void fill_row(struct rows *rows, const char *a, size_t i, const char *b, size_t length)
{
	rows->row[0] = (unsigned)i;
	for (size_t j = 1; j <= length; j++) {
		unsigned changed = rows->above[j - 1] + (a[i - 1] != b[j - 1]);
		unsigned one_more = least(rows->above[j], rows->row[j - 1]) + 1;

		rows->row[j] = least(changed, one_more);
		if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
			rows->row[j] = least(rows->row[j], rows->before[j - 2] + 1);
	}
}

/*
 * Damerau-Levenshtein, in the form without edits inside a swapped pair ("optimal string
 * alignment"; Damerau 1964): insert, delete, change, swap two neighbours.
 */
static unsigned distance(const char *a, const char *b)
{
	size_t a_length = strlen(a), b_length = strlen(b);
	struct rows rows;

	for (size_t j = 0; j <= b_length; j++)
		rows.row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_length; i++) {
		memcpy(rows.before, rows.above, sizeof(rows.before));
		memcpy(rows.above, rows.row, sizeof(rows.above));
		fill_row(&rows, a, i, b, b_length);
	}
	return rows.row[b_length];
}

/* The one name that goes on where the text ends, such as with a unit: "interval", "interval_us". */
static const char *longer(const char *text, size_t length, const char *const *names)
{
	const char *found = NULL;

	for (; length >= 3 && *names; names++) {
		if (strncmp(*names, text, length))
			continue;
		if (found)
			return NULL;
		found = *names;
	}
	return found;
}

const char *field_nearest(const char *text, const char *const *names)
{
	size_t length = strnlen(text, NEAREST_MAX_BYTES + 1);
	const char *nearest = NULL;
	unsigned best = length / 3 > 1 ? (unsigned)(length / 3) : 1;

	if (length > NEAREST_MAX_BYTES)
		return NULL;
	/* A distance of the whole length would call any two letters alike. */
	best = least(best + 1, (unsigned)length);
	for (const char *const *at = names; *at; at++) {
		unsigned far;

		if (strnlen(*at, NEAREST_MAX_BYTES + 1) > NEAREST_MAX_BYTES)
			continue;
		far = distance(text, *at);
		if (far < best) {
			best = far;
			nearest = *at;
		}
	}
	return nearest ? nearest : longer(text, length, names);
}
