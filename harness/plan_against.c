// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan_against.h"

#include "harness/cleanup.h"
#include "harness/experiment.h"
#include "harness/json_argument.h"
#include "harness/json_set.h"
#include "harness/plan_sets.h"

#include <string.h>

const char *plan_against_outer(const char *text, const char *name)
{
	size_t length = strlen(name);

	return !strncmp(text, name, length) && text[length] == '=' ? text + length + 1 : NULL;
}

/* "mode" for "topology.nodes.node1.proxy.mode", if no other factor ends so. */
static const char *find_factor(json_t *sweep, const char *name)
{
	const char *path, *found = NULL;
	size_t length = strlen(name), path_length;
	json_t *values;

	if (json_object_get(sweep, name))
		return json_object_iter_key(json_object_iter_at(sweep, name));
	json_object_foreach (sweep, path, values) {
		path_length = strlen(path);
		if (path_length <= length || path[path_length - length - 1] != '.' ||
		    strcmp(path + path_length - length, name))
			continue;
		if (found)
			return NULL;
		found = path;
	}
	return found;
}

static const json_t *shown_value(const json_t *level)
{
	return json_is_object(level) ? json_object_get(level, "label") : level;
}

static json_t *find_level(const json_t *values, const json_t *wanted)
{
	json_t *level;
	size_t i;

	json_array_foreach (values, i, level)
		if (json_equal(shown_value(level), wanted) ||
		    (json_is_number(wanted) && json_is_number(level) &&
		     json_number_value(wanted) == json_number_value(level)))
			return level;
	return NULL;
}

static int refuse_level(const json_t *values, const char *factor, const char *text, struct err *err)
{
	_json_ json_t *shown = json_array();
	_free_ char *all = NULL;
	const json_t *level;
	size_t i;

	json_array_foreach (values, i, level)
		json_array_append(shown, (json_t *)shown_value(level));
	all = json_dumps(shown, JSON_ENCODE_ANY);
	return err_usage(err, "--against %s: the sweep's \"%s\" has no such value, but %s", text,
			 factor, all);
}

/* What the sweep varies already: its first value is what the other is held against. */
static int narrow(json_t *sweep, const char *factor, const json_t *wanted, const char *text,
		  struct err *err)
{
	json_t *values = json_object_get(sweep, factor), *first = json_array_get(values, 0);
	json_t *level = find_level(values, wanted);

	if (!level)
		return refuse_level(values, factor, text, err);
	if (level == first)
		return err_usage(err,
				 "--against %s: that is the sweep's first value of \"%s\", which "
				 "another is to be held against",
				 text, factor);
	json_object_set_new(sweep, factor, json_pack("[O, O]", first, level));
	return 0;
}

static bool is_scalar(const json_t *value)
{
	return json_is_string(value) || json_is_number(value) || json_is_boolean(value);
}

static json_t *label_of(const json_t *value)
{
	_free_ char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

	return json_is_string(value) ? json_incref((json_t *)value) : json_string(text);
}

/* Sides that look alike (A against A, to see what a machine's noise comes to), or of which one is
 * not written down anywhere. */
static json_t *labelled(const char *path, const json_t *base, const json_t *value)
{
	json_t *set = json_pack("{s:O}", path, value);
	bool alike = base && json_equal(base, value);
	json_t *base_label = alike  ? json_string("A")
			     : base ? label_of(base)
				    : json_string("as it is");

	return json_pack("[{s:o, s:{}}, {s:o, s:o}]", "label", base_label, "set", "label",
			 alike ? json_string("B") : label_of(value), "set", set);
}

static void add_factor(json_t *root, const char *path, const json_t *base, const json_t *value)
{
	json_t *sweep = json_object_get(root, "sweep");
	json_t *values;

	if (base && is_scalar(base) && is_scalar(value) && !json_equal(base, value))
		values = json_pack("[O, O]", base, value);
	else
		values = labelled(path, base, value);
	if (!json_is_object(sweep)) {
		sweep = json_object();
		json_object_set_new(root, "sweep", sweep);
	}
	json_object_set_new(sweep, path, values);
}

/* Defaults count: who asks for another value of a field need not know that it was not written. */
static json_t *value_now(const json_t *root, const json_t *topology, const char *path)
{
	_json_ json_t *filled = NULL;

	if (!plan_in_topology(path)) {
		filled = experiment_fill(root);
	} else {
		filled = topology ? field_fill(topology_fields, topology) : NULL;
		path = plan_topology_path(path);
	}
	return json_incref(json_get_path(filled, path));
}

int plan_against_apply(json_t *root, const json_t *topology, const char *text, struct err *err)
{
	const char *equals = strchr(text, '='), *factor;
	_free_ char *path = equals ? strndup(text, (size_t)(equals - text)) : NULL;
	_json_ json_t *value = NULL, *base = NULL;
	int code = 0;

	if (!equals || equals == text)
		return err_usage(err, "--against %s: expected PATH=VALUE", text);
	value = json_read_argument(equals + 1);
	if (!value)
		return err_usage(err, "--against %s: the value is not UTF-8", text);
	/* What it is instead is told with the file's other faults. */
	if (!json_is_object(root))
		return 0;
	factor = find_factor(json_object_get(root, "sweep"), path);
	if (factor) {
		code = narrow(json_object_get(root, "sweep"), factor, value, text, err);
	} else {
		base = value_now(root, topology, path);
		add_factor(root, path, base, value);
	}
	plan_against_name(root, factor ? factor : path);
	return code;
}

void plan_against_name(json_t *root, const char *factor)
{
	json_object_set_new(root, "against", json_string(factor));
	json_object_set_new(root, "claims", json_array());
}

const char *plan_against_check(json_t *root, struct diag *diag)
{
	const char *name = json_string_value(json_object_get(root, "against")), *factor;
	json_t *sweep = json_object_get(root, "sweep");

	if (!name)
		return NULL;
	factor = find_factor(sweep, name);
	if (!factor)
		diag_add_path(diag, "against", DIAG_VALUE, "the sweep has no factor \"%.64s\"",
			      name);
	else if (json_array_size(json_object_get(sweep, factor)) != 2)
		diag_add_path(diag, "against", DIAG_VALUE,
			      "the factor \"%.64s\" has %zu values: two are held against each "
			      "other",
			      factor, json_array_size(json_object_get(sweep, factor)));
	else
		json_object_set_new(root, "against", json_string(factor));
	return factor;
}

static bool is_partner(const struct cell *base, const struct cell *other, const char *factor)
{
	_json_ json_t *left = json_copy(base->factors), *right = json_copy(other->factors);

	json_object_del(left, factor);
	json_object_del(right, factor);
	return json_equal(left, right);
}

size_t plan_against_stride(const struct plan *plan)
{
	const char *factor = json_string_value(json_object_get(plan->experiment_json, "against"));

	for (size_t i = 1; factor && i < plan->cell_count; i++)
		if (is_partner(&plan->cells[0], &plan->cells[i], factor))
			return i;
	return 0;
}
