// SPDX-License-Identifier: GPL-2.0-only
#include "harness/json_set.h"

#include "harness/cleanup.h"

#include <stdbool.h>
#include <string.h>

/* One step down: a member's name, or an index in brackets. */
struct step {
	char key[128];
	bool is_index;
	size_t index;
};

static const char *take_index(const char *path, struct step *step)
{
	size_t digits = strspn(path, "0123456789");

	/* So many that none can overflow. */
	if (!digits || digits > 9 || path[digits] != ']')
		return NULL;
	step->is_index = true;
	step->index = strtoul(path, NULL, 10);
	return path + digits + 1;
}

/* A name with a dot in it, as jpath_format() writes it: ["eth0.5"]. */
static const char *take_quoted(const char *path, struct step *step)
{
	size_t length = 0;

	for (; *path && *path != '"'; path++) {
		path += *path == '\\' && path[1];
		if (length + 1 >= sizeof(step->key))
			return NULL;
		step->key[length++] = *path;
	}
	step->key[length] = '\0';
	return path[0] == '"' && path[1] == ']' ? path + 2 : NULL;
}

static const char *take_plain(const char *path, struct step *step)
{
	size_t length = strcspn(path, ".[");

	if (!length || length >= sizeof(step->key))
		return NULL;
	memcpy(step->key, path, length);
	step->key[length] = '\0';
	return path + length;
}

/* Takes the next step off the path; NULL if the path is not well formed. */
static const char *next_step(const char *path, struct step *step)
{
	step->is_index = false;
	if (path[0] == '[' && path[1] == '"')
		path = take_quoted(path + 2, step);
	else if (path[0] == '[')
		path = take_index(path + 1, step);
	else
		path = take_plain(path, step);
	if (!path || !*path || *path == '[')
		return path;
	return path[0] == '.' && path[1] && path[1] != '[' ? path + 1 : NULL;
}

/* What is not there is made, and `true` is what stands for {} where a part is optional. */
static json_t *descend(json_t *json, const struct step *step, bool *made)
{
	json_t *next;

	*made = false;
	if (step->is_index)
		return json_array_get(json, step->index);
	next = json_object_get(json, step->key);
	if (json_is_object(json) && (!next || json_is_true(next))) {
		*made = !next;
		next = json_object();
		/* A key that is not UTF-8, from a command line, is refused. */
		if (json_object_set_new(json, step->key, next))
			return NULL;
	}
	return next;
}

const char *json_set_path(json_t *root, const char *path, json_t *value, size_t *ret_made)
{
	_json_ json_t *owned = value;
	const char *rest = path;
	json_t *json = root;
	struct step step;
	bool made;

	*ret_made = strlen(path);
	for (;;) {
		rest = next_step(rest, &step);
		if (!rest)
			return "is not a path";
		if (!*rest)
			break;
		json = descend(json, &step, &made);
		if (!json)
			return "leads nowhere";
		/* Without the dot. */
		if (made && *ret_made == strlen(path))
			*ret_made = (size_t)(rest - path) - (rest[-1] == '.');
	}
	if (step.is_index ? json_array_set(json, step.index, owned)
			  : json_object_set(json, step.key, owned))
		return "leads nowhere";
	return NULL;
}

json_t *json_get_path(const json_t *root, const char *path)
{
	const json_t *json = root;
	struct step step;

	do {
		path = next_step(path, &step);
		if (!path)
			return NULL;
		json = step.is_index ? json_array_get(json, step.index)
				     : json_object_get(json, step.key);
	} while (*path && json);
	return (json_t *)json;
}
