// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "field_internal.h"

#include <math.h>

/* JSON Schema, draft 2020-12: https://json-schema.org/draft/2020-12 */

static json_t *schema_of(const struct field *field);

static json_t *typed(const char *type)
{
	return json_pack("{s:s}", "type", type);
}

static json_t *number(double value)
{
	return fabs(value) < 1e15 && value == floor(value) ? json_integer((json_int_t)value)
							   : json_real(value);
}

static json_t *with_bounds(json_t *schema, const struct field *field)
{
	if (field_has_min(field))
		json_object_set_new(schema, "minimum", number(field->min));
	if (field_has_max(field))
		json_object_set_new(schema, "maximum", number(field->max));
	return schema;
}

static json_t *schema_of_name(const struct field *field)
{
	json_t *schema = typed("string");
	const char *pattern = "^(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9_.-]*$";

	if (field->indexed)
		pattern = "^(?!.*\\.\\.)([A-Za-z0-9]|\\{(i|next|prev)\\})"
			  "([A-Za-z0-9_.-]|\\{(i|next|prev)\\})*$";
	else
		json_object_set_new(schema, "maxLength", number((double)field_name_bytes(field)));
	json_object_set_new(schema, "pattern", json_string(pattern));
	return schema;
}

static json_t *schema_of_choice(const struct field *field)
{
	json_t *names = json_array();

	for (const char *const *at = field->choices; *at; at++)
		json_array_append_new(names, json_string(*at));
	return json_pack("{s:o}", "enum", names);
}

static void add_members(json_t *schema, const struct field *fields)
{
	json_t *properties = json_object_get(schema, "properties");
	json_t *required = json_object_get(schema, "required");

	for (; fields && fields->name; fields++) {
		json_object_set_new(properties, fields->name, schema_of(fields));
		if (!fields->fallback && !field_may_be_absent(fields))
			json_array_append_new(required, json_string(fields->name));
	}
}

static json_t *empty_object_schema(void)
{
	return json_pack("{s:s, s:{}, s:[], s:b}", "type", "object", "properties", "required",
			 "additionalProperties", 0);
}

static json_t *schema_of_object(const struct field *field)
{
	json_t *schema = empty_object_schema();

	add_members(schema, field_members(field));
	if (field_is_pointer(field))
		json_object_set_new(schema, "type", json_pack("[s, s]", "object", "boolean"));
	return schema;
}

static json_t *schema_of_kind(const struct kind *kind, const struct field *field)
{
	const char *name = field_discriminator(field);
	json_t *schema = empty_object_schema();

	json_object_set_new(json_object_get(schema, "properties"), name,
			    json_pack("{s:s}", "const", kind->name));
	json_array_append_new(json_object_get(schema, "required"), json_string(name));
	add_members(schema, field->fields);
	add_members(schema, kind->fields);
	if (kind->help)
		json_object_set_new(schema, "description", json_string(kind->help));
	return schema;
}

static json_t *schema_of_kinds(const struct field *field)
{
	json_t *choices = json_array();

	for (const struct kind *const *at = field->kinds; *at; at++)
		json_array_append_new(choices, schema_of_kind(*at, field));
	return json_pack("{s:o}", "oneOf", choices);
}

static json_t *schema_of_list(const struct field *field)
{
	json_t *schema =
		json_pack("{s:s, s:o}", "type", "array", "items", schema_of(field->element));

	if (field->min > 0)
		json_object_set_new(schema, "minItems", number(field->min));
	if (field_has_max(field))
		json_object_set_new(schema, "maxItems", number(field->max));
	return schema;
}

static json_t *schema_of_map(const struct field *field)
{
	return json_pack("{s:s, s:o, s:o}", "type", "object", "propertyNames",
			 schema_of_name(field), "additionalProperties", schema_of(field->element));
}

static json_t *schema_of_uint(const struct field *field)
{
	json_t *schema = with_bounds(typed("integer"), field);

	if (!field_is_size(field))
		return schema;
	json_object_set_new(schema, "type", json_pack("[s, s]", "integer", "string"));
	json_object_set_new(schema, "pattern",
			    json_string("^[0-9][0-9.]* ?((k|K|M|G|Ki|Mi|Gi)?B)?$"));
	return schema;
}

static json_t *schema_of_rate(void)
{
	return json_pack("{s:[s, s], s:i, s:s}", "type", "number", "string", "exclusiveMinimum", 0,
			 "pattern", "^(max|[0-9][0-9.]*( ?(k|K|M|G)?(pps|bit|bit/s|bps))?)$");
}

static json_t *schema_of_type(const struct field *field)
{
	switch (field->type) {
	case FIELD_BOOL:
		return typed("boolean");
	case FIELD_UINT:
		return schema_of_uint(field);
	case FIELD_RATE:
		return schema_of_rate();
	case FIELD_REAL:
		return with_bounds(typed("number"), field);
	case FIELD_PERCENT:
		return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9][0-9.]* ?%$");
	case FIELD_STRING:
		return json_pack("{s:s, s:i}", "type", "string", "maxLength", 4096);
	case FIELD_NAME:
		return schema_of_name(field);
	case FIELD_CHOICE:
		return schema_of_choice(field);
	case FIELD_ADDRESS:
		return json_pack("{s:s, s:[{s:s}, {s:s}]}", "type", "string", "anyOf", "format",
				 "ipv4", "format", "ipv6");
	case FIELD_PREFIX:
		return typed("string");
	case FIELD_OBJECT:
		return schema_of_object(field);
	case FIELD_KIND:
		return schema_of_kinds(field);
	case FIELD_LIST:
		return schema_of_list(field);
	case FIELD_MAP:
		return schema_of_map(field);
	case FIELD_ANY:
		break;
	}
	return json_object();
}

static json_t *schema_of(const struct field *field)
{
	const char *help = field->help ? field->help : field->kind ? field->kind->help : NULL;
	json_t *schema = schema_of_type(field);

	if (help && field->unit)
		json_object_set_new(schema, "description",
				    json_sprintf("%s (%s)", help, field->unit));
	else if (help)
		json_object_set_new(schema, "description", json_string(help));
	if (field->fallback)
		json_object_set_new(schema, "default", field_fallback(field));
	return schema;
}

json_t *field_schema(const struct field *fields)
{
	json_t *members = empty_object_schema();
	json_t *schema =
		json_pack("{s:s}", "$schema", "https://json-schema.org/draft/2020-12/schema");

	json_object_set_new(json_object_get(members, "properties"), "$schema", typed("string"));
	add_members(members, fields);
	json_object_update(schema, members);
	json_decref(members);
	return schema;
}
