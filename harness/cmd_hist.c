// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/plot_hist_text.h"
#include "harness/quantity.h"

#include <getopt.h>
#include <stdio.h>

static const struct cmd_option options[] = {
	{ 's', "step", "TIME", "how wide the equal steps are, such as 5us", CMD_ANYTHING },
	{},
};

const struct cmd_manual cmd_manual_hist = { .options = options, .operand = CMD_FOLDER };

static bool read_step(const char *text, double *ret_ns)
{
	double seconds;

	if (!quantity_parse_seconds(text, &seconds) || !(seconds > 0))
		return false;
	*ret_ns = seconds * 1e9;
	return true;
}

static enum outcome print(const char *dir, const struct hist_text *what)
{
	_plot_data_ struct plot_data data = { 0 };
	struct err err = {};
	int code = plot_data_read(&data, dir, false, &err);

	if (!code)
		code = plot_data_samples(&data, &err);
	if (!code)
		code = plot_hist_text(&data, what, stdout, &err);
	return code ? cmd_fail(&err) : cmd_flush(OUTCOME_OK);
}

enum outcome cmd_hist(int argc, char **argv)
{
	struct hist_text what = { 0 };
	int option;

	while ((option = cmd_next_option(&cmd_manual_hist, argc, argv)) != -1) {
		if (option != 's')
			return cmd_usage("hist", "unknown option");
		if (!read_step(optarg, &what.step_ns))
			return cmd_usage("hist", "--step: a time above 0, such as 5us");
	}
	if (optind == argc)
		return cmd_usage("hist", "which result folder?");
	what.series = (const char *const *)(argv + optind + 1);
	what.series_count = (size_t)(argc - optind - 1);
	return print(argv[optind], &what);
}
