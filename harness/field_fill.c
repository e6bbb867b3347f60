// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "cleanup.h"
#include "field_internal.h"

/*
 * Works on a copy of its own, in place, and does not judge: what has the wrong type stays as it
 * is. Each function takes the reference it is given and returns one.
 */
static json_t *fill_value(const struct field *field, json_t *value);

static void fill_members(const struct field *fields, json_t *object)
{
	for (; fields && fields->name; fields++) {
		json_t *value = json_incref(json_object_get(object, fields->name));

		if (!value && fields->fallback)
			value = field_fallback(fields);
		if (value)
			json_object_set_new(object, fields->name, fill_value(fields, value));
	}
}

static json_t *fill_object(const struct field *field, json_t *value)
{
	if (field_is_pointer(field) && json_is_true(value)) {
		json_decref(value);
		value = json_object();
	}
	if (json_is_object(value))
		fill_members(field_members(field), value);
	return value;
}

static json_t *fill_kind(const struct field *field, json_t *value)
{
	const char *name = json_string_value(json_object_get(value, field_discriminator(field)));
	const struct kind *kind = name ? field_find_kind(field->kinds, name) : NULL;

	if (!json_is_object(value))
		return value;
	fill_members(field->fields, value);
	if (kind)
		fill_members(kind->fields, value);
	return value;
}

static json_t *fill_list(const struct field *field, json_t *value)
{
	for (size_t i = 0; i < json_array_size(value); i++) {
		json_t *item = json_incref(json_array_get(value, i));

		json_array_set_new(value, i, fill_value(field->element, item));
	}
	return value;
}

static json_t *fill_map(const struct field *field, json_t *value)
{
	for (void *at = json_object_iter(value); at; at = json_object_iter_next(value, at)) {
		json_t *member = json_incref(json_object_iter_value(at));

		json_object_iter_set_new(value, at, fill_value(field->element, member));
	}
	return value;
}

static json_t *fill_value(const struct field *field, json_t *value)
{
	switch (field->type) {
	case FIELD_OBJECT:
		return fill_object(field, value);
	case FIELD_KIND:
		return fill_kind(field, value);
	case FIELD_LIST:
		return fill_list(field, value);
	case FIELD_MAP:
		return fill_map(field, value);
	default:
		return value;
	}
}

json_t *field_fill(const struct field *fields, const json_t *json)
{
	json_t *filled = json_deep_copy(json);

	if (json_is_object(filled))
		fill_members(fields, filled);
	return filled;
}
