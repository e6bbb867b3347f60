// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files from strangers, through all that reads them: `make fuzz`. Each input is taken for an
 * experiment, by the path that every verb takes, and for a topology; what comes after a NUL, which
 * no such file can hold, is a --set. Nothing is built from it.
 */
#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/plan.h"
#include "harness/sweep.h"
#include "topologies/path.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* What is allowed to take seconds would leave no time for anything else. */
#define CELLS_MAX 32
#define REPEAT_MAX 300

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One file in memory, with a path: written again for each input. */
static int memory_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = memfd_create("input", 0);
	if (fd < 0)
		abort();
	return fd;
}

static FILE *nowhere(void)
{
	static FILE *out;

	if (!out)
		out = fopen("/dev/null", "w");
	if (!out)
		abort();
	return out;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	/* The topologies that seeds name; `make fuzz` runs in the source tree. */
	return setenv("LABRUN_DATA", ".", 0);
}

static bool repeats_often(const json_t *json)
{
	json_t *value, *object = (json_t *)json;
	const char *key;
	size_t i;

	json_array_foreach (json, i, value)
		if (repeats_often(value))
			return true;
	json_object_foreach (object, key, value)
		if (repeats_often(value) ||
		    (strstr(key, "repeat") && json_number_value(value) > REPEAT_MAX))
			return true;
	return false;
}

static bool has_many_cells(const json_t *json)
{
	_arena_ struct arena *arena = arena_new();
	_diag_ struct diag *diag = diag_new("", NULL, 0);
	struct sweep *sweep = sweep_expand(json_object_get(json, "sweep"), arena, diag);
	size_t count = sweep->cell_count;

	sweep_done(sweep);
	return count > CELLS_MAX;
}

static bool is_costly(const json_t *json)
{
	return repeats_often(json) || has_many_cells(json);
}

static void try_topology(struct document *document)
{
	_arena_ struct arena *arena = arena_new();
	const struct topology *topology = topology_parse(document->json, arena, document->diag);

	if (!diag_count(document->diag)) {
		path_derive(topology, DIRECTION_REQUEST, arena);
		path_derive(topology, DIRECTION_REPLY, arena);
	}
	diag_print(document->diag, nowhere());
}

/* A refusal must come with words. */
static void try_experiment(const char *path, const char *set)
{
	const char *const sets[] = { set, NULL };
	const struct plan_options options = { .sets = sets };
	struct plan *plan = NULL;
	struct err err = {};
	int code = plan_load(&plan, path, &options, nowhere(), &err);

	if (!code != !err.text[0] || !code != !!plan)
		abort();
	plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length = strnlen((const char *)data, size);
	_free_ char *set =
		length < size ? strndup((const char *)data + length + 1, size - length - 1) : NULL;
	struct document document = {};
	struct err err = {};
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", memory_file());
	if (ftruncate(memory_file(), 0) ||
	    pwrite(memory_file(), data, length, 0) != (ssize_t)length ||
	    document_read(&document, path, &err))
		abort();
	/* What a --set may do to either is not foreseen, but for this. */
	if (!is_costly(document.json) &&
	    (!set || (!strstr(set, "repeat") && !strstr(set, "sweep")))) {
		try_experiment(path, set);
		if (document.json)
			try_topology(&document);
	}
	document_done(&document);
	return 0;
}
