// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/plot.h"
#include "harness/reproduce.h"
#include "harness/session.h"

#include <string.h>
#include <time.h>

#define EXPERIMENTS_MAX 64

struct reproduction {
	char *names[EXPERIMENTS_MAX], *dirs[EXPERIMENTS_MAX];
	size_t count, done; /* dirs of experiments that gave results */
	char folder[64]; /* results/reproduce/<UTC time> */
	char **argv;
};

static int by_name(const struct dirent **left, const struct dirent **right)
{
	return strcmp((*left)->d_name, (*right)->d_name);
}

static int is_experiment(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && !strcmp(end, ".json") && !strstr(entry->d_name, ".schema.");
}

/* Every experiment that names a source. */
static void find_all(struct reproduction *reproduction)
{
	_free_ char *folder = file_data_path("experiments", "", "");
	struct dirent **entries = NULL;
	int count = scandir(folder, &entries, is_experiment, by_name);

	for (int i = 0; i < count; i++) {
		_free_ char *path = file_data_path("experiments", entries[i]->d_name, "");
		_json_ json_t *json = json_load_file(path, 0, NULL);

		if (json_object_get(json, "source") && reproduction->count < EXPERIMENTS_MAX)
			reproduction->names[reproduction->count++] = strdup(path);
		free(entries[i]);
	}
	free(entries);
}

static void name_folder(struct reproduction *reproduction)
{
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(reproduction->folder, sizeof(reproduction->folder),
		 "results/reproduce/%Y-%m-%dT%H%M%SZ", &utc);
}

static enum outcome run_one(struct reproduction *reproduction, const char *name)
{
	struct session_options options = { .untold = true, .argv = reproduction->argv };
	_free_ char *dir = NULL;
	struct plan *plan;
	enum outcome outcome;
	struct err err = {};
	bool published;

	if (plan_load(&plan, name, NULL, stderr, &err))
		return cmd_fail(&err);
	if (asprintf(&dir, "%s/%s", reproduction->folder, plan->name) < 0)
		abort();
	options.out = dir;
	outcome = session_run(plan, &options);
	published = plan->cells[0].experiment->reference;
	plan_free(plan);
	if (outcome > OUTCOME_INVALID || reproduce_print(dir, stdout, &err)) {
		if (err.text[0])
			cmd_fail(&err);
		return outcome;
	}
	fflush(stdout);
	/* The modes that the paper compares are those that it has tables of. */
	if (published)
		reproduction->dirs[reproduction->done++] = steal_ptr(dir);
	return outcome;
}

static enum outcome run_all(struct reproduction *reproduction)
{
	enum outcome outcome = OUTCOME_OK;

	for (size_t i = 0; i < reproduction->count && outcome < OUTCOME_USAGE; i++) {
		enum outcome one = run_one(reproduction, reproduction->names[i]);

		outcome = one > outcome ? one : outcome;
	}
	return outcome;
}

static void compare_modes(const struct reproduction *reproduction)
{
	struct err err = {};

	if (reproduction->done > 1 &&
	    plot_comparison((const char *const *)reproduction->dirs, reproduction->done,
			    reproduction->folder, &err))
		fprintf(stderr, "labrun: no comparison chart: %s\n", err.text);
	printf("\nresults in %s\n", reproduction->folder);
}

enum outcome cmd_reproduce(int argc, char **argv)
{
	struct reproduction reproduction = { .argv = argv };
	enum outcome outcome;

	for (int i = 1; i < argc && i < EXPERIMENTS_MAX; i++) {
		if (argv[i][0] == '-')
			return cmd_usage("reproduce", "takes names of experiments, or nothing");
		reproduction.names[reproduction.count++] = strdup(argv[i]);
	}
	if (argc == 1)
		find_all(&reproduction);
	name_folder(&reproduction);
	outcome = run_all(&reproduction);
	compare_modes(&reproduction);
	for (size_t i = 0; i < reproduction.count; i++)
		free(reproduction.names[i]);
	for (size_t i = 0; i < reproduction.done; i++)
		free(reproduction.dirs[i]);
	return outcome;
}
