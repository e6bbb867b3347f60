// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "cleanup.h"
#include "field_internal.h"

#include <assert.h>
#include <string.h>

bool field_is_pointer(const struct field *field)
{
	return field->type == FIELD_OBJECT && (field->size || field->kind);
}

bool field_may_be_absent(const struct field *field)
{
	return field->optional || field_is_pointer(field);
}

const struct field *field_members(const struct field *field)
{
	return field->kind ? field->kind->fields : field->fields;
}

const char *field_discriminator(const struct field *field)
{
	return field->discriminator ? field->discriminator : "kind";
}

json_t *field_fallback(const struct field *field)
{
	json_t *json = json_loads(field->fallback, JSON_DECODE_ANY, NULL);

	assert(json);
	return json;
}

const struct kind *field_find_kind(const struct kind *const *kinds, const char *name)
{
	for (; *kinds; kinds++)
		if (strcmp((*kinds)->name, name) == 0)
			return *kinds;
	return NULL;
}

static const char **allocate_names(size_t count)
{
	const char **names = calloc(count + 1, sizeof(*names));

	if (!names)
		abort();
	return names;
}

const char **field_kind_names(const struct kind *const *kinds)
{
	const char **names;
	size_t count = 0;

	while (kinds[count])
		count++;
	names = allocate_names(count);
	for (size_t i = 0; i < count; i++)
		names[i] = kinds[i]->name;
	return names;
}

static size_t count_fields(const struct field *fields)
{
	size_t count = 0;

	while (fields && fields[count].name)
		count++;
	return count;
}

/* All keys an object may have: those of two tables and one more; each may be NULL. */
static const char **known_keys(const struct field *first, const struct field *second,
			       const char *extra)
{
	size_t first_count = count_fields(first), second_count = count_fields(second);
	const char **names = allocate_names(first_count + second_count + 1);

	for (size_t i = 0; i < first_count; i++)
		names[i] = first[i].name;
	for (size_t i = 0; i < second_count; i++)
		names[first_count + i] = second[i].name;
	names[first_count + second_count] = extra;
	return names;
}

static bool is_among(const char *key, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, key) == 0)
			return true;
	return false;
}

static void refuse_key(const char *key, const char *const *names, const struct field_spot *spot)
{
	const struct jpath path = { .up = spot->path, .key = key };
	const char *near = field_nearest(key, names);

	if (near)
		diag_add(spot->diag, &path, DIAG_KEY, "unknown field %s (did you mean \"%s\"?)",
			 field_quote(key).text, near);
	else
		diag_add(spot->diag, &path, DIAG_KEY, "unknown field %s", field_quote(key).text);
}

static void check_keys(json_t *json, const char *const *names, const struct field_spot *spot)
{
	const char *key;
	json_t *value;

	json_object_foreach (json, key, value)
		if (!is_among(key, names))
			refuse_key(key, names, spot);
}

static void parse_fallback(const struct field *field, void *base, const struct field_spot *spot)
{
	_json_ json_t *fallback = NULL;

	/* It would borrow from a document that ends with this function. */
	assert(field->type != FIELD_ANY);
	fallback = field_fallback(field);
	field_parse_value(field, fallback, base, spot);
}

static void parse_member(const struct field *field, json_t *json, void *base,
			 const struct field_spot *spot)
{
	const struct jpath path = { .up = spot->path, .key = field->name };
	const struct field_spot inner = { spot->arena, spot->diag, &path };
	json_t *value = json_object_get(json, field->name);

	if (value && field_parse_value(field, value, base, &inner))
		return;
	if (field->fallback)
		parse_fallback(field, base, &inner);
	else if (!value && !field_may_be_absent(field))
		diag_add(spot->diag, spot->path, DIAG_VALUE, "missing field \"%s\"", field->name);
}

static void parse_members(const struct field *fields, json_t *json, void *base,
			  const struct field_spot *spot)
{
	for (; fields && fields->name; fields++)
		parse_member(fields, json, base, spot);
}

static void parse_whole_object(const struct field *fields, json_t *json, void *base,
			       const struct field_spot *spot)
{
	_free_ const char **names = known_keys(fields, NULL, spot->path ? NULL : "$schema");

	parse_members(fields, json, base, spot);
	check_keys(json, names, spot);
}

static bool parse_object(const struct field *field, json_t *value, void *place,
			 const struct field_spot *spot)
{
	_json_ json_t *object = NULL;
	void *target = place;

	if (!field_is_pointer(field)) {
		if (!json_is_object(value))
			return field_expected(field, value, spot);
		parse_whole_object(field->fields, value, place, spot);
		return true;
	}
	*(void **)place = NULL;
	if (json_is_false(value))
		return true;
	object = json_is_true(value) ? json_object() : json_incref(value);
	if (!json_is_object(object))
		return field_expected(field, value, spot);
	target = arena_alloc(spot->arena, field->kind ? field->kind->params_size : field->size);
	parse_whole_object(field_members(field), object, target, spot);
	*(void **)place = target;
	return true;
}

