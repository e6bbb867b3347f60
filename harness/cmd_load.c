// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/cmd_load_options.h"
#include "harness/cmd_load_summary.h"
#include "harness/document.h"
#include "harness/format.h"
#include "harness/sandbox.h"
#include "harness/splitmix.h"
#include "harness/terminal.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* What has been shown so far. */
struct watch {
	const struct load_options *options;
	bool terminal; /* stderr is one: one line, written over */
	double elapsed_s, sent, received; /* when it was last shown */
};

/* Since the last time; what is still on its way counts as lost until it comes. */
struct rates {
	double elapsed_s, sent_pps, received_pps, lost;
};

static void tell_json(json_t *line)
{
	json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
	putchar('\n');
	fflush(stdout);
	json_decref(line);
}

static void tell_rates(const struct watch *watch, const struct rates *rates)
{
	char sent[FORMAT_MAX], received[FORMAT_MAX];

	if (watch->options->json) {
		tell_json(json_pack("{s:s, s:f, s:f, s:f, s:I}", "type", "interval", "elapsed_s",
				    rates->elapsed_s, "sent_pps", rates->sent_pps, "received_pps",
				    rates->received_pps, "lost_packets", (json_int_t)rates->lost));
		return;
	}
	fprintf(stderr, "%s%7.1f s  sent %s  received %s  lost %.0f%s",
		watch->terminal ? "\r\033[K" : "", rates->elapsed_s,
		format_quantity(rates->sent_pps, "pps", sent, sizeof(sent)),
		format_quantity(rates->received_pps, "pps", received, sizeof(received)),
		rates->lost, watch->terminal ? "" : "\n");
}

static void tell_interval(struct watch *watch, const struct run_live *live)
{
	double sent = (double)live->report->sent, received = (double)live->received;
	double seconds = live->elapsed_s - watch->elapsed_s;
	const struct rates rates = {
		.elapsed_s = live->elapsed_s,
		.sent_pps = (sent - watch->sent) / seconds,
		.received_pps = (received - watch->received) / seconds,
		.lost = sent > received ? sent - received : 0,
	};

	if (seconds > 0 && !watch->options->quiet)
		tell_rates(watch, &rates);
	watch->elapsed_s = live->elapsed_s;
	watch->sent = sent;
	watch->received = received;
}

static void on_live(void *context, const struct run_live *live)
{
	struct watch *watch = context;
	struct load_summary summary;

	if (!live->ended) {
		tell_interval(watch, live);
		return;
	}
	if (watch->terminal && !watch->options->json && !watch->options->quiet)
		fprintf(stderr, "\r\033[K");
	summary = load_summary_make(live);
	if (watch->options->json)
		tell_json(load_summary_json(&summary));
	else
		load_summary_print(&summary, stdout);
	load_summary_done(&summary);
}

static enum outcome load_inside(struct plan *plan, const struct load_options *options)
{
	uint64_t state = plan->cells[0].experiment->seed;
	struct watch watch = { .options = options, .terminal = terminal_rewrites(stderr) };
	const struct run_options run_options = { .live = on_live,
						 .context = &watch,
						 .magic = splitmix_next(&state) ?: 1,
						 .uncalibrated = true };
	struct run_outcome outcome = {};
	struct err err = {};
	int code = run_execute(plan, &run_options, &outcome, &err);

	if (!code && outcome.cell_errors[0])
		code = err_set(&err, -EIO, "%s", outcome.cell_errors[0]);
	run_outcome_done(&outcome, plan);
	return cmd_flush(code ? cmd_fail(&err) : OUTCOME_OK);
}

static enum outcome enter(struct plan *plan, const struct load_options *options)
{
	struct err err = {};
	int status, code;

	fflush(NULL);
	code = sandbox_enter(0, &status, &err);
	if (code == 0)
		_exit(load_inside(plan, options));
	return code < 0 ? cmd_fail(&err) : cmd_ended(status);
}

static int make_plan(struct plan **ret, const struct load_options *options, struct err *err)
{
	const struct plan_options plan_options = { .sets = options->sets };
	_free_ char *path = document_find_named_topology(options->topology, err);
	_diag_ struct diag *diag = diag_new("labrun load", NULL, 0);
	const struct plan_source source = { options->experiment, diag, path };
	int code = path ? plan_make(ret, &source, &plan_options, stderr, err) : -EINVAL;

	for (size_t i = 0; code && i < diag_count(diag); i++) {
		fprintf(stderr, "labrun load: ");
		load_options_print_fault(diag_get(diag, i), stderr);
	}
	if (code || (*ret)->job_count == 1)
		return code;
	plan_free(*ret);
	return err_usage(err, "a load by hand is one batch of one cell");
}

enum outcome cmd_load(int argc, char **argv)
{
	struct load_options options = {};
	enum outcome outcome = OUTCOME_OK;
	struct plan *plan = NULL;
	struct err err = {};
	int code = load_options_parse(&options, argc, argv, &err);

	if (code)
		outcome = cmd_usage("load", err.text);
	else if ((code = make_plan(&plan, &options, &err)))
		outcome = code == -EBADMSG ? OUTCOME_USAGE : cmd_fail(&err);
	else
		outcome = enter(plan, &options);
	if (!code)
		plan_free(plan);
	load_options_done(&options);
	return outcome;
}
