// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/verify.h"

#include <getopt.h>
#include <stdbool.h>

static const struct cmd_option options[] = {
	{ 'j', "json", NULL, "what was found as JSON, in place of text", CMD_ANYTHING },
	{},
};

const struct cmd_manual cmd_manual_verify = {
	.options = options,
	.operand = CMD_FOLDER,
	.text = "Tables, summary, verdicts of claims and charts are made of samples.csv, "
		"counters.csv and calibration.csv and compared byte by byte, and all files are "
		"held "
		"against SHA256SUMS. Needs no root. Images are compared where gnuplot is the "
		"version "
		"that drew them. Exit status: 0 verified, 1 something differs, 2 not a result "
		"folder.\n\n"
		"It cannot find raw tables that were changed together with all that follows from "
		"them and with SHA256SUMS; for that keep or sign SHA256SUMS elsewhere. Nor can it "
		"recompute what nothing else tells: environment.json, the units, why a cell "
		"failed.",
};

static enum outcome verify_one(const char *dir, bool json)
{
	_json_ json_t *report = NULL;
	struct err err = {};

	if (verify_folder(&report, dir, &err))
		return cmd_fail(&err);
	if (json) {
		json_dumpf(report, stdout, JSON_INDENT(2));
		printf("\n");
	} else {
		verify_text(report, stdout);
	}
	return verify_passed(report) ? OUTCOME_OK : OUTCOME_CLAIM_FAILS;
}

enum outcome cmd_verify(int argc, char **argv)
{
	enum outcome outcome = OUTCOME_OK;
	bool json = false;
	int option;

	while ((option = cmd_next_option(&cmd_manual_verify, argc, argv)) != -1) {
		if (option != 'j')
			return cmd_usage("verify", "see labrun verify --help");
		json = true;
	}
	if (optind == argc)
		return cmd_usage("verify", "which result folder?");
	for (int i = optind; i < argc; i++) {
		enum outcome one = verify_one(argv[i], json);

		outcome = one > outcome ? one : outcome;
	}
	return outcome;
}
