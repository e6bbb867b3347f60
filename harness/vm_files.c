// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_files.h"

#include "harness/cleanup.h"
#include "harness/file.h"

#include <string.h>

static int put_json(const char *path, const json_t *json, struct err *err)
{
	_free_ char *text = json_dumps(json, JSON_INDENT(2));

	return file_write(path, text, strlen(text), err);
}

int vm_files_put(const struct plan *plan, const char *folder, struct err *err)
{
	json_t *topologies = json_object_get(plan->sources, "topologies"), *topology;
	_arena_ struct arena *arena = arena_new();
	const char *name;
	int code = file_make_dirs(arena_printf(arena, "%s/topologies", folder), NULL, err);

	if (!code)
		code = put_json(arena_printf(arena, "%s/experiment.json", folder),
				json_object_get(plan->sources, "experiment"), err);
	json_object_foreach (topologies, name, topology)
		if (!code)
			code = put_json(arena_printf(arena, "%s/topologies/%s.json", folder, name),
					topology, err);
	return code;
}

static size_t count_sets(const struct plan *plan)
{
	size_t count = 0;

	while (plan->sets && plan->sets[count])
		count++;
	return count;
}

const char **vm_files_command(const struct plan *plan, const struct vm_command *command,
			      struct arena *arena)
{
	size_t sets = count_sets(plan), at = 0;
	const char **argv = arena_alloc(arena, (2 * sets + 18) * sizeof(*argv));

	argv[at++] = "run";
	argv[at++] = "--out";
	argv[at++] = command->out;
	argv[at++] = "--no-charts";
	for (size_t i = 0; i < sets; i++) {
		argv[at++] = "--set";
		argv[at++] = plan->sets[i];
	}
	if (command->one_batch) {
		argv[at++] = "--set";
		argv[at++] = "batches=1";
	}
	if (command->seed) {
		argv[at++] = "--set";
		argv[at++] = arena_printf(arena, "seed=%llu", (unsigned long long)*command->seed);
	}
	if (command->quiet)
		argv[at++] = "--quiet";
	if (plan->against) {
		argv[at++] = "--against";
		argv[at++] = plan->against;
	}
	if (command->sharded && plan->shard.count) {
		argv[at++] = "--shard";
		argv[at++] = arena_printf(arena, "%u/%u", plan->shard.index, plan->shard.count);
	}
	argv[at++] = "experiment.json";
	argv[at] = NULL;
	return argv;
}
