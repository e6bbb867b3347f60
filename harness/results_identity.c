// SPDX-License-Identifier: GPL-2.0-only
#include "harness/results_identity.h"

#include "harness/cleanup.h"

#include <string.h>

/* Those further down are only compared where these are the same. */
static const struct {
	const char *key, *name;
} parts[] = {
	{ "experiment", "the experiment" },
	{ "topologies", "the topology" },
	{ "mode", "the mode" },
	{ "shard", "the shard" },
	{ "labrun", "the labrun build" },
	{ "kernel", "the kernel" },
	{ "cpu", "the CPU" },
	{ "cpus", "the number of CPUs" },
	{ "machine", "the machine" },
};

static json_t *or_null(json_t *json)
{
	return json ? json_incref(json) : json_null();
}

static json_t *member(const json_t *object, const char *outer, const char *inner)
{
	return json_object_get(json_object_get(object, outer), inner);
}

/* Of one release there may be several builds; the version line holds when it was made. */
static json_t *kernel_json(const json_t *environment)
{
	const char *release = json_string_value(member(environment, "kernel", "release"));
	const char *version = json_string_value(member(environment, "kernel", "version"));

	return json_sprintf("%s %s", release ? release : "", version ? version : "");
}

json_t *identity_of_run(const struct plan *plan, const char *mode, const json_t *environment)
{
	json_t *topologies = json_array(), *identity;

	for (size_t i = 0; i < plan->cell_count; i++)
		json_array_append(topologies, plan->cells[i].topology_json);
	identity = json_pack("{s:O, s:o, s:s, s:o, s:o, s:o, s:o, s:o}", "experiment",
			     plan->experiment_json, "topologies", topologies, "mode", mode,
			     "labrun", or_null(member(environment, "tools", "labrun_build")),
			     "kernel", kernel_json(environment), "cpu",
			     or_null(member(environment, "cpu", "model")), "cpus",
			     or_null(member(environment, "cpu", "count")), "machine",
			     or_null(member(environment, "virtualisation", "product")));
	json_object_set_new(identity, "shard",
			    plan->shard.count ? shard_json(&plan->shard) : json_null());
	return identity;
}

/* What is short enough to be told. */
static char *shown(const json_t *value)
{
	const char *text = json_string_value(value);
	char *copy = NULL;

	if (text)
		copy = strdup(text);
	else if (value && !json_is_object(value) && !json_is_array(value))
		copy = json_dumps(value, JSON_ENCODE_ANY);
	return copy ? copy : strdup("");
}

static int refuse(const json_t *then, const json_t *now, const char *what, const char *name,
		  struct err *err)
{
	_free_ char *was = shown(then), *is = shown(now);

	if (!*was || !*is)
		return err_usage(err, "%s: %s changed", what, name);
	return err_usage(err, "%s: %s changed: %.100s, now %.100s", what, name, was, is);
}

int identity_compare(const json_t *then, const json_t *now, const char *what, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		json_t *was = json_object_get(then, parts[i].key);
		json_t *is = json_object_get(now, parts[i].key);

		if (!was || !json_equal(was, is))
			return refuse(was, is, what, parts[i].name, err);
	}
	return 0;
}
