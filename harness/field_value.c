// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "field_internal.h"
#include "text.h"

#include <string.h>

#define STRING_MAX_BYTES 4096
#define NAME_MAX_BYTES 64

struct field_quoted field_quote(const char *text)
{
	struct field_quoted quoted;
	char *at = quoted.text;
	size_t shown = 0;

	*at++ = '"';
	for (; *text && shown < FIELD_QUOTE_SHOWN; text++, shown++) {
		if (*text == '"' || *text == '\\')
			*at++ = '\\';
		if (*text >= 0x20 && *text < 0x7f)
			*at++ = *text;
		else
			at += sprintf(at, "\\x%02x", (unsigned char)*text);
	}
	strcpy(at, *text ? "...\"" : "\"");
	return quoted;
}

static const char *json_type_words(const json_t *value)
{
	static const char *const words[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",  [JSON_STRING] = "a string",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return words[json_typeof(value)];
}

bool field_expected(const struct field *field, const json_t *value, const struct field_spot *spot)
{
	diag_add(spot->diag, spot->path, DIAG_VALUE, "expected %s, not %s", field_type_words(field),
		 json_type_words(value));
	return false;
}

size_t field_name_bytes(const struct field *field)
{
	return field->max > 0 ? (size_t)field->max : NAME_MAX_BYTES;
}

void field_join_names(const char *const *names, char *text, size_t size)
{
	size_t used = strlen(text);
	const char *comma = "";

	for (; *names && used < size; names++, comma = ", ")
		used += (size_t)snprintf(text + used, size - used, "%s\"%s\"", comma, *names);
}

static bool parse_bool(const struct field *field, json_t *value, void *place,
		       const struct field_spot *spot)
{
	if (!json_is_boolean(value))
		return field_expected(field, value, spot);
	*(bool *)place = json_is_true(value);
	return true;
}

/* Those of Unicode too, which some terminals obey, or which make text read as another. */
static bool has_control(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || text_hidden_bytes(text + i))
			return true;
	return false;
}

/* NULL after a fault; what all strings must keep to. */
static const char *read_string(const struct field *field, const json_t *value,
			       const struct field_spot *spot)
{
	const char *text = json_string_value(value);
	size_t length = json_string_length(value);

	if (!text) {
		field_expected(field, value, spot);
		return NULL;
	}
	if (length > STRING_MAX_BYTES) {
		diag_add(spot->diag, spot->path, DIAG_VALUE, "%s is %zu bytes long, at most %d",
			 field_quote(text).text, length, STRING_MAX_BYTES);
		return NULL;
	}
	if (has_control(text, length)) {
		diag_add(spot->diag, spot->path, DIAG_VALUE, "%s holds a control character",
			 field_quote(text).text);
		return NULL;
	}
	return text;
}

static bool parse_string(const struct field *field, json_t *value, void *place,
			 const struct field_spot *spot)
{
	const char *text = read_string(field, value, spot);

	if (text)
		*(const char **)place = arena_strdup(spot->arena, text);
	return text;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* How many bytes of a placeholder stand here, 0 if none does. */
static size_t placeholder_bytes(const char *text)
{
	static const char *const placeholders[] = { "{i}", "{next}", "{prev}", NULL };

	for (const char *const *at = placeholders; *at; at++)
		if (strncmp(text, *at, strlen(*at)) == 0)
			return strlen(*at);
	return 0;
}

static bool is_name(const char *name, bool indexed)
{
	const char *at = name;

	if (!*name || strstr(name, ".."))
		return false;
	while (*at) {
		size_t placeholder = indexed ? placeholder_bytes(at) : 0;

		if (!placeholder && !is_alnum(*at) && (at == name || !strchr("_.-", *at)))
			return false;
		at += placeholder ? placeholder : 1;
	}
	return true;
}

/* A placeholder counts as the one byte that is the least it will become. */
static size_t shortest_bytes(const char *name, bool indexed)
{
	size_t bytes = 0;

	while (*name) {
		size_t placeholder = indexed ? placeholder_bytes(name) : 0;

		name += placeholder ? placeholder : 1;
		bytes++;
	}
	return bytes;
}

bool field_check_name(const struct field *field, const char *name, enum diag_place place,
		      const struct field_spot *spot)
{
	size_t bytes = shortest_bytes(name, field->indexed), max = field_name_bytes(field);

	if (!is_name(name, field->indexed)) {
		diag_add(spot->diag, spot->path, place,
			 "%s is not a name (letters, digits, \"_\", \"-\" and \".\", a letter or "
			 "digit first, no \"..\"%s)",
			 field_quote(name).text,
			 field->indexed ? "; \"{i}\", \"{next}\" and \"{prev}\" stand for "
					  "numbers"
					: "");
		return false;
	}
	if (bytes > max) {
		diag_add(spot->diag, spot->path, place, "%s is %zu bytes long, at most %zu",
			 field_quote(name).text, bytes, max);
		return false;
	}
	return true;
}

static bool parse_name(const struct field *field, json_t *value, void *place,
		       const struct field_spot *spot)
{
	const char *text = read_string(field, value, spot);

	if (!text || !field_check_name(field, text, DIAG_VALUE, spot))
		return false;
	*(const char **)place = arena_strdup(spot->arena, text);
	return true;
}

static bool refuse_choice(const struct field *field, const char *text,
			  const struct field_spot *spot)
{
	const char *near = field_nearest(text, field->choices);
	char all[600] = "";

	field_join_names(field->choices, all, sizeof(all));
	if (near)
		diag_add(spot->diag, spot->path, DIAG_VALUE,
			 "%s is none of %s (did you mean \"%s\"?)", field_quote(text).text, all,
			 near);
	else
		diag_add(spot->diag, spot->path, DIAG_VALUE, "%s is none of %s",
			 field_quote(text).text, all);
	return false;
}

static bool parse_choice(const struct field *field, json_t *value, void *place,
			 const struct field_spot *spot)
{
	const char *text = read_string(field, value, spot);

	if (!text)
		return false;
	for (int i = 0; field->choices[i]; i++) {
		if (strcmp(field->choices[i], text))
			continue;
		*(int *)place = i;
		return true;
	}
	return refuse_choice(field, text, spot);
}

static bool parse_address(const struct field *field, json_t *value, void *place,
			  const struct field_spot *spot)
{
	const char *text = read_string(field, value, spot);
	bool with_prefix = field->type == FIELD_PREFIX;

	if (!text)
		return false;
	if (address_parse(text, with_prefix, place))
		return true;
	diag_add(spot->diag, spot->path, DIAG_VALUE, "%s is not an address%s",
		 field_quote(text).text, with_prefix ? " or prefix" : "");
	return false;
}

bool field_parse_scalar(const struct field *field, json_t *value, void *base,
			const struct field_spot *spot)
{
	static bool (*const parsers[])(const struct field *, json_t *, void *,
				       const struct field_spot *) = {
		[FIELD_BOOL] = parse_bool,
		[FIELD_UINT] = field_parse_uint,
		[FIELD_REAL] = field_parse_real,
		[FIELD_RATE] = field_parse_rate,
		[FIELD_PERCENT] = field_parse_percent,
		[FIELD_STRING] = parse_string,
		[FIELD_NAME] = parse_name,
		[FIELD_CHOICE] = parse_choice,
		[FIELD_ADDRESS] = parse_address,
		[FIELD_PREFIX] = parse_address,
	};
	void *place = (char *)base + field->offset;

	if (field->type != FIELD_ANY)
		return parsers[field->type](field, value, place, spot);
	*(json_t **)place = value;
	return true;
}
