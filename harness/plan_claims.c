// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan_claims.h"

#include "bpf/probe.h"
#include "harness/cleanup.h"

#include <string.h>

/* The list has its fault already beyond that. */
#define CLAIMS_MAX 100

struct checker {
	const struct plan *plan;
	struct diag *diag;
	json_t *series; /* names that some cell will have; NULL: not known */
};

/* A factor is named by its whole path, or by the end of it if that is clear: "mtu". */
static bool names(const char *name, const char *path)
{
	size_t name_length = strlen(name), path_length = strlen(path);

	if (path_length <= name_length)
		return !strcmp(name, path);
	return path[path_length - name_length - 1] == '.' &&
	       !strcmp(path + path_length - name_length, name);
}

/* The whole path of that factor, or NULL with a fault. All cells have the same. */
static const char *find_factor(struct checker *checker, const char *name, const struct jpath *at,
			       enum diag_place place)
{
	json_t *factors = checker->plan->cells[0].factors, *value;
	const char *path, *found = NULL;

	if (json_object_get(factors, name))
		return name;
	json_object_foreach (factors, path, value) {
		if (!names(name, path))
			continue;
		if (found) {
			diag_add(checker->diag, at, place,
				 "\"%.64s\" may be \"%.64s\" or \"%.64s\" of the sweep", name,
				 found, path);
			return NULL;
		}
		found = path;
	}
	if (!json_object_size(factors))
		diag_add(checker->diag, at, place,
			 "\"%.64s\" is no factor: the experiment has no \"sweep\"", name);
	else if (!found)
		diag_add(checker->diag, at, place, "the sweep has no factor \"%.64s\"", name);
	return found;
}

/* 1500 and 1500.0 are the same factor. */
static bool same_value(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

static bool has_value(const struct plan *plan, const char *path, const json_t *value)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		if (same_value(json_object_get(plan->cells[i].factors, path), value))
			return true;
	return false;
}

/* {factor: value, ...}: some cell must have each. */
static void check_factors(struct checker *checker, json_t *wanted, const struct jpath *at)
{
	const char *name, *path;
	json_t *value;

	json_object_foreach (wanted, name, value) {
		const struct jpath here = { .up = at, .key = name };

		path = find_factor(checker, name, &here, DIAG_KEY);
		if (path && !has_value(checker->plan, path, value))
			diag_add(checker->diag, &here, DIAG_VALUE,
				 "the sweep's \"%.64s\" has no such value", path);
	}
}

static void note_series(json_t *series, const struct topology *topology)
{
	const struct topo_point *points = topology->path.items;
	const struct topo_span *spans = topology->spans.items;

	for (size_t i = 0; i < topology->path.count; i++)
		if (points[i].segment)
			json_object_set_new(series, points[i].segment, json_true());
	for (size_t i = 0; i < topology->spans.count; i++)
		json_object_set_new(series, spans[i].name, json_true());
}

/* What the load itself tells, whatever of it this one does: see run_record.h. */
static void note_load_series(json_t *series, const struct experiment *experiment)
{
	static const char *const of_each[] = { "rtt",	      "latency",     "lateness",
					       "one_way_p50", "one_way_p99", "one_way_max",
					       "connect_p50", "connect_p99", "connect_max",
					       NULL };
	static const char *const of_bulk[] = { "sent",	       "delivered",    "throughput",
					       "driver_cpu",   "server_cpu",   "lateness_p50",
					       "lateness_p99", "lateness_max", "one_way_p50",
					       "one_way_p99",  "one_way_max",  NULL };
	static const char *const of_search[] = { "throughput", NULL };
	const struct load_ops *ops = (const struct load_ops *)experiment->load.kind;
	bool bulk = ops && experiment->load.common &&
		    load_is_bulk(ops, experiment->load.common, experiment->load.params);

	for (const char *const *name = experiment->search ? of_search
				       : bulk		  ? of_bulk
							  : of_each;
	     *name; name++)
		json_object_set_new(series, *name, json_true());
}

static void note_node_series(json_t *series, const char *prefix, const struct topology *topology)
{
	const struct topo_node *nodes = topology->nodes.items;

	for (size_t i = 0; i < topology->nodes.count; i++) {
		_free_ char *name = NULL;

		if (asprintf(&name, "%s%s", prefix, nodes[i].name) < 0)
			abort();
		json_object_set_new(series, name, json_true());
	}
}

