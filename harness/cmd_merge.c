// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/merge.h"
#include "harness/plot.h"
#include "harness/report_text.h"
#include "harness/session.h"
#include "harness/session_compare.h"

#include <getopt.h>
#include <stdio.h>

static const struct cmd_option options[] = {
	{ 'c', "no-charts", NULL, "leave plots/ out; labrun plot draws them later", CMD_ANYTHING },
	{},
};

const struct cmd_manual cmd_manual_merge = {
	.options = options,
	.operand = CMD_FOLDER,
	.text = "All N folders are given, and the claims are judged on the whole. They must be of "
		"the same experiment, mode, labrun build, kernel and kind of machine; in exact "
		"mode "
		"of one bundle, and then OUT is to the byte what one machine would have given. See "
		"docs/shards.md.",
};

static int write_out(const struct rebuilt *merged, const char *out, bool charts, struct err *err)
{
	const struct results_final final = {
		.samples = merged->outcome.samples,
		.summary = merged->summary,
		.environment = merged->folder.environment,
		.blocks = merged->outcome.blocks,
		.block_count = merged->outcome.block_count,
	};
	_results_ struct results *results = NULL;
	int code = results_open(&results, merged->plan, out, err);

	if (!code)
		code = results_write(results, merged->plan, &final, err);
	if (code)
		return code;
	/* Charts are not the measurement. */
	if (charts && plot_unfinished(results_path(results), err))
		fprintf(stderr, "labrun: no charts: %s\n", err->text);
	return results_commit(results, err);
}

/* As a run that was not dealt out ends: with what moved, where it has two sides. */
static enum outcome tell(const struct rebuilt *merged, const char *out)
{
	enum outcome outcome = session_verdict(merged->summary), compared = OUTCOME_OK;

	report_text(merged->summary, stdout);
	printf("\nresults in %s\n", out);
	if (json_object_get(merged->plan->experiment_json, "against"))
		compared = session_compare(out, true);
	return compared > outcome ? compared : outcome;
}

enum outcome cmd_merge(int argc, char **argv)
{
	_rebuilt_ struct rebuilt merged = { 0 };
	bool charts = true;
	struct err err = {};
	int option, code;

	while ((option = cmd_next_option(&cmd_manual_merge, argc, argv)) != -1) {
		if (option != 'c')
			return cmd_usage("merge", "see labrun merge --help");
		charts = false;
	}
	if (argc - optind < 2)
		return cmd_usage("merge", "a folder to be made, and the shards' folders");
	code = merge_folders(&merged, (const char *const *)(argv + optind + 1),
			     (size_t)(argc - optind - 1), &err);
	if (!code)
		code = write_out(&merged, argv[optind], charts, &err);
	if (code)
		return cmd_fail(&err);
	return tell(&merged, argv[optind]);
}
