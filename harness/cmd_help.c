// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/field.h"
#include "harness/text_wrap.h"

#include <ctype.h>
#include <getopt.h>
#include <string.h>

#define OPTIONS_MAX 64
#define HELP_COLUMN 22

static int has_argument(const struct cmd_option *option)
{
	if (!option->value)
		return no_argument;
	return option->value[0] == '[' ? optional_argument : required_argument;
}

static const struct cmd_option *find_key(const struct cmd_manual *manual, int key)
{
	const struct cmd_option *option = manual->options;

	for (; option && option->key; option++)
		if (option->key == key)
			return option;
	return NULL;
}

/* In place of getopt's own words, which know no near name. */
static void refuse(const struct cmd_manual *manual, const char *word, bool lacks_value)
{
	const struct cmd_option *option = find_key(manual, optopt);
	_free_ char *name = strndup(word, strcspn(word, "="));
	const char *names[OPTIONS_MAX + 1] = {}, *near;

	if (option && lacks_value)
		fprintf(stderr, "labrun: --%s is without its %s\n", option->name, option->value);
	else if (option)
		fprintf(stderr, "labrun: --%s takes no value\n", option->name);
	else if (strncmp(word, "--", 2))
		fprintf(stderr, "labrun: unknown option \"-%c\"\n", optopt);
	if (option || strncmp(word, "--", 2))
		return;
	for (size_t i = 0; i < OPTIONS_MAX && manual->options && manual->options[i].key; i++)
		names[i] = manual->options[i].name;
	near = field_nearest(name + 2, names);
	fprintf(stderr, "labrun: unknown option \"%s\"%s%s%s\n", name,
		near ? ", did you mean \"--" : "", near ? near : "", near ? "\"?" : "");
}

int cmd_next_option(const struct cmd_manual *manual, int argc, char **argv)
{
	struct option rows[OPTIONS_MAX + 1] = {};
	const struct cmd_option *option = manual->options;
	int key;

	for (size_t i = 0; option && option->key && i < OPTIONS_MAX; i++, option++)
		rows[i] = (struct option){ option->name, has_argument(option), NULL, option->key };
	opterr = 0;
	key = getopt_long(argc, argv, ":", rows, NULL);
	if (key != ':' && key != '?')
		return key;
	refuse(manual, argv[optind - 1], key == ':');
	return '?';
}

bool cmd_asks_help(const struct command *command, char **argv)
{
	for (argv++; *argv && strcmp(*argv, "--"); argv++) {
		if (!strcmp(*argv, "--help") || !strcmp(*argv, "-h"))
			return true;
		if (command->manual->runs_command && **argv != '-')
			return false;
	}
	return false;
}

static void print_option(const struct cmd_option *option, FILE *out)
{
	const char *value = option->value ? option->value : "";
	int column =
		fprintf(out, "  --%s%s%s", option->name, *value && *value != '[' ? " " : "", value);

	/* Beside the name, or below one that is long. */
	if (column > HELP_COLUMN - 2) {
		fputc('\n', out);
		column = 0;
	}
	text_wrap(option->help, out, HELP_COLUMN, column);
}

static void print_fields(void *context, const char *heading, const struct field *fields)
{
	FILE *out = context;

	fprintf(out, "\n%s\n\n", heading);
	field_describe(fields, out, 2);
}

void cmd_print_help(const struct command *command, char **argv, FILE *out)
{
	const struct cmd_manual *manual = command->manual;
	const struct cmd_option *option = manual->options;

	fprintf(out, "usage: labrun %s%s%s\n\n", command->name, *command->arguments ? " " : "",
		command->arguments);
	fprintf(out, "%c%s.\n", toupper((unsigned char)command->help[0]), command->help + 1);
	if (option && option->key)
		fputc('\n', out);
	for (; option && option->key; option++)
		print_option(option, out);
	if (manual->each_fields)
		manual->each_fields(argv, print_fields, out);
	if (!manual->text)
		return;
	fputc('\n', out);
	text_wrap_paragraphs(manual->text, out);
}
