// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/doctor.h"
#include "harness/sandbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

struct tally {
	unsigned missing, needed_missing;
};

static void print_checkup(void *context, const struct checkup *checkup)
{
	struct tally *tally = context;

	printf("  %-9s %-18s %s%s%s\n", checkup->group, checkup->name,
	       checkup->works ? "works" : "MISSING", checkup->works ? "" : ": ",
	       checkup->works ? "" : checkup->why.text);
	tally->missing += !checkup->works;
	tally->needed_missing += !checkup->works && checkup->needed;
}

static enum outcome examine(bool root)
{
	struct tally tally = {};
	struct utsname name;

	uname(&name);
	printf("%s %s %s, %s:\n", name.sysname, name.release, name.machine,
	       root ? "as root" : "as an ordinary user");
	doctor_examine(print_checkup, &tally);
	if (tally.needed_missing)
		printf("experiments cannot be measured here: see what is missing above\n");
	else if (tally.missing)
		printf("experiments can be measured here, but for those that use what is "
		       "missing\n");
	else
		printf("everything that labrun has can be used here\n");
	return cmd_flush(tally.needed_missing ? OUTCOME_NEED : OUTCOME_OK);
}

const struct cmd_manual cmd_manual_doctor = {};

enum outcome cmd_doctor(int argc, char **argv)
{
	bool root = geteuid() == 0;
	struct err err = {};
	int status, code;

	(void)argv;
	if (argc != 1)
		return cmd_usage("doctor", "takes no arguments");
	fflush(NULL);
	code = sandbox_enter(0, &status, &err);
	if (code < 0)
		return cmd_fail(&err);
	if (code == 0)
		_exit(examine(root));
	return cmd_ended(status);
}
