// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/cmd_repeat.h"
#include "harness/cmd_run_options.h"
#include "harness/json_read.h"
#include "harness/plan.h"
#include "harness/results_resume.h"
#include "harness/results_runs.h"
#include "harness/session.h"
#include "harness/vm_run.h"

#include <string.h>

/* The path of a field of the probe hops; NULL: the experiment has no such probe. */
static char *hops_set(const struct plan *plan, unsigned long snaplen)
{
	const json_t *probe;
	char *set;
	size_t i;

	json_array_foreach (json_object_get(plan->experiment_json, "probes"), i, probe) {
		if (strcmp(json_read_text(probe, "kind"), "hops"))
			continue;
		if (asprintf(&set, "probes[%zu].snaplen=%lu", i, snaplen) < 0)
			abort();
		return set;
	}
	return NULL;
}

/* An experiment, and what its plan borrows. */
struct loaded {
	struct plan *plan;
	const char *sets[CMD_SETS_MAX + 2];
	char *snaplen_set;
};

/* Which of the probes it is for is known once the file has been read: then it is read again. */
static int add_snaplen(struct loaded *loaded, const char *name,
		       const struct run_arguments *arguments, struct err *err)
{
	const struct plan_options plan_options = { .sets = loaded->sets,
						   .against = arguments->against };

	loaded->snaplen_set = hops_set(loaded->plan, arguments->snaplen);
	if (!loaded->snaplen_set)
		return err_usage(err, "--pcap: the experiment '%s' has no probe hops", name);
	loaded->sets[arguments->sets.count] = loaded->snaplen_set;
	plan_free(steal_ptr(loaded->plan));
	return plan_load(&loaded->plan, name, &plan_options, stderr, err);
}

/* In exact mode there are boots to be dealt out, which are not known yet. */
static int deal_out(struct plan *plan, const struct run_arguments *arguments, struct err *err)
{
	int code = shard_parse(&plan->shard, arguments->shard, err);

	if (code || arguments->vm.exact)
		return code;
	plan_drop_jobs(plan);
	return plan_check_shard(plan, err);
}

static int load(struct loaded *loaded, const char *name, const struct run_arguments *arguments,
		struct err *err)
{
	const struct plan_options plan_options = { .sets = loaded->sets,
						   .against = arguments->against };
	int code;

	memcpy(loaded->sets, arguments->sets.items, sizeof(arguments->sets.items));
	code = plan_load(&loaded->plan, name, &plan_options, stderr, err);
	if (!code && arguments->snaplen)
		code = add_snaplen(loaded, name, arguments, err);
	return code || !arguments->shard ? code : deal_out(loaded->plan, arguments, err);
}

static void loaded_done(struct loaded *loaded)
{
	plan_free(loaded->plan);
	free(loaded->snaplen_set);
}

/* All files are checked before the first is run: a typo in the last must not cost an hour. */
static enum outcome run_all(const struct run_arguments *arguments, char **names, size_t count)
{
	struct session_options session = { .out = arguments->out,
					   .quiet = arguments->quiet,
					   .json = arguments->json,
					   .no_charts = arguments->no_charts,
					   .vm = arguments->in_vm ? &arguments->vm : NULL,
					   .build = arguments->in_vm ? NULL : arguments->build,
					   .resume = arguments->start,
					   .argv = arguments->argv };
	struct loaded *loaded = calloc(count, sizeof(*loaded));
	enum outcome outcome = OUTCOME_OK, one;
	struct err err = {};

	if (!loaded)
		return OUTCOME_FAILED;
	for (size_t i = 0; i < count; i++)
		if (load(&loaded[i], names[i], arguments, &err)) {
			one = cmd_fail(&err);
			outcome = one > outcome ? one : outcome;
		}
	for (size_t i = 0; i < count && outcome != OUTCOME_USAGE; i++) {
		session.experiment = names[i];
		one = session_run(loaded[i].plan, &session);
		outcome = one > outcome ? one : outcome;
		if (one == OUTCOME_INTERRUPTED)
			break;
	}
	for (size_t i = 0; i < count; i++)
		loaded_done(&loaded[i]);
	free(loaded);
	return outcome;
}

