// SPDX-License-Identifier: GPL-2.0-only
#include "harness/session.h"

#include "harness/builds.h"
#include "harness/capture.h"
#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/environment.h"
#include "harness/file.h"
#include "harness/interrupt.h"
#include "harness/plot.h"
#include "harness/progress.h"
#include "harness/report_text.h"
#include "harness/results_identity.h"
#include "harness/results_resume.h"
#include "harness/results_summary.h"
#include "harness/run.h"
#include "harness/run_cpus.h"
#include "harness/sandbox.h"
#include "harness/session_check.h"
#include "harness/session_compare.h"
#include "harness/session_warn.h"
#include "harness/summary.h"
#include "harness/vm_init.h"
#include "harness/vm_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct session {
	struct plan *plan;
	const struct session_options *options;
	struct run_outcome outcome;
	struct results *results;
	struct progress progress;
	struct capture *capture;
	json_t *environment, *summary;
	struct environment_start start; /* of this machine, also where guests measure */
	struct machine_use use;
	json_t *identity;
	bool noted; /* how it was started */
	bool judged; /* the machine: not where instructions are counted, and not a guest */
	bool warned;
};

/* Before the first job is noted: with it the run could be resumed. */
static int note_start(struct session *session, struct err *err)
{
	_json_ json_t *start = NULL;

	if (session->noted || !session->options->experiment)
		return 0;
	session->noted = true;
	start = json_pack("{s:O, s:s, s:O, s:O, s:O?, s:o}", "argv",
			  json_object_get(session->environment, "argv"), "experiment",
			  session->options->experiment, "identity", session->identity, "started",
			  json_object_get(session->environment, "started"), "resumed",
			  json_object_get(session->environment, "resumed"), "calibration",
			  resume_blocks_json(&session->outcome));
	return results_note(session->results, start, err);
}

/* Once something has been measured: where nothing can be, the reason stands alone. */
static void warn_once(struct session *session)
{
	if (!session->judged || session->warned)
		return;
	session_warn_before(&session->start.machine);
	session->warned = true;
}

/* After each job what it gave goes to disk, so that a dead run leaves its finished jobs. */
static int on_progress(void *context, const struct run_progress *now, struct err *err)
{
	struct session *session = context;
	const char *error = session->outcome.cell_errors[now->job->cell];
	int code = note_start(session, err);

	if (!code)
		code = results_append(session->results, session->outcome.samples, now->job, error,
				      err);
	if (!code && now->measured)
		warn_once(session);
	progress_tell(&session->progress, now);
	return code;
}

static const char *session_mode(const struct session *session)
{
	if (!session->options->vm)
		return "native";
	return session->options->vm->exact ? "exact" : "vm";
}

static int on_job(void *context, struct probe *const *probes, const struct probe_job *job,
		  struct err *err)
{
	struct session *session = context;

	return capture_job(session->capture, probes, job, err);
}

/* The environment is of when it ends; when it began, and where it went on, stands in it too. */
static int take_up(struct session *session, bool **ret_done, struct err *err)
{
	const json_t *start = session->options->resume;
	json_t *now = json_object_get(session->environment, "started"), *resumed;
	struct resumed past = {};
	int code = identity_compare(json_object_get(start, "identity"), session->identity,
				    session->options->out, err);

	if (code)
		return err_wrap(err, code, "cannot resume");
	code = results_resume(&session->results, &past, session->plan, session->options->out, start,
			      err);
	session->outcome = past.outcome;
	*ret_done = past.done;
	resumed = json_array();
	json_array_extend(resumed, json_object_get(start, "resumed"));
	json_array_append(resumed, now);
	json_object_set_new(session->environment, "resumed", resumed);
	json_object_set(session->environment, "started", json_object_get(start, "started"));
	return code;
}

static int open_results(struct session *session, bool **ret_done, struct err *err)
{
	session->identity =
		identity_of_run(session->plan, session_mode(session), session->environment);
	if (session->options->resume)
		return take_up(session, ret_done, err);
	return results_open(&session->results, session->plan, session->options->out, err);
}

static int measure(struct session *session, struct err *err)
{
	_free_ bool *done = NULL;
	struct run_options options = { .progress = on_progress,
				       .inspect = on_job,
				       .steal = session->judged,
				       .context = session };
	_free_ char *packets = NULL;
	int code = open_results(session, &done, err);

	options.done = done;
	if (code)
		return code;
	if (asprintf(&packets, "%s/packets.pcapng", results_path(session->results)) < 0)
		abort();
	session->capture = capture_new(packets);
	progress_init(&session->progress, session->plan, session->options->quiet);
	code = run_execute(session->plan, &options, &session->outcome, err);
	progress_done(&session->progress);
	return code ? code : capture_finish(session->capture, err);
}

/* A folder within that of the results, for what is not one of them. */
static int make_work(struct session *session, char **ret, struct err *err)
{
	int code = results_open(&session->results, session->plan, session->options->out, err);

	if (code)
		return code;
	if (asprintf(ret, "%s/scratch", results_path(session->results)) < 0)
		abort();
	return file_make_dirs(*ret, NULL, err);
}

