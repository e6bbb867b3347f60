// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/report_page.h"

#include <getopt.h>
#include <stdio.h>

static const struct cmd_option options[] = {
	{ 'o', "out", "FILE", "in place of RESULT/" REPORT_PAGE "; a must if there are several",
	  CMD_FILE },
	{},
};

const struct cmd_manual cmd_manual_report = {
	.options = options,
	.operand = CMD_FOLDER,
	.text = "On it are verdicts, the packet's way, tables, charts, losses and the environment. "
		"It "
		"needs nothing else: no network, no scripts.",
};

static enum outcome write_page(char **dirs, size_t count, const char *out)
{
	struct err err = {};
	int code = out ? report_page_write((const char *const *)dirs, count, out, &err)
		       : report_page_add(dirs[0], &err);

	if (code)
		return cmd_fail(&err);
	if (out)
		printf("%s\n", out);
	else
		printf("%s/" REPORT_PAGE "\n", dirs[0]);
	return OUTCOME_OK;
}

enum outcome cmd_report(int argc, char **argv)
{
	const char *out = NULL;
	size_t count;
	int option;

	while ((option = cmd_next_option(&cmd_manual_report, argc, argv)) != -1) {
		if (option != 'o')
			return cmd_usage("report", "see labrun report --help");
		out = optarg;
	}
	count = (size_t)(argc - optind);
	if (!count)
		return cmd_usage("report", "which result folder?");
	if (count > 1 && !out)
		return cmd_usage("report", "one page of several folders needs --out FILE");
	return write_page(argv + optind, count, out);
}
