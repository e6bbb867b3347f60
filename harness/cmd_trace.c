// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/journey.h"
#include "harness/journey_perfetto.h"
#include "harness/json_read.h"
#include "harness/run.h"
#include "harness/sandbox.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

static int take_journey(void *context, struct probe *const *probes, const struct probe_job *job,
			struct err *err)
{
	json_t **journey = context;

	for (; *probes; probes++)
		if (!strcmp((*probes)->ops->kind.name, "hops"))
			*journey = journey_read(*probes, job->lab);
	return *journey ? 0 : err_set(err, -ENOENT, "no hops were recorded");
}

struct arguments {
	bool json;
	const char *perfetto; /* a file, or NULL */
	struct cmd_sets sets;
};

static const struct cmd_option options[] = {
	{ 's', "set", "PATH=VALUE", "change a field, as in run; may be repeated", CMD_SET },
	{ 'j', "json", NULL, "the hops as JSON, in place of the table", CMD_ANYTHING },
	{ 'p', "perfetto", "FILE", "the journey as a trace for https://ui.perfetto.dev as well",
	  CMD_FILE },
	{},
};

const struct cmd_manual cmd_manual_trace = { .options = options, .operand = CMD_EXPERIMENT };

static int write_perfetto(const json_t *journey, const struct plan *plan, const char *path,
			  struct err *err)
{
	const struct cell *cell = &plan->cells[plan->jobs[0].cell];
	_json_ json_t *trace = journey_perfetto(journey, cell->experiment->topology);
	_free_ char *text = json_dumps(trace, JSON_INDENT(1) | JSON_REAL_PRECISION(15));

	if (!text)
		abort();
	return file_replace(path, text, strlen(text), err);
}

static void print_journey(const json_t *journey, bool json)
{
	if (!json) {
		journey_print(journey, stdout);
		return;
	}
	json_dumpf(journey, stdout, JSON_INDENT(2));
	printf("\n");
}

static enum outcome trace_inside(struct plan *plan, const struct arguments *arguments)
{
	_json_ json_t *journey = NULL;
	const struct run_options run = { .addresses = true,
					 .uncalibrated = true,
					 .inspect = take_journey,
					 .context = &journey };
	struct run_outcome outcome = {};
	struct err err = {};
	int code;

	plan->job_count = 1;
	code = run_execute(plan, &run, &outcome, &err);
	for (size_t i = 0; !code && i < plan->cell_count; i++)
		if (outcome.cell_errors[i])
			code = err_set(&err, -EIO, "%s", outcome.cell_errors[i]);
	if (!code && arguments->perfetto)
		code = write_perfetto(journey, plan, arguments->perfetto, &err);
	if (!code)
		print_journey(journey, arguments->json);
	run_outcome_done(&outcome, plan);
	return cmd_flush(code ? cmd_fail(&err) : OUTCOME_OK);
}

/* Before anything is built. */
static int check_probe(const struct plan *plan, struct err *err)
{
	const json_t *probe;
	size_t i;

	json_array_foreach (json_object_get(plan->experiment_json, "probes"), i, probe)
		if (!strcmp(json_read_text(probe, "kind"), "hops"))
			return 0;
	return err_usage(err, "trace needs an experiment with the probe hops");
}

static enum outcome trace(const char *name, const struct arguments *arguments)
{
	const struct plan_options plan_options = { .sets = arguments->sets.items };
	struct err err = {};
	struct plan *plan;
	int status, code;

	if (plan_load(&plan, name, &plan_options, stderr, &err))
		return cmd_fail(&err);
	code = check_probe(plan, &err);
	if (!code)
		code = sandbox_enter(0, &status, &err);
	if (code == 0)
		_exit(trace_inside(plan, arguments));
	plan_free(plan);
	if (code < 0)
		return cmd_fail(&err);
	return cmd_ended(status);
}

static bool parse_option(struct arguments *arguments, int option)
{
	switch (option) {
	case 's':
		return cmd_add_set(&arguments->sets, optarg);
	case 'j':
		return arguments->json = true;
	case 'p':
		arguments->perfetto = optarg;
		return true;
	default:
		return false;
	}
}

enum outcome cmd_trace(int argc, char **argv)
{
	struct arguments arguments = {};
	int option;

	while ((option = cmd_next_option(&cmd_manual_trace, argc, argv)) != -1)
		if (!parse_option(&arguments, option))
			return cmd_usage("trace", "see labrun trace --help");
	if (argc - optind != 1)
		return cmd_usage("trace", "one experiment");
	/* Last, so that they count. */
	if (!cmd_add_set(&arguments.sets, "batches=1") ||
	    !cmd_add_set(&arguments.sets, "iterations=1"))
		return cmd_usage("trace", "too many --set");
	return trace(argv[optind], &arguments);
}
