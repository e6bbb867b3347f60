// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/experiment.h"
#include "harness/kind_table.h"
#include "harness/vm.h"
#include "topologies/topology.h"

#include <string.h>

/*
 * What could come next on a command line, for completion/: a line each, a tab and what it means
 * behind it. A line that begins with a colon asks the shell for names of files or folders. Nothing
 * is said of what is wrong: somebody is still typing.
 */

const struct cmd_manual cmd_manual_complete = {
	.text = "The words are those after the program's name, the last as far as it has been "
		"typed; "
		"there must be one, if an empty one. What completes them in bash and zsh comes "
		"with "
		"labrun.",
};

/* The word that is being typed: what of it stands, "--vm=6.1,", and what is still open. */
struct begun {
	const char *settled, *open;
	int settled_bytes;
};

struct line {
	const struct command *command;
	char **arguments; /* of the verb; the last is the one being typed */
	size_t count;
	const char *operands[2]; /* the first two before it, as far as they are there */
	size_t operand_count;
	const struct cmd_option *awaits; /* the option whose value is being typed */
	const char *awaits_field; /* or the option of a load */
};

/* It goes onto a command line, and names in it may come from a stranger's file. */
static bool is_harmless(const char *text)
{
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				  "-_.,=/[]{}")];
}

static void offer(const struct begun *begun, const char *text, const char *help)
{
	if (!strncmp(text, begun->open, strlen(begun->open)) && is_harmless(text))
		printf("%.*s%s\t%s\n", begun->settled_bytes, begun->settled, text, help);
}

static void offer_names(const struct begun *begun, const char *folder)
{
	_arena_ struct arena *arena = arena_new();
	const char *const *names = document_names(folder, arena);

	for (; names && *names; names++)
		offer(begun, *names, "");
	printf(":files\n");
}

static void offer_kinds(const struct begun *begun, const struct kind *const *kinds)
{
	for (; *kinds; kinds++)
		offer(begun, (*kinds)->name, (*kinds)->help);
}

static void offer_described(const struct begun *begun)
{
	offer(begun, "experiment", "the fields of an experiment's file");
	offer(begun, "topology", "the fields of a topology's file");
	for (const struct kind_family *family = kind_families; family->name; family++)
		offer_kinds(begun, family->kinds);
}

/* Several may be given, "6.1,7.2": the last of them is open. */
static void offer_kernels(const struct begun *begun)
{
	const char *comma = strrchr(begun->open, ',');
	struct begun last = *begun;
	struct vm_kernel *kernels = NULL;
	struct err err = {};
	size_t count = 0;

	if (comma) {
		last.settled_bytes += (int)(comma + 1 - begun->open);
		last.open = comma + 1;
	}
	vm_kernel_list(&kernels, &count, &err);
	for (size_t i = 0; i < count; i++) {
		offer(&last, kernels[i].version, kernels[i].release);
		vm_kernel_done(&kernels[i]);
	}
	free(kernels);
	if (!comma)
		printf(":files\n");
}

/* Paths are many: they are offered up to the next dot, each beginning once. */
struct paths {
	const struct begun *begun;
	char before[512];
};

static void offer_path(void *context, const char *path, const struct field *field)
{
	struct paths *paths = context;
	size_t typed = strlen(paths->begun->open), length = strlen(path);
	char text[sizeof(paths->before)];

	if (length >= typed)
		length = typed + strcspn(path + typed, ".");
	snprintf(text, sizeof(text), "%.*s%s", (int)length, path, path[length] ? "." : "=");
	if (!strcmp(text, paths->before))
		return;
	snprintf(paths->before, sizeof(paths->before), "%s", text);
	offer(paths->begun, text, path[length] || !field->help ? "" : field->help);
}

static void offer_topology_paths(const char *path, struct paths *paths)
{
	_json_ json_t *json = path ? json_load_file(path, 0, NULL) : NULL;

	field_each_path(topology_fields, json, "topology", offer_path, paths);
}

/* Of the experiment or topology that the line names, or of any. */
static void offer_sets(const struct line *line, const struct begun *begun)
{
	const char *name = line->operands[0];
	struct paths paths = { .begun = begun };
	_free_ char *path = NULL, *topology = NULL;
	_json_ json_t *json = NULL;
	struct err err = {};

	if (strchr(begun->open, '='))
		return;
	if (line->command->manual->operand == CMD_TOPOLOGY) {
		topology = name ? document_find_named_topology(name, &err) : NULL;
		offer_topology_paths(topology, &paths);
		return;
	}
	path = name ? document_find_experiment(name, &err) : NULL;
	json = path ? json_load_file(path, 0, NULL) : NULL;
	name = json_string_value(json_object_get(json, "topology"));
	topology = name ? document_find_topology(name, path) : NULL;
	field_each_path(experiment_fields, json, NULL, offer_path, &paths);
	offer_topology_paths(topology, &paths);
}

static void offer_values(const struct line *line, enum cmd_word word, const struct begun *begun)
{
	switch (word) {
	case CMD_ANYTHING:
		break;
	case CMD_FILE:
		printf(":files\n");
		break;
	case CMD_FOLDER:
		printf(":folders\n");
		break;
	case CMD_EXPERIMENT:
		offer_names(begun, "experiments");
		break;
	case CMD_TOPOLOGY:
		offer_names(begun, "topologies");
		break;
	case CMD_KIND:
		offer_described(begun);
		break;
	case CMD_LOAD:
		offer_kinds(begun, load_kinds);
		break;
	case CMD_KERNEL:
		offer_kernels(begun);
		break;
	case CMD_SET:
		offer_sets(line, begun);
		break;
	}
}

