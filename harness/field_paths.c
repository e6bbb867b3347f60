// SPDX-License-Identifier: GPL-2.0-only
#include "field.h"

#include "field_internal.h"

#define PATH_BYTES 512

struct walk {
	field_visit_path *visit;
	void *context;
};

static void walk_members(const struct walk *walk, const struct field *fields, const json_t *json,
			 const struct jpath *up);

static void walk_kind(const struct walk *walk, const struct field *field, const json_t *json,
		      const struct jpath *at)
{
	const char *name = json_string_value(json_object_get(json, field_discriminator(field)));
	const struct kind *kind = name ? field_find_kind(field->kinds, name) : NULL;

	walk_members(walk, field->fields, json, at);
	if (kind)
		walk_members(walk, kind->fields, json, at);
}

/* Of lists and maps what is there: there is no path to what is to come. */
static void walk_value(const struct walk *walk, const struct field *field, const json_t *json,
		       const struct jpath *at)
{
	char path[PATH_BYTES];
	const char *key;
	json_t *item;
	size_t i;

	if (field->type == FIELD_OBJECT) {
		walk_members(walk, field_members(field), json, at);
	} else if (field->type == FIELD_KIND) {
		walk_kind(walk, field, json, at);
	} else if (field->type == FIELD_LIST && field_nested(field)) {
		json_array_foreach (json, i, item)
			walk_value(walk, field->element, item, &(struct jpath){ at, NULL, i });
	} else if (field->type == FIELD_MAP) {
		json_object_foreach ((json_t *)json, key, item)
			walk_value(walk, field->element, item, &(struct jpath){ at, key, 0 });
	} else if (field->type != FIELD_ANY) {
		jpath_format(at, path, sizeof(path));
		walk->visit(walk->context, path, field);
	}
}

static void walk_members(const struct walk *walk, const struct field *fields, const json_t *json,
			 const struct jpath *up)
{
	for (; fields && fields->name; fields++)
		walk_value(walk, fields, json_object_get(json, fields->name),
			   &(struct jpath){ up, fields->name, 0 });
}

void field_each_path(const struct field *fields, const json_t *json, const char *root,
		     field_visit_path *visit, void *context)
{
	const struct walk walk = { visit, context };

	walk_members(&walk, fields, json, root ? &(struct jpath){ NULL, root, 0 } : NULL);
}
