// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/journey.h"
#include "harness/run.h"
#include "harness/sandbox.h"

#include <errno.h>
#include <string.h>

static int take_journey(void *context, struct probe *const *probes, const struct lab *lab,
			struct err *err)
{
	json_t **journey = context;

	for (; *probes; probes++)
		if (!strcmp((*probes)->ops->kind.name, "hops"))
			*journey = journey_read(*probes, lab);
	return *journey ? 0 : err_usage(err, "trace needs an experiment with the probe hops");
}

static enum outcome trace_inside(struct plan *plan, bool json)
{
	_json_ json_t *journey = NULL;
	const struct run_options options = { .addresses = true,
					     .uncalibrated = true,
					     .inspect = take_journey,
					     .context = &journey };
	struct run_outcome outcome = {};
	struct err err = {};
	int code;

	plan->job_count = 1;
	code = run_execute(plan, &options, &outcome, &err);
	for (size_t i = 0; !code && i < plan->cell_count; i++)
		if (outcome.cell_errors[i])
			code = err_set(&err, -EIO, "%s", outcome.cell_errors[i]);
	if (!code && json)
		json_dumpf(journey, stdout, JSON_INDENT(2));
	else if (!code)
		journey_print(journey, stdout);
	if (json)
		printf("\n");
	run_outcome_done(&outcome, plan);
	return cmd_flush(code ? cmd_fail(&err) : OUTCOME_OK);
}

enum outcome cmd_trace(int argc, char **argv)
{
	static const char *const sets[] = { "batches=1", "iterations=1", NULL };
	const struct plan_options plan_options = { .sets = sets };
	bool json = argc == 3 && !strcmp(argv[1], "--json");
	struct err err = {};
	struct plan *plan;
	int status, code;

	if (argc != 2 && !json)
		return cmd_usage("trace", "one experiment");
	if (plan_load(&plan, argv[argc - 1], &plan_options, stderr, &err))
		return cmd_fail(&err);
	code = sandbox_enter(0, &status, &err);
	if (code == 0)
		_exit(trace_inside(plan, json));
	plan_free(plan);
	if (code < 0)
		return cmd_fail(&err);
	return cmd_ended(status);
}
