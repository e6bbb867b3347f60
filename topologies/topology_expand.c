// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology_expand.h"

#include "harness/cleanup.h"

#include <string.h>

#define REPEAT_MAX 65536
/* Some hundred megabytes, and more than any kernel could be asked to build. */
#define VALUES_MAX 1000000

struct expander {
	struct fault_map *map;
	struct arena *arena;
	struct diag *diag;
	/* Of the item that is being repeated: */
	long index;
	const char *source;
	size_t values; /* made so far, over all; long texts count as several */
	const char *too_many; /* the item that made too many */
};

static const char *placeholder(const char *text, long index, long *ret_value)
{
	static const char *const names[] = { "{i}", "{next}", "{prev}", "{hi}", "{lo}" };
	const long values[] = { index, index + 1, index - 1, index >> 8, index & 255 };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t length = strlen(names[i]);

		if (!strncmp(text, names[i], length)) {
			*ret_value = values[i];
			return text + length;
		}
	}
	return NULL;
}

static char *substitute_text(struct expander *e, const char *text)
{
	size_t length = strlen(text);
	/* "{i}" is three bytes, and an index takes at most six */
	char *result = arena_alloc(e->arena, 2 * length + 8), *out = result;

	e->values += length / 64;
	while (*text) {
		long value;
		const char *after = placeholder(text, e->index, &value);

		if (after) {
			out += sprintf(out, "%ld", value);
			text = after;
		} else {
			*out++ = *text++;
		}
	}
	return result;
}

static void set_member(struct expander *e, json_t *object, const char *key, json_t *value)
{
	if (json_object_get(object, key))
		diag_add_path(e->diag, e->source, DIAG_KEY,
			      "the name \"%.64s\" comes twice when repeats are written out", key);
	json_object_set_new(object, key, value);
}

static json_t *substitute(struct expander *e, json_t *json)
{
	const char *key;
	json_t *value, *copy;
	size_t i;

	if (e->values++ > VALUES_MAX)
		return json_null();
	if (json_is_string(json))
		return json_string(substitute_text(e, json_string_value(json)));
	if (json_is_array(json)) {
		copy = json_array();
		json_array_foreach (json, i, value)
			json_array_append_new(copy, substitute(e, value));
		return copy;
	}
	if (json_is_object(json)) {
		copy = json_object();
		json_object_foreach (json, key, value)
			set_member(e, copy, substitute_text(e, key), substitute(e, value));
		return copy;
	}
	return json_incref(json);
}

/* How many times the item is to be repeated; 0: it is not, or not properly. */
static long repeat_count(json_t *item)
{
	json_t *repeat = json_object_get(item, "repeat");
	json_int_t count = json_integer_value(repeat);

	return json_is_integer(repeat) && count >= 1 && count <= REPEAT_MAX ? (long)count : 0;
}

static json_t *without(json_t *item, const char *key)
{
	json_t *copy = json_copy(item);

	json_object_del(copy, key);
	return copy;
}

static const char *member_path(struct expander *e, const char *parent, const char *key)
{
	struct jpath up = { .key = parent }, path = { .up = &up, .key = key };
	char text[512];

	jpath_format(&path, text, sizeof(text));
	return arena_strdup(e->arena, text);
}

static bool is_too_many(struct expander *e)
{
	if (e->values > VALUES_MAX && !e->too_many)
		e->too_many = e->source;
	return e->too_many;
}

static void expand_node(struct expander *e, json_t *expanded, const char *key, json_t *node)
{
	long count = repeat_count(node);
	_json_ json_t *plain = NULL;

	e->source = member_path(e, "nodes", key);
	if (!count) {
		set_member(e, expanded, key, json_incref(node));
		return;
	}
	plain = without(node, "repeat");
	for (e->index = 0; e->index < count && !is_too_many(e); e->index++) {
		const char *name = substitute_text(e, key);

		set_member(e, expanded, name, substitute(e, plain));
		fault_map_add(e->map, member_path(e, "nodes", name), e->source);
	}
	is_too_many(e);
}

static json_t *expand_nodes(struct expander *e, json_t *nodes)
{
	json_t *expanded = json_object(), *node;
	const char *key;

	json_object_foreach (nodes, key, node)
		expand_node(e, expanded, key, node);
	return expanded;
}

static void append(struct expander *e, json_t *expanded, json_t *item, const char *list,
		   const char *source)
{
	fault_map_add(e->map, arena_printf(e->arena, "%s[%zu]", list, json_array_size(expanded)),
		      source);
	json_array_append_new(expanded, item);
}

/* A path group: {"repeat": n, "path": [points]}. */
static void expand_group(struct expander *e, json_t *expanded, json_t *group)
{
	json_t *point;
	size_t i;

	json_array_foreach (group, i, point)
		append(e, expanded, substitute(e, point), "path",
		       arena_printf(e->arena, "%s.path[%zu]", e->source, i));
}

/* Its points take its place, so nothing else of it would ever be read. */
static void check_group(struct expander *e, json_t *item)
{
	const char *key;
	json_t *value;

	json_object_foreach (item, key, value)
		if (strcmp(key, "repeat") && strcmp(key, "path"))
			diag_add_path(e->diag, e->source, DIAG_VALUE,
				      "a group has \"repeat\" and \"path\" and nothing else, but "
				      "here is \"%.64s\"",
				      key);
}

static void expand_item(struct expander *e, json_t *expanded, json_t *item, const char *name)
{
	json_t *group = json_object_get(item, "path");
	_json_ json_t *plain = NULL;
	long count = repeat_count(item);
	bool is_group = json_is_array(group) && !strcmp(name, "path");

	if (!count) {
		append(e, expanded, json_incref(item), name, e->source);
		return;
	}
	if (is_group)
		check_group(e, item);
	plain = without(item, "repeat");
	for (e->index = 0; e->index < count && !is_too_many(e); e->index++) {
		if (is_group)
			expand_group(e, expanded, group);
		else
			append(e, expanded, substitute(e, plain), name, e->source);
	}
	is_too_many(e);
}

static json_t *expand_list(struct expander *e, json_t *list, const char *name)
{
	json_t *expanded = json_array(), *item;
	size_t index;

	json_array_foreach (list, index, item) {
		e->source = arena_printf(e->arena, "%s[%zu]", name, index);
		expand_item(e, expanded, item, name);
	}
	return expanded;
}

json_t *topology_expand(json_t *json, struct fault_map *map, struct arena *arena, struct diag *diag)
{
	static const char *const lists[] = { "links", "path" };
	struct expander e = { .map = map, .arena = arena, .diag = diag };
	json_t *expanded = json_copy(json), *part;

	part = json_object_get(json, "nodes");
	if (json_is_object(part))
		json_object_set_new(expanded, "nodes", expand_nodes(&e, part));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		part = json_object_get(json, lists[i]);
		if (json_is_array(part))
			json_object_set_new(expanded, lists[i], expand_list(&e, part, lists[i]));
	}
	if (!e.too_many)
		return expanded;
	diag_add_path(diag, e.too_many, DIAG_VALUE, "what is repeated comes to more than %d values",
		      VALUES_MAX);
	json_decref(expanded);
	return NULL;
}
