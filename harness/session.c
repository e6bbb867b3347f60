// SPDX-License-Identifier: GPL-2.0-only
#include "harness/session.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/environment.h"
#include "harness/interrupt.h"
#include "harness/plot.h"
#include "harness/progress.h"
#include "harness/report_text.h"
#include "harness/results.h"
#include "harness/run.h"
#include "harness/sandbox.h"
#include "harness/summary.h"

#include <stdlib.h>
#include <string.h>

struct session {
	const struct plan *plan;
	const struct session_options *options;
	struct run_outcome outcome;
	struct results *results;
	struct progress progress;
	json_t *environment, *summary;
};

/* After each job what it gave goes to disk, so that a dead run leaves its finished cells. */
static int on_progress(void *context, const struct run_progress *now, struct err *err)
{
	struct session *session = context;
	long finished = now->cell_finished ? (long)now->job->cell : -1;

	progress_tell(&session->progress, now);
	return results_append(session->results, session->outcome.samples, finished, err);
}

static json_t *make_summary(const struct session *session)
{
	const struct plan *plan = session->plan;
	struct summary_cell *cells = calloc(plan->cell_count, sizeof(*cells));
	struct summary_input input = {
		.experiment = plan->name,
		.mode = "native",
		.cells = cells,
		.cell_count = plan->cell_count,
		.loss_tolerance = (double)plan->cells[0].experiment->loss_tolerance,
		.samples = session->outcome.samples,
		.blocks = session->outcome.blocks,
		.block_count = session->outcome.block_count,
	};
	json_t *summary;

	if (!cells)
		abort();
	for (size_t i = 0; i < plan->cell_count; i++)
		cells[i] = (struct summary_cell){ plan->cells[i].factors,
						  session->outcome.cell_errors[i] };
	summary = summary_build(&input);
	json_object_set_new(summary, "claims", claims_evaluate(plan->experiment_json, summary));
	free(cells);
	return summary;
}

static int measure(struct session *session, struct err *err)
{
	const struct run_options options = { .progress = on_progress, .context = session };
	int code = results_open(&session->results, session->plan, session->options->out, err);
	if (code)
		return code;
	progress_init(&session->progress, session->plan, session->options->quiet);
	code = run_execute(session->plan, &options, &session->outcome, err);
	progress_done(&session->progress);
	return code;
}

static int keep(struct session *session, struct err *err)
{
	struct results_final final = {
		.samples = session->outcome.samples,
		.environment = session->environment,
		.blocks = session->outcome.blocks,
		.block_count = session->outcome.block_count,
	};
	int code;

	environment_finish(session->environment);
	session->summary = make_summary(session);
	final.summary = session->summary;
	code = results_write(session->results, session->plan, &final, err);
	if (!code)
		code = plot_unfinished(results_path(session->results), err);
	/* Ctrl-C goes to gnuplot too: what then looks like its failure is the user's wish. */
	if (code && interrupt_pending())
		return err_interrupted(err);
	/* Charts are not the measurement: without gnuplot the numbers are whole all the same. */
	if (code && err->class == ERR_NEED) {
		fprintf(stderr, "labrun: no charts: %s\n", err->text);
		code = 0;
	}
	return code ? code : results_commit(session->results, err);
}

static enum outcome verdict(const json_t *summary)
{
	const json_t *cell, *claim;
	enum outcome outcome = OUTCOME_OK;
	size_t i;

	json_array_foreach (json_object_get(summary, "claims"), i, claim)
		if (!strcmp(json_string_value(json_object_get(claim, "verdict")), "fails"))
			outcome = OUTCOME_CLAIM_FAILS;
	if (!summary_valid(summary))
		outcome = OUTCOME_INVALID;
	json_array_foreach (json_object_get(summary, "cells"), i, cell)
		if (json_is_string(json_object_get(cell, "error")))
			outcome = OUTCOME_FAILED;
	return outcome;
}

static void tell(const struct session *session)
{
	if (session->options->untold)
		return;
	if (session->options->json) {
		json_dumpf(session->summary, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
		printf("\n");
	} else {
		report_text(session->summary, stdout);
		printf("\nresults in %s\n", results_dir(session->results));
	}
}

static void session_done(struct session *session)
{
	results_free(session->results);
	json_decref(session->summary);
	if (session->outcome.samples)
		run_outcome_done(&session->outcome, session->plan);
}

static enum outcome run_inside(struct session *session)
{
	enum outcome outcome;
	struct err err = {};
	int code = measure(session, &err);

	if (!code)
		code = keep(session, &err);
	if (code) {
		outcome = cmd_fail(&err);
	} else {
		outcome = verdict(session->summary);
		tell(session);
		outcome = cmd_flush(outcome);
	}
	session_done(session);
	return outcome;
}

/* The environment is gathered first: some of it is not seen from another network namespace. */
enum outcome session_run(const struct plan *plan, const struct session_options *options)
{
	struct session session = { .plan = plan, .options = options };
	struct err err = {};
	int status, code;

	session.environment = environment_gather((const char *const *)options->argv,
						 plan->cells[0].experiment->seed);
	fflush(NULL);
	code = sandbox_enter(0, &status, &err);
	if (code == 0)
		_exit(run_inside(&session));
	json_decref(session.environment);
	if (code < 0)
		return cmd_fail(&err);
	return cmd_ended(status);
}
