// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/field.h"
#include "harness/file.h"
#include "harness/text_wrap.h"
#include "harness/vm_init.h"
#include "version.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define VERBS_MAX 64
#define VERB_COLUMN 13

#define OUTCOME_STATUS(name, status, help) [OUTCOME_##name] = (status),

static int exit_status(enum outcome outcome)
{
	static const int statuses[] = { OUTCOMES(OUTCOME_STATUS) };

	if (outcome >= OUTCOME_COMMAND)
		return (int)(outcome - OUTCOME_COMMAND);
	return statuses[outcome];
}

static void print_help(FILE *out)
{
	fprintf(out, "labrun: a lab for the Linux datapath\n\n"
		     "usage: labrun EXPERIMENT...\n"
		     "       labrun VERB [ARGUMENT]...\n\n");
	for (const struct command *command = commands; command->name; command++)
		text_wrap(command->help, out, VERB_COLUMN,
			  fprintf(out, "  %-*s", VERB_COLUMN - 2, command->name));
	fprintf(out,
		"\nEXPERIMENT is a file or a name that `labrun list` shows; `labrun VERB --help` "
		"says\n"
		"what a verb takes. Exit status: 0 done, 1 a claim fails, 2 bad usage or file,\n"
		"3 the measurement is invalid, 4 could not run, 77 this machine lacks a need,\n"
		"130 interrupted. `vm shell` ends with the status of its shell.\n");
}

/* `labrun help VERB`, `labrun VERB --help`, `labrun EXPERIMENT --help`. */
static const struct command *asked_about(char **argv)
{
	bool help = !strcmp(argv[1], "help") && argv[2];
	const struct command *command = cmd_find(argv[help ? 2 : 1]);

	if (help)
		return command;
	command = command ? command : cmd_find("run");
	return cmd_asks_help(command, argv + 1) ? command : NULL;
}

static bool asks_all_help(char **argv)
{
	return !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	       (!strcmp(argv[1], "help") && !argv[2]);
}

/* Found once, before the sandbox: in its mount namespace a chroot's paths look different. */
static void settle_data_dir(void)
{
	_free_ char *dir = file_data_dir();

	setenv("LABRUN_DATA", dir, 1);
}

/*
 * What who started us may have left: with SIGCHLD ignored no child could be waited for, and a
 * standard stream that is closed would be the next file opened. Reading only, so that writing to
 * one fails as it should.
 */
static void settle_inheritance(void)
{
	int fd;

	signal(SIGCHLD, SIG_DFL);
	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	close(fd);
}

/* What is no verb is taken as an experiment; perhaps a verb was meant. */
static void suggest_command(const char *name)
{
	const char *names[VERBS_MAX + 1] = {}, *near;

	for (size_t i = 0; commands[i].name && i < VERBS_MAX; i++)
		names[i] = commands[i].name;
	near = field_nearest(name, names);
	if (near)
		fprintf(stderr, "labrun: or the verb \"%s\"?\n", near);
}

static enum outcome refuse_verb(const char *name)
{
	fprintf(stderr, "labrun: no verb \"%s\" (`labrun --help` names them)\n", name);
	suggest_command(name);
	return OUTCOME_USAGE;
}

int main(int argc, char **argv)
{
	const struct command *command;
	enum outcome outcome;

	/* The kernel of a guest starts this program as its init. */
	if (getpid() == 1 && !strcmp(argv[0], "/init"))
		return vm_init_main();
	command = argc < 2 ? NULL : asked_about(argv);
	if (command) {
		cmd_print_help(command, argv + 1, stdout);
		return exit_status(cmd_flush(OUTCOME_OK));
	}
	if (argc < 2 || asks_all_help(argv)) {
		print_help(argc < 2 ? stderr : stdout);
		return argc < 2 ? exit_status(OUTCOME_USAGE) : 0;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("labrun %s\n", LABRUN_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "help"))
		return exit_status(refuse_verb(argv[2]));
	settle_inheritance();
	settle_data_dir();
	command = cmd_find(argv[1]);
	outcome = command ? command->run(argc - 1, argv + 1) : cmd_run(argc, argv);
	if (!command && outcome == OUTCOME_USAGE)
		suggest_command(argv[1]);
	return exit_status(cmd_flush(outcome));
}
