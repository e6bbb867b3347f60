// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/plot.h"
#include "harness/reproduce.h"
#include "harness/reproduce_page.h"
#include "harness/session.h"
#include "harness/vm_run.h"
#include "topologies/uplink.h"

#include <getopt.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define EXPERIMENTS_MAX 64

struct reproduction {
	char *names[EXPERIMENTS_MAX], *dirs[EXPERIMENTS_MAX];
	size_t count, done; /* dirs of experiments that have the paper's figures */
	char *run[EXPERIMENTS_MAX]; /* experiments that were run, by their own names */
	size_t run_count;
	const char *folder;
	bool all; /* none was named */
	bool in_vm, no_charts;
	struct vm_options vm;
	char **argv;
};

static const struct cmd_option options[] = {
	{ 'v', "vm", "[=KERNEL]",
	  "in guests with a fetched kernel (6.1), or one of your own, by the path of its bzImage "
	  "or "
	  "vmlinux",
	  CMD_KERNEL },
	{ 'm', "modules", "DIR", "that kernel's /lib/modules/RELEASE", CMD_FOLDER },
	{ 'e', "exact", NULL,
	  "in guests that count instructions: no time, so no ratio to the paper", CMD_ANYTHING },
	{ 'n', "no-charts", NULL, "draw nothing", CMD_ANYTHING },
	{ 'o', "out", "DIR",
	  "write the results below DIR, which must not exist; without it "
	  "results/reproduce/<UTC time>",
	  CMD_FOLDER },
	{},
};

const struct cmd_manual cmd_manual_reproduce = {
	.options = options,
	.operand = CMD_EXPERIMENT,
	.text = "What it finds is printed, and is in DIR/" REPRODUCE_PAGE " with the charts beside "
		"it.",
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

static const char *default_folder(void)
{
	static char folder[64];
	time_t now = time(NULL);
	struct tm utc;

	gmtime_r(&now, &utc);
	strftime(folder, sizeof(folder), "results/reproduce/%Y-%m-%dT%H%M%SZ", &utc);
	return folder;
}

/* What this machine can do none of is no reason to leave out the rest. */
static enum outcome leave_out(struct plan *plan, const struct err *err)
{
	printf("\n%s: left out: %s\n", plan->name, err->text);
	fflush(stdout);
	plan_free(plan);
	return OUTCOME_OK;
}

static enum outcome run_one(struct reproduction *reproduction, const char *name)
{
	struct session_options session = { .untold = true,
					   .no_charts = reproduction->no_charts,
					   .vm = reproduction->in_vm ? &reproduction->vm : NULL,
					   .argv = reproduction->argv };
	_free_ char *dir = NULL;
	struct plan *plan;
	enum outcome outcome;
	struct err err = {};
	bool has_table;

	if (plan_load(&plan, name, NULL, stderr, &err))
		return cmd_fail(&err);
	if (reproduction->all && !reproduction->in_vm && plan_needs_uplink(plan) &&
	    uplink_check(&err))
		return leave_out(plan, &err);
	if (asprintf(&dir, "%s/%s", reproduction->folder, plan->name) < 0)
		abort();
	session.out = dir;
	outcome = session_run(plan, &session);
	if (outcome < OUTCOME_USAGE)
		reproduction->run[reproduction->run_count++] = strdup(plan->name);
	/* Only of one cell can the paper's table be. */
	has_table = plan->cells[0].experiment->reference && plan->cell_count == 1;
	plan_free(plan);
	if (outcome > OUTCOME_INVALID || reproduce_print(dir, stdout, &err)) {
		if (err.text[0])
			cmd_fail(&err);
		return outcome;
	}
	fflush(stdout);
	/* The modes that the paper compares are those that it has tables of. */
	if (has_table)
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

	if (reproduction->done > 1 && !reproduction->no_charts &&
	    plot_comparison((const char *const *)reproduction->dirs, reproduction->done,
			    reproduction->folder, &err))
		fprintf(stderr, "labrun: no comparison chart: %s\n", err.text);
}

/* Who stops it has no use for a page of a part; the folders that are whole stay. */
static enum outcome finish(const struct reproduction *reproduction, enum outcome outcome)
{
	struct err err = {};

	if (outcome == OUTCOME_INTERRUPTED || access(reproduction->folder, F_OK))
		return outcome;
	compare_modes(reproduction);
	if (reproduce_page_write(reproduction->folder, (const char *const *)reproduction->run,
				 reproduction->run_count, &err)) {
		enum outcome failed = cmd_fail(&err);

		return failed > outcome ? failed : outcome;
	}
	printf("\nresults in %s, all on one page in %s/" REPRODUCE_PAGE "\n", reproduction->folder,
	       reproduction->folder);
	return cmd_flush(outcome);
}

static bool parse_option(struct reproduction *reproduction, int option)
{
	switch (option) {
	case 'o':
		reproduction->folder = optarg;
		return true;
	case 'v':
		reproduction->in_vm = true;
		reproduction->vm.kernels = optarg;
		return true;
	case 'n':
		return reproduction->no_charts = true;
	case 'e':
		reproduction->in_vm = reproduction->vm.exact = true;
		return true;
	case 'm':
		reproduction->vm.modules = optarg;
		return true;
	default:
		return false;
	}
}

/* Several kernels make several cells, and the paper's table has but one. */
static const char *find_fault(const struct reproduction *reproduction, size_t name_count)
{
	const char *kernels = reproduction->vm.kernels, *folder = reproduction->folder;

	if (name_count > EXPERIMENTS_MAX)
		return "too many experiments";
	if (kernels && strchr(kernels, ','))
		return "one kernel at a time";
	if (reproduction->vm.modules && !reproduction->in_vm)
		return "--modules is for --vm";
	if (folder && (!*folder || !access(folder, F_OK)))
		return "--out must name a folder that does not exist";
	return NULL;
}

static enum outcome reproduce(struct reproduction *reproduction, char **names, size_t count)
{
	const char *fault = find_fault(reproduction, count);
	enum outcome outcome;

	if (fault)
		return cmd_usage("reproduce", fault);
	for (size_t i = 0; i < count; i++)
		reproduction->names[reproduction->count++] = strdup(names[i]);
	reproduction->all = !count;
	if (!count)
		find_all(reproduction);
	if (!reproduction->folder)
		reproduction->folder = default_folder();
	outcome = finish(reproduction, run_all(reproduction));
	for (size_t i = 0; i < reproduction->count; i++)
		free(reproduction->names[i]);
	for (size_t i = 0; i < reproduction->run_count; i++)
		free(reproduction->run[i]);
	for (size_t i = 0; i < reproduction->done; i++)
		free(reproduction->dirs[i]);
	return outcome;
}

enum outcome cmd_reproduce(int argc, char **argv)
{
	struct reproduction reproduction = { .argv = argv };
	int option;

	while ((option = cmd_next_option(&cmd_manual_reproduce, argc, argv)) != -1) {
		if (!parse_option(&reproduction, option))
			return cmd_usage("reproduce", "see labrun reproduce --help");
	}
	return reproduce(&reproduction, argv + optind, (size_t)(argc - optind));
}
