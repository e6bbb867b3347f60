/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Between the field_*.c files only: one table of fields read by a parser, a filler, a describer. */

#include "field.h"

/* Where in the document a value stands, and where to put what comes of it. */
struct field_spot {
	struct arena *arena;
	struct diag *diag;
	const struct jpath *path;
};

/* Text from a file, fit to stand in a message: quoted, escaped, shortened. */
#define FIELD_QUOTE_SHOWN 60
struct field_quoted {
	char text[FIELD_QUOTE_SHOWN * 4 + 8];
};
struct field_quoted field_quote(const char *text);

/*
 * Parses into base + field->offset. False if a fault was added and nothing useful stored, so that
 * the caller puts the default there.
 */
bool field_parse_value(const struct field *field, json_t *value, void *base,
		       const struct field_spot *spot);
/* The same for all types but OBJECT, KIND, LIST and MAP. */
bool field_parse_scalar(const struct field *field, json_t *value, void *base,
			const struct field_spot *spot);
/* Of those the numbers, into `place`. */
bool field_parse_uint(const struct field *field, json_t *value, void *place,
		      const struct field_spot *spot);
bool field_parse_real(const struct field *field, json_t *value, void *place,
		      const struct field_spot *spot);
bool field_parse_rate(const struct field *field, json_t *value, void *place,
		      const struct field_spot *spot);
bool field_parse_percent(const struct field *field, json_t *value, void *place,
			 const struct field_spot *spot);
/* False after a fault if `key` is no name by the rules of FIELD_NAME. */
bool field_check_name(const struct field *field, const char *name, enum diag_place place,
		      const struct field_spot *spot);
/* Adds "expected ..., not ..."; returns false. */
bool field_expected(const struct field *field, const json_t *value, const struct field_spot *spot);

/* An OBJECT that is reached by a pointer, and so may be absent, `true` or `false`. */
bool field_is_pointer(const struct field *field);
/* Whether a missing key is no fault. */
bool field_may_be_absent(const struct field *field);
/* The grammar of an OBJECT's members, its own or its kind's; may be NULL. */
const struct field *field_members(const struct field *field);
/* The key of a FIELD_KIND that names the kind. */
const char *field_discriminator(const struct field *field);
/* The parsed default of a field that has one; a new reference. */
json_t *field_fallback(const struct field *field);
/* The row of that name, NULL if there is none. */
const struct kind *field_find_kind(const struct kind *const *kinds, const char *name);
/* Their names, NULL-terminated; the caller frees the array only. */
const char **field_kind_names(const struct kind *const *kinds);

/* "integer, packets, 1..100, default 10" */
void field_print_head(const struct field *field, FILE *out);
/* What it means, in its own words or its kind's; may be NULL. */
const char *field_help(const struct field *field);
/* The key that names the kind, as a field. What the fields of a kind are is for elsewhere. */
struct field field_kind_row(const struct field *of, const char *const *names);
/* The object that a field is, or is a list or map of; NULL if there is nothing to go into. */
const struct field *field_nested(const struct field *field);

/* A number of bytes, which may be text too. */
bool field_is_size(const struct field *field);
bool field_has_min(const struct field *field);
bool field_has_max(const struct field *field);
/* Of FIELD_NAME, and of the keys of a FIELD_MAP. */
size_t field_name_bytes(const struct field *field);

#define FIELD_RANGE_BYTES 80
/* "1..100", "at least 1", or "" if there are no bounds. */
const char *field_range(const struct field *field, char text[static FIELD_RANGE_BYTES]);
/* Appends `"a", "b"` of a NULL-terminated array, as far as it fits. */
void field_join_names(const char *const *names, char *text, size_t size);
