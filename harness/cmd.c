// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/terminal.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define COMMAND_ROW(name_, arguments_, help_)                                                      \
	{ .name = #name_,                                                                          \
	  .arguments = arguments_,                                                                 \
	  .help = help_,                                                                           \
	  .manual = &cmd_manual_##name_,                                                           \
	  .run = cmd_##name_ },

const struct command commands[] = { COMMANDS(COMMAND_ROW){} };

const struct command *cmd_find(const char *name)
{
	for (const struct command *command = commands; command->name; command++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

enum outcome cmd_fail(const struct err *err)
{
	static const enum outcome outcomes[] = {
		[ERR_RUN] = OUTCOME_FAILED,
		[ERR_USAGE] = OUTCOME_USAGE,
		[ERR_NEED] = OUTCOME_NEED,
		[ERR_INTERRUPTED] = OUTCOME_INTERRUPTED,
	};

	fprintf(stderr, "%slabrun:%s %s\n", terminal_on(stderr, TERMINAL_BAD), terminal_off(stderr),
		err->text);
	return outcomes[err->class];
}

enum outcome cmd_ended(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) <= OUTCOME_INTERRUPTED)
		return (enum outcome)WEXITSTATUS(status);
	if (WIFSIGNALED(status))
		fprintf(stderr, "labrun: killed by signal %d\n", WTERMSIG(status));
	return OUTCOME_FAILED;
}

enum outcome cmd_flush(enum outcome outcome)
{
	if (!fflush(stdout) && !ferror(stdout))
		return outcome;
	fprintf(stderr, "labrun: cannot write to stdout\n");
	return outcome > OUTCOME_FAILED ? outcome : OUTCOME_FAILED;
}

bool cmd_add_set(struct cmd_sets *sets, const char *set)
{
	if (!set || sets->count == CMD_SETS_MAX)
		return false;
	sets->items[sets->count++] = set;
	return true;
}

enum outcome cmd_bisect(enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_INVALID:
	case OUTCOME_FAILED:
	case OUTCOME_NEED:
		return OUTCOME_COMMAND + 125;
	case OUTCOME_USAGE:
		return OUTCOME_COMMAND + 128;
	default:
		return outcome;
	}
}

enum outcome cmd_usage(const char *verb, const char *message)
{
	const struct command *command = cmd_find(verb);

	fprintf(stderr, "%slabrun %s:%s %s\n", terminal_on(stderr, TERMINAL_BAD), verb,
		terminal_off(stderr), message);
	if (command)
		fprintf(stderr, "usage: labrun %s%s%s\n", verb, *command->arguments ? " " : "",
			command->arguments);
	return OUTCOME_USAGE;
}
