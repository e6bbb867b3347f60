// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan_sets.h"

#include "harness/cleanup.h"
#include "harness/json_argument.h"
#include "harness/json_set.h"

#include <string.h>

#define TOPOLOGY_PREFIX "topology."

bool plan_in_topology(const char *path)
{
	return !strncmp(path, TOPOLOGY_PREFIX, strlen(TOPOLOGY_PREFIX));
}

const char *plan_topology_path(const char *path)
{
	return path + strlen(TOPOLOGY_PREFIX);
}

const char *plan_set_path(json_t *root, bool topology, const char *path, const json_t *value,
			  size_t *ret_made)
{
	const char *problem = json_set_path(root, path, json_deep_copy(value), ret_made);
	bool in_nodes = topology && !strncmp(path, "nodes.", strlen("nodes."));

	/* What is made on the way is a feature; a node would be a misspelt one's double. */
	if (!problem && in_nodes && path[*ret_made] &&
	    strcspn(path + strlen("nodes."), ".[") + strlen("nodes.") == *ret_made)
		return "leads to a node that the topology does not have";
	return problem;
}

static int parse_set(struct plan_set *set, const char *text, struct err *err)
{
	const char *equals = strchr(text, '='), *path = text;
	_free_ char *name = NULL;

	if (!equals || equals == text)
		return err_usage(err, "--set %s: expected PATH=VALUE", text);
	set->in_topology = plan_in_topology(text);
	if (set->in_topology)
		path = plan_topology_path(text);
	if (asprintf(&name, "--set %s", text) < 0)
		abort();
	set->text = text;
	set->path = strndup(path, (size_t)(equals - path));
	set->diag = diag_new(name, NULL, 0);
	set->value = json_read_argument(equals + 1);
	return set->value ? 0 : err_usage(err, "%s: the value is not UTF-8", name);
}

int plan_sets_parse(struct plan_sets *ret, const char *const *texts, struct err *err)
{
	size_t count = 0;
	int code = 0;

	while (texts && texts[count])
		count++;
	ret->items = calloc(count + 1, sizeof(*ret->items));
	if (!ret->items)
		abort();
	for (; ret->count < count && !code; ret->count++)
		code = parse_set(&ret->items[ret->count], texts[ret->count], err);
	return code;
}

void plan_sets_done(struct plan_sets *sets)
{
	for (size_t i = 0; i < sets->count; i++) {
		free(sets->items[i].path);
		json_decref(sets->items[i].value);
		diag_free(sets->items[i].diag);
	}
	free(sets->items);
	*sets = (struct plan_sets){};
}

/* Whether `path` is `whole` or a part of it. */
static bool is_within(const char *path, const char *whole, size_t length)
{
	return strlen(path) >= length && !strncmp(path, whole, length) &&
	       (!path[length] || path[length] == '.' || path[length] == '[');
}

/* Two that stand in each other's place: the one that is asked for must not lose to the file's. */
static void drop_rival(json_t *root, const struct plan_set *set)
{
	if (set->in_topology)
		return;
	if (!strcmp(set->path, "iterations"))
		json_object_del(root, "duration_s");
	if (!strcmp(set->path, "duration_s"))
		json_object_del(root, "iterations");
	if (!strcmp(set->path, "batches"))
		json_object_del(root, "until");
	if (is_within(set->path, "until", strlen("until")) && !json_is_false(set->value))
		json_object_del(root, "batches");
}

int plan_sets_apply(struct plan_sets *sets, json_t *root, bool topology, struct err *err)
{
	for (size_t i = 0; i < sets->count; i++) {
		struct plan_set *set = &sets->items[i];
		const char *fault;

		if (set->in_topology != topology)
			continue;
		fault = plan_set_path(root, topology, set->path, set->value, &set->made);
		if (fault)
			return err_usage(err, "--set %s: \"%.*s\" %s", set->text,
					 (int)strcspn(set->text, "="), set->text, fault);
		drop_rival(root, set);
	}
	return 0;
}

static bool varies(const struct sweep_cell *cell, const struct plan_set *set)
{
	for (size_t i = 0; i < cell->setting_count; i++) {
		const char *path = cell->settings[i].path;

		if (plan_in_topology(path) != set->in_topology)
			continue;
		if (set->in_topology)
			path = plan_topology_path(path);
		if (is_within(set->path, path, strlen(path)))
			return true;
	}
	return false;
}

int plan_sets_check(const struct plan_sets *sets, const struct sweep *sweep, struct err *err)
{
	for (size_t i = 0; i < sets->count; i++)
		for (size_t j = 0; j < sweep->cell_count; j++)
			if (varies(&sweep->cells[j], &sets->items[i]))
				return err_usage(err, "--set %s: the sweep varies it already",
						 sets->items[i].text);
	return 0;
}

bool plan_sets_change(const struct plan_sets *sets, const char *member)
{
	for (size_t i = 0; i < sets->count; i++)
		if (is_within(sets->items[i].path, member, strlen(member)))
			return true;
	return false;
}

struct diag *plan_sets_find(const struct plan_sets *sets, const char *path, bool topology)
{
	/* The last one that was put there. */
	for (size_t i = sets->count; i-- > 0;)
		if (sets->items[i].in_topology == topology &&
		    is_within(path, sets->items[i].path, sets->items[i].made))
			return sets->items[i].diag;
	return NULL;
}

size_t plan_sets_print(struct plan_sets *sets, FILE *out)
{
	size_t count = 0;

	for (size_t i = 0; i < sets->count; i++) {
		count += diag_count(sets->items[i].diag);
		diag_print(sets->items[i].diag, out);
	}
	return count;
}
