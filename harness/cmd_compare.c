// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/compare.h"
#include "harness/results_runs.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>

static const struct cmd_option options[] = {
	{ 'j', "json", NULL, "the comparison as JSON, in place of the table", CMD_ANYTHING },
	{ 'm', "markdown", NULL, "a table for a pull request, in place of the text", CMD_ANYTHING },
	{ 'l', "least", "PERCENT",
	  "the smallest change that counts, in place of the experiment's minimum_effect",
	  CMD_ANYTHING },
	{ 'b', "bisect", NULL,
	  "for git bisect run: 125 for what could not be judged (3, 4, 77), 128 for bad usage",
	  CMD_ANYTHING },
	{},
};

const struct cmd_manual cmd_manual_compare = { .options = options, .operand = CMD_FOLDER };

/* Verdicts on a measurement that is not valid are told, but are not what to act upon. */
static enum outcome outcome_of(const json_t *comparison)
{
	if (!compare_valid(comparison))
		return OUTCOME_INVALID;
	return compare_regressed(comparison) ? OUTCOME_CLAIM_FAILS : OUTCOME_OK;
}

enum form { FORM_TEXT, FORM_JSON, FORM_MARKDOWN };

struct arguments {
	enum form form;
	double least_percent;
	bool bisect;
};

static void print(const json_t *comparison, enum form form)
{
	if (form == FORM_TEXT) {
		compare_text(comparison, stdout);
	} else if (form == FORM_MARKDOWN) {
		compare_markdown(comparison, stdout);
	} else {
		json_dumpf(comparison, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		printf("\n");
	}
}

static bool read_percent(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && isfinite(*ret) && *ret >= 0;
}

static const char *parse_option(struct arguments *arguments, int option)
{
	switch (option) {
	case 'j':
		arguments->form = FORM_JSON;
		return NULL;
	case 'm':
		arguments->form = FORM_MARKDOWN;
		return NULL;
	case 'b':
		arguments->bisect = true;
		return NULL;
	case 'l':
		if (read_percent(optarg, &arguments->least_percent))
			return NULL;
		return "--least: a percentage, 0 or more";
	default:
		return "see labrun compare --help";
	}
}

/* A single folder of runs has no two sides, but a spread. */
static enum outcome tell_spread(const struct arguments *arguments, const char *dir)
{
	_json_ json_t *spread = NULL;
	struct err err = {};

	if (arguments->form == FORM_MARKDOWN)
		return cmd_usage("compare", "--markdown is for two sides");
	if (compare_spread_of_runs(&spread, dir, &err))
		return cmd_fail(&err);
	if (arguments->form == FORM_JSON) {
		json_dumpf(spread, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		printf("\n");
	} else {
		compare_spread_text(spread, stdout);
	}
	return OUTCOME_OK;
}

static enum outcome compare_dirs(const struct arguments *arguments, const char *base,
				 const char *new)
{
	_json_ json_t *comparison = NULL;
	struct err err = {};

	if (compare_folders(&comparison, base, new, arguments->least_percent, &err))
		return cmd_fail(&err);
	print(comparison, arguments->form);
	return outcome_of(comparison);
}

enum outcome cmd_compare(int argc, char **argv)
{
	struct arguments arguments = { .least_percent = NAN };
	const char *fault;
	enum outcome outcome;
	int option;

	while ((option = cmd_next_option(&cmd_manual_compare, argc, argv)) != -1) {
		fault = parse_option(&arguments, option);
		if (fault)
			return cmd_usage("compare", fault);
	}
	if (argc - optind < 1 || argc - optind > 2)
		return cmd_usage("compare", "two result folders, or one run with --against");
	if (!argv[optind + 1] && results_count_runs(argv[optind]) > 1)
		outcome = tell_spread(&arguments, argv[optind]);
	else
		outcome = compare_dirs(&arguments, argv[optind], argv[optind + 1]);
	return arguments.bisect ? cmd_bisect(outcome) : outcome;
}
