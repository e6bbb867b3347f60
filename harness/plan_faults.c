// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plan_faults.h"

#include "harness/cleanup.h"

#include <string.h>

void plan_faults_name_against(struct plan_faults *faults, const json_t *root, const char *text)
{
	const char *factor = json_string_value(json_object_get(root, "against"));
	const struct jpath sweep = { .key = "sweep" }, at = { .up = &sweep, .key = factor };
	_free_ char *name = NULL;
	char prefix[1024];

	if (asprintf(&name, "--against %s", text) < 0)
		abort();
	jpath_format(&at, prefix, sizeof(prefix));
	faults->against_prefix = strdup(prefix);
	faults->against = diag_new(name, NULL, 0);
}

/* "sweep.mode" for "sweep.mode[1]" */
static const char *key_of(const char *source, struct arena *arena)
{
	const char *bracket = strrchr(source, '[');
	size_t digits = bracket ? strspn(bracket + 1, "0123456789") : 0;

	if (!digits || strcmp(bracket + 1 + digits, "]"))
		return source;
	return arena_printf(arena, "%.*s", (int)(bracket - source), source);
}

static bool is_of_against(const struct plan_faults *faults, const char *source)
{
	size_t length = faults->against ? strlen(faults->against_prefix) : 0;

	return length && !strncmp(source, faults->against_prefix, length);
}

void plan_faults_add(struct plan_faults *faults, const char *source, const struct diag_fault *fault)
{
	struct diag_fault alone = *fault;

	/* It stands in no file: the message has to do. */
	alone.place = DIAG_KEY;
	if (is_of_against(faults, source))
		fault_add_once(faults->against, "", &alone);
	else
		fault_add_once(faults->experiment,
			       fault->place == DIAG_KEY ? key_of(source, faults->arena) : source,
			       fault);
}

/* A fault goes to where its text stands: a value of the sweep, --set, or the file itself. */
static void sort_fault(struct plan_faults *faults, const struct plan_origins *origins,
		       const struct diag_fault *fault, bool topology)
{
	const struct fault_map *map = NULL;
	_arena_ struct arena *arena = arena_new();
	struct diag *set = plan_sets_find(faults->sets, fault->path, topology);
	const char *source = NULL;

	if (origins)
		map = topology ? origins->topology : origins->experiment;
	if (map)
		source = fault_map_find(map, fault->path, arena);
	else if (is_of_against(faults, fault->path))
		source = fault->path;
	if (source)
		plan_faults_add(faults, source, fault);
	else if (set)
		fault_add_once(set, fault->path, fault);
	else
		fault_add_once(topology ? origins->topology_file : faults->experiment, fault->path,
			       fault);
}

void plan_faults_sort(struct plan_faults *faults, const struct plan_origins *origins,
		      const struct diag *found, bool topology)
{
	const struct diag_fault *last = NULL;

	/* Those beyond the ones kept are the last one again. */
	for (size_t i = 0; i < diag_count(found) && diag_get(found, i) != last; i++) {
		last = diag_get(found, i);
		sort_fault(faults, origins, last, topology);
	}
}

size_t plan_faults_print(struct plan_faults *faults, FILE *out)
{
	if (!faults->against)
		return 0;
	diag_print(faults->against, out);
	return diag_count(faults->against);
}

void plan_faults_done(struct plan_faults *faults)
{
	diag_free(faults->against);
	free(faults->against_prefix);
}