static void note_probe_series(json_t *series, const struct experiment *experiment)
{
	const struct chosen *probes = experiment->probes.items;

	for (size_t i = 0; i < experiment->probes.count; i++) {
		const struct probe_ops *ops = (const struct probe_ops *)probes[i].kind;

		for (const char *const *name = ops ? ops->series : NULL; name && *name; name++)
			json_object_set_new(series, *name, json_true());
		if (ops && ops->node_series)
			note_node_series(series, ops->node_series, experiment->topology);
	}
}

/* NULL if a topology is missing or has no path to tell: the probe's need of one is said. */
static json_t *find_series(const struct plan *plan)
{
	json_t *series;

	for (size_t i = 0; i < plan->cell_count; i++)
		if (!plan->cells[i].experiment->topology ||
		    plan->cells[i].experiment->topology->path.count < 2)
			return NULL;
	series = json_object();
	for (size_t i = 0; i < plan->cell_count; i++) {
		note_load_series(series, plan->cells[i].experiment);
		note_probe_series(series, plan->cells[i].experiment);
		note_series(series, plan->cells[i].experiment->topology);
	}
	return series;
}

static void check_series(struct checker *checker, const json_t *json, const struct jpath *at)
{
	const char *name = json_string_value(json), *key;
	_free_ const char **names = NULL;
	json_t *value;
	const char *near;
	size_t count = 0;

	if (!name || !checker->series || json_object_get(checker->series, name))
		return;
	names = calloc(json_object_size(checker->series) + 1, sizeof(*names));
	if (!names)
		abort();
	json_object_foreach (checker->series, key, value)
		names[count++] = key;
	near = field_nearest(name, names);
	diag_add(checker->diag, at, DIAG_VALUE, "nothing measures a series \"%.64s\"%s%s%s", name,
		 near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

/* A name, an object with "series" and "factors", or a list of such. */
static void check_selection(struct checker *checker, json_t *json, const struct jpath *at)
{
	const struct jpath factors = { .up = at, .key = "factors" };
	const struct jpath series = { .up = at, .key = "series" };
	json_t *item;
	size_t i;

	check_series(checker, json, at);
	check_series(checker, json_object_get(json, "series"), &series);
	check_factors(checker, json_object_get(json, "factors"), &factors);
	json_array_foreach (json, i, item) {
		const struct jpath here = { .up = at, .index = i };

		check_selection(checker, item, &here);
	}
}

/* "rtt", or "tunnel reply": the direction is checked already. */
static void check_until(struct checker *checker, const json_t *until)
{
	const struct jpath root = { .key = "until" }, list = { .up = &root, .key = "series" };
	json_t *item;
	size_t i;

	json_array_foreach (json_object_get(until, "series"), i, item) {
		const struct jpath at = { .up = &list, .index = i };
		const char *text = json_string_value(item) ?: "";
		_json_ json_t *name = json_stringn(text, strcspn(text, " "));

		check_series(checker, name, &at);
	}
}

/* Keys of a claim that hold no selection. */
static bool is_plain(const char *key)
{
	static const char *const plain[] = { "id", "text", "test", "modes" };

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (!strcmp(plain[i], key))
			return true;
	return false;
}

static void check_claim(struct checker *checker, json_t *claim, const struct jpath *at)
{
	const char *key;
	json_t *value;

	json_object_foreach (claim, key, value) {
		const struct jpath here = { .up = at, .key = key };

		if (!strcmp(key, "over") && json_is_string(value))
			find_factor(checker, json_string_value(value), &here, DIAG_VALUE);
		else if (!strcmp(key, "where"))
			check_factors(checker, value, &here);
		else if (!is_plain(key))
			check_selection(checker, value, &here);
	}
}

void plan_check_claims(const struct plan *plan, const json_t *experiment, struct diag *diag)
{
	_json_ json_t *series = find_series(plan);
	struct checker checker = { plan, diag, series };
	const struct jpath root = { .key = "claims" };
	json_t *claim;
	size_t i;

	check_until(&checker, json_object_get(experiment, "until"));
	json_array_foreach (json_object_get(experiment, "claims"), i, claim) {
		if (i == CLAIMS_MAX)
			break;
		check_claim(&checker, claim, &(const struct jpath){ .up = &root, .index = i });
	}
}
