// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/plan.h"
#include "topologies/topology.h"

#include <errno.h>

static bool has_any(const json_t *json, const char *const *keys, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (json_object_get(json, keys[i]))
			return true;
	return false;
}

static bool is_topology(const struct document *document)
{
	static const char *const of_topology[] = { "nodes", "links", "path", "spans" };
	static const char *const of_experiment[] = { "topology", "load", "probes" };

	return has_any(document->json, of_topology, ARRAY_SIZE(of_topology)) &&
	       !has_any(document->json, of_experiment, ARRAY_SIZE(of_experiment));
}

static enum outcome check_topology(struct document *document)
{
	_arena_ struct arena *arena = arena_new();

	topology_parse(document->json, arena, document->diag);
	if (!diag_count(document->diag))
		return OUTCOME_OK;
	diag_print(document->diag, stderr);
	return OUTCOME_USAGE;
}

static enum outcome check_experiment(const char *path)
{
	struct err err = {};
	struct plan *plan;
	int code = plan_load(&plan, path, NULL, stderr, &err);

	/* The faults have been printed, and how many they are can be seen. */
	if (code == -EBADMSG)
		return OUTCOME_USAGE;
	if (code)
		return cmd_fail(&err);
	plan_free(plan);
	return OUTCOME_OK;
}

static enum outcome check_file(const char *name)
{
	struct document document = {};
	_free_ char *path = NULL;
	enum outcome outcome;
	struct err err = {};

	path = document_find_experiment(name, &err);
	if (!path || document_read(&document, path, &err))
		return cmd_fail(&err);
	if (document.json && is_topology(&document))
		outcome = check_topology(&document);
	else
		outcome = check_experiment(path);
	if (outcome == OUTCOME_OK)
		printf("%s: valid\n", path);
	document_done(&document);
	return outcome;
}

const struct cmd_manual cmd_manual_check = {
	.operand = CMD_EXPERIMENT,
	.text = "Faults are told as a compiler tells them, file:line:column. Nothing is built, and "
		"no "
		"root needed. FILE may be a name that `labrun list` shows.",
};

enum outcome cmd_check(int argc, char **argv)
{
	enum outcome outcome = OUTCOME_OK;

	if (argc < 2)
		return cmd_usage("check", "which file?");
	for (int i = 1; i < argc; i++) {
		enum outcome one = check_file(argv[i]);

		outcome = one > outcome ? one : outcome;
	}
	return outcome;
}