/* The environment that counts is the guest's; the machine around it stands beside. */
static int measure_in_guests(struct session *session, struct err *err)
{
	_free_ char *work = NULL;
	json_t *environment = NULL;
	int code = make_work(session, &work, err);

	if (!code)
		code = vm_run(session->plan, session->options->vm, work, &session->outcome,
			      &environment, err);
	if (!code)
		code = results_append(session->results, session->outcome.samples, NULL, NULL, err);
	session->use = environment_finish(session->environment, &session->start);
	if (environment)
		json_object_set_new(environment, "host", session->environment);
	if (environment)
		session->environment = environment;
	return code;
}

static int measure_by_builds(struct session *session, struct err *err)
{
	_free_ char *work = NULL;
	struct builds_options options = { .program = session->options->build,
					  .quiet = session->options->quiet };
	json_t *builds = NULL;
	int code = make_work(session, &work, err);

	options.work = work;
	if (!code)
		code = builds_run(session->plan, &options, &session->outcome, &builds, err);
	if (builds)
		json_object_set_new(session->environment, "builds", builds);
	return code ? code
		    : results_append(session->results, session->outcome.samples, NULL, NULL, err);
}

/* Charts are not the measurement: without them the numbers are whole all the same. What keeps both
 * from being written, a full disk, is told once. */
static int commit(struct session *session, const char *no_charts, struct err *err)
{
	_free_ char *why = no_charts ? strdup(no_charts) : NULL;
	int code = results_commit(session->results, err);

	if (!code && why)
		fprintf(stderr, "labrun: no charts: %s\n", why);
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
	const struct plan *plan = session->plan;
	int code;

	if (!session->options->vm)
		session->use = environment_finish(session->environment, &session->start);
	session->summary = results_summary(plan, session_mode(session),
					   (double)plan->cells[0].experiment->loss_tolerance,
					   &session->outcome);
	final.summary = session->summary;
	code = results_write(session->results, session->plan, &final, err);
	if (code)
		return code;
	if (!session->options->no_charts)
		code = plot_unfinished(results_path(session->results), err);
	/* Ctrl-C goes to gnuplot too: what then looks like its failure is the user's wish. */
	if (code && interrupt_pending())
		return err_interrupted(err);
	if (code && err->class != ERR_NEED && code != -EIO)
		return code;
	return commit(session, code ? err->text : NULL, err);
}

enum outcome session_verdict(const json_t *summary)
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

static void tell(struct session *session)
{
	if (session->options->vm || session->options->build)
		warn_once(session);
	if (session->warned)
		session_warn_after(&session->start.machine, &session->use);
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

/* A shard has not all cells. */
static enum outcome compare_sides(const struct session *session)
{
	bool told = !session->options->untold && !session->options->json;

	if (!json_object_get(session->plan->experiment_json, "against") ||
	    session->plan->shard.count)
		return OUTCOME_OK;
	return session_compare(results_dir(session->results), told);
}

static void session_done(struct session *session)
{
	results_free(session->results);
	capture_free(session->capture);
	json_decref(session->summary);
	json_decref(session->identity);
	if (session->outcome.samples)
		run_outcome_done(&session->outcome, session->plan);
}

static enum outcome run_inside(struct session *session)
{
	enum outcome outcome, compared;
	struct err err = {};
	int code;

	if (session->options->vm)
		code = measure_in_guests(session, &err);
	else if (session->options->build)
		code = measure_by_builds(session, &err);
	else
		code = measure(session, &err);
	if (!code)
		code = keep(session, &err);
	if (code) {
		outcome = cmd_fail(&err);
		if (outcome == OUTCOME_INTERRUPTED && session->noted)
			fprintf(stderr, "labrun: to go on: labrun run --resume %s\n",
				results_dir(session->results));
	} else {
		outcome = session->outcome.lacks_need ? OUTCOME_NEED
						      : session_verdict(session->summary);
		tell(session);
		compared = compare_sides(session);
		outcome = cmd_flush(compared > outcome ? compared : outcome);
	}
	session_done(session);
	return outcome;
}

/* No sandbox: what runs is QEMU, which dies with whoever follows it, and needs no root; or another
 * labrun, which has its own. */
static enum outcome run_outside(struct session *session)
{
	enum outcome outcome;
	sigset_t signals, old;

	interrupt_fill(&signals);
	sigprocmask(SIG_BLOCK, &signals, &old);
	outcome = run_inside(session);
	json_decref(session->environment);
	/* The one that was acted on is still pending, and would end us in the exit status' place.
	 */
	while (outcome == OUTCOME_INTERRUPTED &&
	       sigtimedwait(&signals, NULL, &(const struct timespec){}) > 0)
		;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return outcome;
}

/* The environment is gathered first: some of it is not seen from another network namespace. */
enum outcome session_run(struct plan *plan, const struct session_options *options)
{
	struct session session = { .plan = plan, .options = options };
	struct err err = {};
	int status, code;

	if (session_check(plan, options, &err))
		return cmd_fail(&err);
	session.environment = environment_gather((const char *const *)options->argv,
						 plan->cells[0].experiment->seed, &session.start);
	session.judged = !getenv(VM_GUEST_MARK) && !(options->vm && options->vm->exact);
	if (options->vm || options->build)
		return run_outside(&session);
	fflush(NULL);
	code = sandbox_enter(0, &status, &err);
	if (code == 0)
		_exit(run_inside(&session));
	json_decref(session.environment);
	if (code < 0)
		return cmd_fail(&err);
	return cmd_ended(status);
}
