// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/compare.h"

#include <getopt.h>
#include <math.h>
#include <stdlib.h>

static const struct option options[] = { { "json", no_argument, NULL, 'j' },
					 { "least", required_argument, NULL, 'l' },
					 {} };

/* Verdicts on a measurement that is not valid are told, but are not what to act upon. */
static enum outcome outcome_of(const json_t *comparison)
{
	if (!compare_valid(comparison))
		return OUTCOME_INVALID;
	return compare_regressed(comparison) ? OUTCOME_CLAIM_FAILS : OUTCOME_OK;
}

static void print(const json_t *comparison, bool json)
{
	if (!json) {
		compare_text(comparison, stdout);
		return;
	}
	json_dumpf(comparison, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
	printf("\n");
}

static bool read_percent(const char *text, double *ret)
{
	char *end;

	*ret = strtod(text, &end);
	return end != text && !*end && isfinite(*ret) && *ret >= 0;
}

enum outcome cmd_compare(int argc, char **argv)
{
	_json_ json_t *comparison = NULL;
	struct err err = {};
	double least_percent = NAN;
	bool json = false;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option != 'l')
			return cmd_usage("compare", "unknown option");
		else if (!read_percent(optarg, &least_percent))
			return cmd_usage("compare", "--least: a percentage, 0 or more");
	}
	if (argc - optind != 2)
		return cmd_usage("compare", "two result folders");
	if (compare_folders(&comparison, argv[optind], argv[optind + 1], least_percent, &err))
		return cmd_fail(&err);
	print(comparison, json);
	return outcome_of(comparison);
}