static const struct kind *refuse_kind(const struct field *field, const char *name,
				      const struct field_spot *spot)
{
	_free_ const char **names = field_kind_names(field->kinds);
	const char *near = field_nearest(name, names);
	char known[600] = "";

	if (near) {
		diag_add(spot->diag, spot->path, DIAG_VALUE, "unknown %s %s (did you mean \"%s\"?)",
			 field_discriminator(field), field_quote(name).text, near);
		return NULL;
	}
	field_join_names(names, known, sizeof(known));
	diag_add(spot->diag, spot->path, DIAG_VALUE, "unknown %s %s (there is %s)",
		 field_discriminator(field), field_quote(name).text, known);
	return NULL;
}

static const struct kind *parse_kind_name(const struct field *field, const json_t *object,
					  const struct field_spot *spot)
{
	const struct field name_field = { .name = field_discriminator(field),
					  .type = FIELD_STRING };
	const struct jpath path = { .up = spot->path, .key = name_field.name };
	const struct field_spot inner = { spot->arena, spot->diag, &path };
	const json_t *value = json_object_get(object, name_field.name);
	const struct kind *kind;

	if (!value) {
		diag_add(spot->diag, spot->path, DIAG_VALUE, "missing field \"%s\"",
			 name_field.name);
		return NULL;
	}
	if (!json_is_string(value)) {
		field_expected(&name_field, value, &inner);
		return NULL;
	}
	kind = field_find_kind(field->kinds, json_string_value(value));
	return kind ? kind : refuse_kind(field, json_string_value(value), &inner);
}

static bool parse_kind(const struct field *field, json_t *value, struct chosen *ret,
		       const struct field_spot *spot)
{
	_free_ const char **names = NULL;

	if (!json_is_object(value))
		return field_expected(field, value, spot);
	if (field->fields) {
		ret->common = arena_alloc(spot->arena, field->size);
		parse_members(field->fields, value, ret->common, spot);
	}
	ret->kind = parse_kind_name(field, value, spot);
	/* Which keys an unknown kind would have cannot be known. */
	if (!ret->kind)
		return true;
	ret->params = arena_alloc(spot->arena, ret->kind->params_size);
	parse_members(ret->kind->fields, value, ret->params, spot);
	names = known_keys(field->fields, ret->kind->fields, field_discriminator(field));
	check_keys(value, names, spot);
	return true;
}

static void check_count(const struct field *field, size_t count, const struct field_spot *spot)
{
	char range[FIELD_RANGE_BYTES];

	if ((double)count >= field->min && (!field_has_max(field) || (double)count <= field->max))
		return;
	diag_add(spot->diag, spot->path, DIAG_VALUE, "%zu %s, must be %s", count,
		 count == 1 ? "item" : "items", field_range(field, range));
}

static bool parse_list(const struct field *field, json_t *value, struct list *ret,
		       const struct field_spot *spot)
{
	size_t count = json_array_size(value);

	if (!json_is_array(value))
		return field_expected(field, value, spot);
	check_count(field, count, spot);
	ret->count = count;
	ret->items = arena_alloc(spot->arena, count * field->size);
	for (size_t i = 0; i < count; i++) {
		const struct jpath path = { .up = spot->path, .index = i };
		const struct field_spot inner = { spot->arena, spot->diag, &path };

		field_parse_value(field->element, json_array_get(value, i),
				  (char *)ret->items + i * field->size, &inner);
	}
	return true;
}

static bool parse_map(const struct field *field, json_t *value, struct list *ret,
		      const struct field_spot *spot)
{
	const char *key;
	json_t *member;
	char *item;

	if (!json_is_object(value))
		return field_expected(field, value, spot);
	ret->count = json_object_size(value);
	ret->items = item = arena_alloc(spot->arena, ret->count * field->size);
	json_object_foreach (value, key, member) {
		const struct jpath path = { .up = spot->path, .key = key };
		const struct field_spot inner = { spot->arena, spot->diag, &path };

		field_check_name(field, key, DIAG_KEY, &inner);
		*(const char **)(void *)item = arena_strdup(spot->arena, key);
		field_parse_value(field->element, member, item, &inner);
		item += field->size;
	}
	return true;
}

bool field_parse_value(const struct field *field, json_t *value, void *base,
		       const struct field_spot *spot)
{
	void *place = (char *)base + field->offset;

	switch (field->type) {
	case FIELD_OBJECT:
		return parse_object(field, value, place, spot);
	case FIELD_KIND:
		return parse_kind(field, value, place, spot);
	case FIELD_LIST:
		return parse_list(field, value, place, spot);
	case FIELD_MAP:
		return parse_map(field, value, place, spot);
	default:
		return field_parse_scalar(field, value, base, spot);
	}
}

void field_parse(const struct field *fields, json_t *json, const struct jpath *path, void *base,
		 struct arena *arena, struct diag *diag)
{
	static const struct field whole = { .type = FIELD_OBJECT };
	const struct field_spot spot = { arena, diag, path };

	if (!json_is_object(json))
		field_expected(&whole, json, &spot);
	else
		parse_whole_object(fields, json, base, &spot);
}