static void offer_commands(const struct begun *begun)
{
	for (const struct command *command = commands; command->name; command++)
		offer(begun, command->name, command->help);
}

static void offer_verbs(const struct begun *begun)
{
	offer_commands(begun);
	offer(begun, "--help", "what verbs there are");
	offer(begun, "--version", "which labrun this is");
}

/* What a walk over the tables of a load's fields is for: all options, or the values of one. */
struct fields_offer {
	const struct begun *begun;
	const char *of; /* NULL: all */
};

static void offer_fields(void *context, const char *heading, const struct field *fields)
{
	const struct fields_offer *what = context;

	(void)heading;
	for (; fields->name; fields++) {
		if (!what->of)
			offer(what->begun, fields->name, fields->help ? fields->help : "");
		else if (!strcmp(fields->name, what->of) && fields->type == FIELD_CHOICE)
			for (const char *const *at = fields->choices; *at; at++)
				offer(what->begun, *at, "");
	}
}

static void walk_fields(const struct line *line, const struct begun *begun, const char *of)
{
	struct fields_offer what = { begun, of };

	if (line->command->manual->each_fields)
		line->command->manual->each_fields(line->arguments - 1, offer_fields, &what);
}

static void offer_options(const struct line *line, const struct begun *begun)
{
	const struct cmd_option *option = line->command->manual->options;
	char text[64];

	for (; option && option->key; option++) {
		snprintf(text, sizeof(text), "--%s", option->name);
		offer(begun, text, option->help);
	}
	walk_fields(line, begun, NULL);
	offer(begun, "--help", "what there is");
}

static void offer_operand(const struct line *line, const struct begun *begun)
{
	const struct cmd_manual *manual = line->command->manual;
	const char *const *at = manual->subverbs;

	if (line->operand_count && manual->runs_command)
		printf(":files\n");
	else if (line->operand_count || !at)
		offer_values(line, manual->operand, begun);
	else
		for (; *at; at++)
			offer(begun, *at, "");
}

static const struct cmd_option *find_option(const struct command *command, const char *word,
					    size_t length)
{
	const struct cmd_option *option = command->manual->options;

	for (; option && option->key; option++)
		if (length == strlen(option->name) + 2 &&
		    !strncmp(word + 2, option->name, length - 2))
			return option;
	return NULL;
}

static bool is_flag(const struct cmd_option *option)
{
	return option && (!option->value || option->value[0] == '[');
}

/* What stands before the word being typed. */
static void read_line(struct line *line)
{
	for (size_t i = 0; i + 1 < line->count; i++) {
		const char *word = line->arguments[i];
		const struct cmd_option *option;
		bool last = i + 2 == line->count;

		if (strncmp(word, "--", 2)) {
			if (line->operand_count < ARRAY_SIZE(line->operands))
				line->operands[line->operand_count++] = word;
			continue;
		}
		option = find_option(line->command, word, strlen(word));
		if (strchr(word, '=') || is_flag(option))
			continue;
		/* Its value follows; an unknown one has perhaps none. */
		if (last) {
			line->awaits = option;
			line->awaits_field = option ? NULL : word;
		}
		i += option || line->command->manual->each_fields;
	}
}

static void complete_word(const struct line *line, const char *word)
{
	const char *equals = strncmp(word, "--", 2) ? NULL : strchr(word, '=');
	struct begun begun = { .settled = word, .open = word };
	const struct cmd_option *option = line->awaits;
	_free_ char *field = NULL;

	if (equals) {
		begun.settled_bytes = (int)(equals + 1 - word);
		begun.open = equals + 1;
		option = find_option(line->command, word, (size_t)(equals - word));
		field = strndup(word, (size_t)(equals - word));
	} else if (line->awaits_field) {
		field = strdup(line->awaits_field);
	}
	if (option)
		offer_values(line, option->word, &begun);
	else if (field)
		walk_fields(line, &begun, field);
	else if (word[0] == '-')
		offer_options(line, &begun);
	else
		offer_operand(line, &begun);
}

enum outcome cmd_complete(int argc, char **argv)
{
	char **words = argv + 2;
	size_t count = argc > 2 ? (size_t)argc - 2 : 0;
	struct line line = { .command = count > 1 ? cmd_find(words[0]) : NULL };
	size_t verb = line.command ? 1 : 0;

	if (!count || strcmp(argv[1], "--"))
		return cmd_usage("complete", "after --, which words?");
	if (count == 2 && !strcmp(words[0], "help")) {
		offer_commands(&(struct begun){ .settled = words[1], .open = words[1] });
		return OUTCOME_OK;
	}
	line.arguments = words + verb;
	line.count = count - verb;
	/* The verb that may be left out. */
	if (!line.command)
		line.command = cmd_find("run");
	if (count == 1)
		offer_verbs(&(struct begun){ .settled = words[0], .open = words[0] });
	read_line(&line);
	complete_word(&line, words[count - 1]);
	return OUTCOME_OK;
}
