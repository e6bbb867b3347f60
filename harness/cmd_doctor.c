// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/doctor.h"
#include "harness/sandbox.h"
#include "harness/terminal.h"

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

	printf("  %-9s %-18s %s%s%s%s%s\n", checkup->group, checkup->name,
	       terminal_on(stdout, checkup->works ? TERMINAL_GOOD : TERMINAL_BAD),
	       checkup->works ? "works" : "MISSING", terminal_off(stdout),
	       checkup->works ? "" : ": ", checkup->works ? "" : checkup->why.text);
	tally->missing += !checkup->works;
	tally->needed_missing += !checkup->works && checkup->needed;
}

/* Of what is as it should be, there is nothing to say but that. */
static void print_finding(const struct finding *finding)
{
	printf("  %-10s %-8s %s\n", finding->name, quiet_state_names[finding->state],
	       finding->what);
	if (finding->state == QUIET_FINE)
		return;
	printf("  %19s   why: %s\n", "", finding->why);
	printf("  %19s   do:  %s\n", "", finding->remedy);
}

static void print_findings(const struct finding *findings, size_t count)
{
	printf("quietness, watched for %.1f s:\n", DOCTOR_WATCH_MS / 1000.0);
	for (size_t i = 0; i < count; i++)
		print_finding(&findings[i]);
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
	struct finding findings[DOCTOR_FINDINGS];
	bool root = geteuid() == 0;
	enum outcome outcome;
	size_t count;
	struct err err = {};
	int status, code;

	(void)argv;
	if (argc != 1)
		return cmd_usage("doctor", "takes no arguments");
	count = doctor_listen(findings);
	fflush(NULL);
	code = sandbox_enter(0, &status, &err);
	if (code < 0)
		return cmd_fail(&err);
	if (code == 0)
		_exit(examine(root));
	outcome = cmd_ended(status);
	if (outcome == OUTCOME_OK || outcome == OUTCOME_NEED)
		print_findings(findings, count);
	return outcome;
}
