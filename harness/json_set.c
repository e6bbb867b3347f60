// SPDX-License-Identifier: GPL-2.0-only
#include "harness/json_set.h"

#include "harness/cleanup.h"

#include <string.h>

/* One step down: a member's name, or an index in brackets. */
struct step {
	char key[128];
	long index; /* -1: a member */
};

/* Takes the next step off the path; NULL if the path is not well formed. */
static const char *next_step(const char *path, struct step *step)
{
	size_t length;
	char *end;

	if (*path == '[') {
		step->index = strtol(path + 1, &end, 10);
		if (end == path + 1 || *end != ']' || step->index < 0)
			return NULL;
		return end[1] == '.' ? end + 2 : end + 1;
	}
	length = strcspn(path, ".[");
	if (!length || length >= sizeof(step->key))
		return NULL;
	memcpy(step->key, path, length);
	step->key[length] = 0;
	step->index = -1;
	path += length;
	return *path == '.' ? path + 1 : path;
}

static json_t *descend(json_t *json, const struct step *step)
{
	json_t *next;

	if (step->index >= 0)
		return json_array_get(json, (size_t)step->index);
	next = json_object_get(json, step->key);
	if (!next && json_is_object(json)) {
		next = json_object();
		json_object_set_new(json, step->key, next);
	}
	return next;
}

const char *json_set_path(json_t *root, const char *path, json_t *value)
{
	_json_ json_t *owned = value;
	json_t *json = root;
	struct step step;

	for (;;) {
		path = next_step(path, &step);
		if (!path)
			return "is not a path";
		if (!*path)
			break;
		json = descend(json, &step);
		if (!json)
			return "leads nowhere";
	}
	if (step.index >= 0 ? json_array_set(json, (size_t)step.index, owned)
			    : json_object_set(json, step.key, owned))
		return "leads nowhere";
	return NULL;
}