/* The command line again by which it was started, but for where it goes and what is shown. */
static enum outcome repeat(const struct run_arguments *given, const json_t *start)
{
	const json_t *words = json_object_get(start, "argv");
	size_t count = json_array_size(words);
	struct run_arguments arguments = {};
	char *name = (char *)json_string_value(json_object_get(start, "experiment"));
	_free_ char **argv = calloc(count + 1, sizeof(*argv));
	enum outcome outcome;
	bool whole = name;

	if (!argv)
		abort();
	for (size_t i = 0; i < count; i++) {
		argv[i] = (char *)json_string_value(json_array_get(words, i));
		whole = whole && argv[i];
	}
	optind = 0;
	if (!whole || !count || !run_arguments_parse(&arguments, (int)count, argv))
		return cmd_usage("run", "it is not told how that run was started");
	/* A stranger's may name a kernel to boot. */
	if (arguments.in_vm)
		return cmd_usage("run", "runs in guests are not resumed: they start again");
	/* The packets of the part that was ended were not all written. */
	if (arguments.snaplen)
		return cmd_usage("run", "a run with --pcap cannot be resumed");
	arguments.out = given->resume;
	arguments.start = start;
	arguments.quiet = given->quiet || arguments.quiet;
	arguments.json = given->json || arguments.json;
	arguments.no_charts = given->no_charts || arguments.no_charts;
	outcome = run_all(&arguments, &name, 1);
	run_arguments_done(&arguments);
	return outcome;
}

static enum outcome resume(const struct run_arguments *given)
{
	_json_ json_t *start = NULL;
	struct err err = {};

	if (given->sets.count || given->out || given->in_vm)
		return cmd_usage("run", "--resume has the rest from the run that it resumes");
	if (resume_read(&start, given->resume, &err))
		return cmd_fail(&err);
	return repeat(given, start);
}

/* The file is checked before the first of the runs. */
static enum outcome run_repeatedly(const struct run_arguments *arguments, int argc, char **argv)
{
	const struct repeat repeat = { .count = (unsigned)arguments->repeat,
				       .out = arguments->out,
				       .argv = argv,
				       .argc = argc,
				       .first_operand = optind,
				       .quiet = arguments->quiet,
				       .json = arguments->json };
	struct loaded loaded = {};
	struct err err = {};
	enum outcome outcome;

	if (arguments->vm.exact)
		return cmd_usage("run", "--repeat: exact runs repeat to the digit");
	if (arguments->shard)
		return cmd_usage("run", "--repeat is for a whole run, not for a shard");
	if (argc - optind != 1)
		return cmd_usage("run", "--repeat is for one experiment");
	if (load(&loaded, argv[optind], arguments, &err))
		outcome = cmd_fail(&err);
	else
		outcome = repeat_run(loaded.plan, &repeat);
	loaded_done(&loaded);
	return outcome;
}

enum outcome cmd_run(int argc, char **argv)
{
	struct run_arguments arguments = {};
	enum outcome outcome = OUTCOME_OK;

	if (!run_arguments_parse(&arguments, argc, argv))
		return cmd_usage("run", "see labrun run --help");
	if (arguments.vm.modules && !arguments.in_vm)
		outcome = cmd_usage("run", "--modules is for --vm");
	else if (arguments.snaplen && arguments.in_vm)
		outcome = cmd_usage("run", "--pcap is for the running kernel, not for --vm");
	else if (arguments.resume && optind < argc)
		outcome = cmd_usage("run", "--resume has the experiment from the run it resumes");
	else if (arguments.resume)
		outcome = resume(&arguments);
	else if (optind == argc)
		outcome = cmd_usage("run", "which experiment?");
	else if (arguments.out && argc - optind > 1)
		outcome = cmd_usage("run", "--out is for one experiment");
	else if (!run_arguments_settle(&arguments))
		outcome = OUTCOME_USAGE;
	else if (arguments.repeat > 1)
		outcome = run_repeatedly(&arguments, argc, argv);
	else
		outcome = run_all(&arguments, argv + optind, (size_t)(argc - optind));
	run_arguments_done(&arguments);
	return arguments.bisect ? cmd_bisect(outcome) : outcome;
}
