// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/plot.h"

#include <getopt.h>
#include <stdio.h>

static const struct cmd_option options[] = {
	{ 'o', "out", "DIR",
	  "charts that compare the folders too, into DIR; a must if there are several",
	  CMD_FOLDER },
	{},
};

const struct cmd_manual cmd_manual_plot = {
	.options = options,
	.operand = CMD_FOLDER,
	.text = "They are of the folder's own files, and go to RESULT/plots. Needs gnuplot, not "
		"root.",
};

static int plot_each(char **dirs, size_t count, struct err *err)
{
	int code = 0;

	for (size_t i = 0; i < count && !code; i++) {
		code = plot_folder(dirs[i], err);
		if (!code)
			printf("%s/plots\n", dirs[i]);
	}
	return code;
}

enum outcome cmd_plot(int argc, char **argv)
{
	const char *out = NULL;
	struct err err = {};
	size_t count;
	int option, code;

	while ((option = cmd_next_option(&cmd_manual_plot, argc, argv)) != -1) {
		if (option != 'o')
			return cmd_usage("plot", "see labrun plot --help");
		out = optarg;
	}
	count = (size_t)(argc - optind);
	if (!count)
		return cmd_usage("plot", "which result folder?");
	if (count > 1 && !out)
		return cmd_usage("plot", "the comparison of several folders needs --out DIR");
	code = plot_each(argv + optind, count, &err);
	if (!code && out) {
		code = plot_comparison((const char *const *)(argv + optind), count, out, &err);
		if (!code)
			printf("%s\n", out);
	}
	return code ? cmd_fail(&err) : OUTCOME_OK;
}
