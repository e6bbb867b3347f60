// SPDX-License-Identifier: GPL-2.0-only
#include "topologies/topology_expand.h"

#include "harness/cleanup.h"

#include <string.h>

#define REPEAT_MAX 65536

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

static char *substitute_text(const char *text, long index, struct arena *arena)
{
	/* "{i}" is three bytes, and an index takes at most six */
	char *result = arena_alloc(arena, 2 * strlen(text) + 8), *out = result;

	while (*text) {
		long value;
		const char *after = placeholder(text, index, &value);

		if (after) {
			out += sprintf(out, "%ld", value);
			text = after;
		} else {
			*out++ = *text++;
		}
	}
	return result;
}

static json_t *substitute(json_t *json, long index, struct arena *arena)
{
	const char *key;
	json_t *value, *copy;
	size_t i;

	if (json_is_string(json))
		return json_string(substitute_text(json_string_value(json), index, arena));
	if (json_is_array(json)) {
		copy = json_array();
		json_array_foreach (json, i, value)
			json_array_append_new(copy, substitute(value, index, arena));
		return copy;
	}
	if (json_is_object(json)) {
		copy = json_object();
		json_object_foreach (json, key, value)
			json_object_set_new(copy, substitute_text(key, index, arena),
					    substitute(value, index, arena));
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

static const char *member_path(const char *parent, const char *key, struct arena *arena)
{
	struct jpath up = { .key = parent }, path = { .up = &up, .key = key };
	char text[512];

	jpath_format(&path, text, sizeof(text));
	return arena_strdup(arena, text);
}

static json_t *expand_nodes(json_t *nodes, struct fault_map *map, struct arena *arena)
{
	json_t *expanded = json_object(), *node;
	const char *key;

	json_object_foreach (nodes, key, node) {
		_json_ json_t *plain = NULL;
		long count = repeat_count(node);

		if (!count) {
			json_object_set(expanded, key, node);
			continue;
		}
		plain = without(node, "repeat");
		for (long i = 0; i < count; i++) {
			const char *name = substitute_text(key, i, arena);

			json_object_set_new(expanded, name, substitute(plain, i, arena));
			fault_map_add(map, member_path("nodes", name, arena),
				      member_path("nodes", key, arena));
		}
	}
	return expanded;
}

static void append(json_t *expanded, json_t *item, const char *list, const char *source,
		   struct fault_map *map, struct arena *arena)
{
	fault_map_add(map, arena_printf(arena, "%s[%zu]", list, json_array_size(expanded)), source);
	json_array_append_new(expanded, item);
}

/* A path group: {"repeat": n, "path": [points]}. */
static void expand_group(json_t *expanded, json_t *group, long index, const char *source,
			 struct fault_map *map, struct arena *arena)
{
	json_t *point;
	size_t i;

	json_array_foreach (group, i, point)
		append(expanded, substitute(point, index, arena), "path",
		       arena_printf(arena, "%s.path[%zu]", source, i), map, arena);
}

static json_t *expand_list(json_t *list, const char *name, struct fault_map *map,
			   struct arena *arena)
{
	json_t *expanded = json_array(), *item;
	size_t index;

	json_array_foreach (list, index, item) {
		const char *source = arena_printf(arena, "%s[%zu]", name, index);
		json_t *group = json_object_get(item, "path");
		_json_ json_t *plain = NULL;
		long count = repeat_count(item);

		if (!count) {
			append(expanded, json_incref(item), name, source, map, arena);
			continue;
		}
		plain = without(item, "repeat");
		for (long i = 0; i < count; i++) {
			if (json_is_array(group))
				expand_group(expanded, group, i, source, map, arena);
			else
				append(expanded, substitute(plain, i, arena), name, source, map,
				       arena);
		}
	}
	return expanded;
}

json_t *topology_expand(json_t *json, struct fault_map *map, struct arena *arena)
{
	static const char *const lists[] = { "links", "path" };
	json_t *expanded = json_copy(json), *part;

	part = json_object_get(json, "nodes");
	if (json_is_object(part))
		json_object_set_new(expanded, "nodes", expand_nodes(part, map, arena));
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		part = json_object_get(json, lists[i]);
		if (json_is_array(part))
			json_object_set_new(expanded, lists[i],
					    expand_list(part, lists[i], map, arena));
	}
	return expanded;
}
