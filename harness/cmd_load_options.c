// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd_load_options.h"

#include "harness/cleanup.h"
#include "harness/cmd.h"
#include "harness/experiment.h"
#include "harness/json_argument.h"

#include <string.h>

#define LOAD_DEFAULT_KIND "udp"
#define LOAD_DEFAULT_DURATION_S 10
#define LOAD_FIELDS_MAX 64
#define LOAD_NAME_BYTES 64
#define LOAD_OPTION_BYTES (LOAD_NAME_BYTES + sizeof("--"))

/* Fields of the experiment that a load by hand has too, under a name that fits there. */
static const struct {
	const char *option, *field, *help;
} experiment_options[] = {
	{ "count", "iterations", "How many packets or requests, in place of a duration." },
	{ "duration", "duration_s", "How long, 10s if there is no count: 5, 5s, 500ms, 2min." },
	{ "warmup", "warmup", NULL },
	{ "seed", "seed", "The same seed, the same packets." },
};

static const struct cmd_option own_options[] = {
	{ 'k', "kind", "KIND", "which load; " LOAD_DEFAULT_KIND " if none is given", CMD_LOAD },
	{ 's', "set", "PATH=VALUE",
	  "any other field, such as topology.nodes.host.firewall.rules=100", CMD_SET },
	{ 'j', "json", NULL, "an object a second and a last one, a line each, on stdout",
	  CMD_ANYTHING },
	{ 'q', "quiet", NULL, "no rates while it runs", CMD_ANYTHING },
	{},
};

static const struct field *find_field(const struct field *fields, const char *name)
{
	for (; fields && fields->name; fields++)
		if (!strcmp(fields->name, name))
			return fields;
	return NULL;
}

/* "--source-port" of source_port. */
static const char *option_of(const char *field, char text[static LOAD_OPTION_BYTES])
{
	snprintf(text, LOAD_OPTION_BYTES, "--%.*s", LOAD_NAME_BYTES - 1, field);
	for (char *at = text; *at; at++)
		if (*at == '_')
			*at = '-';
	return text;
}

struct argument {
	char name[LOAD_NAME_BYTES]; /* as the field is written, without dashes in front */
	const char *value; /* NULL: no "=VALUE" */
};

static bool read_name(const char *text, struct argument *ret)
{
	size_t length = strcspn(text, "=");

	if (length < 3 || strncmp(text, "--", 2) || length - 2 >= sizeof(ret->name))
		return false;
	snprintf(ret->name, sizeof(ret->name), "%.*s", (int)length - 2, text + 2);
	for (char *at = ret->name; *at; at++)
		if (*at == '-')
			*at = '_';
	ret->value = text[length] ? text + length + 1 : NULL;
	return true;
}

/* All names there are, for the nearest of them; what `kind` does not have is no suggestion. */
static const char *nearest(const struct kind *kind, const char *name)
{
	const char *names[LOAD_FIELDS_MAX + 1] = { "help" };
	size_t count = 1;

	for (const struct cmd_option *option = own_options; option->key; option++)
		names[count++] = option->name;
	for (size_t i = 0; i < ARRAY_SIZE(experiment_options); i++)
		names[count++] = experiment_options[i].option;
	for (const struct field *field = load_common_fields; field->name && count < LOAD_FIELDS_MAX;
	     field++)
		names[count++] = field->name;
	for (const struct field *field = kind->fields;
	     field && field->name && count < LOAD_FIELDS_MAX; field++)
		names[count++] = field->name;
	return field_nearest(name, names);
}

static int refuse(const struct kind *kind, const char *name, struct err *err)
{
	const char *near = nearest(kind, name);
	char text[LOAD_OPTION_BYTES], text_near[LOAD_OPTION_BYTES];

	return err_usage(err, "the load %s has no option %s%s%s%s (see labrun load --help)",
			 kind->name, option_of(name, text), near ? ", did you mean " : "",
			 near ? option_of(near, text_near) : "", near ? "?" : "");
}

/* As the field's type is written in a file; what is no value of it, the plan will say. */
static json_t *make_value(const struct field *field, const char *text)
{
	double seconds;

	if (!strcmp(field->name, "duration_s") && quantity_parse_seconds(text, &seconds))
		return json_real(seconds);
	if (field->type != FIELD_STRING && field->type != FIELD_NAME &&
	    field->type != FIELD_CHOICE && field->type != FIELD_ADDRESS)
		return json_read_argument(text);
	return json_string(text);
}

static int put(json_t *object, const struct field *field, const char *text, struct err *err)
{
	char name[LOAD_OPTION_BYTES];
	json_t *value = text ? make_value(field, text) : json_true();

	if (!value)
		return err_usage(err, "%s: the value is not UTF-8", option_of(field->name, name));
	json_object_set_new(object, field->name, value);
	return 0;
}

/* Where an option's value goes: into the experiment or into its load. NULL: no such field. */
static const struct field *find_option(struct load_options *options, const char *name,
				       json_t **ret_object)
{
	const struct field *field = NULL;

	*ret_object = options->experiment;
	for (size_t i = 0; i < ARRAY_SIZE(experiment_options); i++)
		if (!strcmp(name, experiment_options[i].option))
			return find_field(experiment_fields, experiment_options[i].field);
	*ret_object = json_object_get(options->experiment, "load");
	field = find_field(load_common_fields, name);
	return field ? field : find_field(options->kind->fields, name);
}

static bool take_flag(struct load_options *options, const struct argument *argument)
{
	bool *flag = NULL;

	if (!strcmp(argument->name, "json"))
		flag = &options->json;
	if (!strcmp(argument->name, "quiet"))
		flag = &options->quiet;
	if (!flag || argument->value)
		return false;
	*flag = true;
	return true;
}

static int take_set(struct load_options *options, const char *value, struct err *err)
{
	if (options->set_count == LOAD_SETS_MAX)
		return err_usage(err, "more than %d --set", LOAD_SETS_MAX);
	options->sets[options->set_count++] = value;
	return 0;
}

/* Returns how many arguments it took, or an error. */
static int take_option(struct load_options *options, char **argv, struct err *err)
{
	const struct field *field = NULL;
	struct argument argument;
	json_t *object = NULL;
	bool set, kind;
	int code, taken = 1;

	if (!read_name(argv[0], &argument))
		return err_usage(err, "'%s' is no option", argv[0]);
	if (take_flag(options, &argument))
		return 1;
	set = !strcmp(argument.name, "set");
	kind = !strcmp(argument.name, "kind");
	if (!set && !kind)
		field = find_option(options, argument.name, &object);
	if (!set && !kind && !field)
		return refuse(options->kind, argument.name, err);
	if (!argument.value && !(field && field->type == FIELD_BOOL)) {
		argument.value = argv[1];
		taken = 2;
		if (!argument.value)
			return err_usage(err, "%s needs a value", argv[0]);
	}
	if (kind)
		return taken;
	code = set ? take_set(options, argument.value, err)
		   : put(object, field, argument.value, err);
	return code ? code : taken;
}

/* The other options depend on it, wherever it stands. NULL: none is asked for. */
static const char *asked_kind(char **argv)
{
	const char *name = NULL;
	struct argument argument;

	for (; *argv; argv++)
		if (read_name(*argv, &argument) && !strcmp(argument.name, "kind"))
			name = argument.value ?: argv[1] ?: "";
	return name;
}

static int find_kind(struct load_options *options, const char *name, struct err *err)
{
	const char *names[LOAD_FIELDS_MAX + 1] = {}, *near;

	for (size_t i = 0; load_kinds[i]; i++) {
		names[i] = load_kinds[i]->name;
		if (!strcmp(names[i], name))
			options->kind = load_kinds[i];
	}
	if (options->kind)
		return 0;
	near = field_nearest(name, names);
	return err_usage(err, "--kind: no load \"%.40s\"%s%s%s (`labrun load --help` has them all)",
			 name, near ? ", did you mean \"" : "", near ? near : "",
			 near ? "\"?" : "");
}

static int check_required(const struct field *fields, const json_t *load, struct err *err)
{
	char name[LOAD_OPTION_BYTES];

	for (; fields && fields->name; fields++)
		if (!fields->fallback && !fields->optional && !json_object_get(load, fields->name))
			return err_usage(err, "%s is missing: %s", option_of(fields->name, name),
					 fields->help);
	return 0;
}

static int check_whole(struct load_options *options, struct err *err)
{
	const json_t *load = json_object_get(options->experiment, "load");
	bool count = json_object_get(options->experiment, "iterations");
	bool duration = json_object_get(options->experiment, "duration_s");
	int code = check_required(load_common_fields, load, err);

	if (!code)
		code = check_required(options->kind->fields, load, err);
	if (!code && !options->topology)
		code = err_usage(err, "which topology?");
	if (!code && count && duration)
		code = err_usage(err, "--count and --duration: one of the two says when it ends");
	if (!count && !duration)
		json_object_set_new(options->experiment, "duration_s",
				    json_integer(LOAD_DEFAULT_DURATION_S));
	return code;
}

int load_options_parse(struct load_options *ret, int argc, char **argv, struct err *err)
{
	const char *kind = asked_kind(argv + 1);
	int code = find_kind(ret, kind ? kind : LOAD_DEFAULT_KIND, err);

	if (code)
		return code;
	/* Which topology that is, the plan is told by its path. */
	ret->experiment = json_pack("{s:s, s:s, s:i, s:{s:s}}", "name", "load", "topology",
				    "topology", "batches", 1, "load", "kind", ret->kind->name);
	for (int i = 1, taken; i < argc; i += taken) {
		taken = 1;
		if (argv[i][0] == '-')
			taken = take_option(ret, argv + i, err);
		else if (ret->topology)
			return err_usage(err, "one topology, not '%s' and '%s'", ret->topology,
					 argv[i]);
		else
			ret->topology = argv[i];
		if (taken < 0)
			return taken;
	}
	return check_whole(ret, err);
}

void load_options_done(struct load_options *options)
{
	json_decref(options->experiment);
}

void load_options_print_fault(const struct diag_fault *fault, FILE *out)
{
	const char *path = fault->path ? fault->path : "";
	char name[LOAD_OPTION_BYTES];

	if (!strncmp(path, "load.", strlen("load.")))
		path = option_of(path + strlen("load."), name);
	for (size_t i = 0; i < ARRAY_SIZE(experiment_options); i++)
		if (!strcmp(path, experiment_options[i].field))
			path = option_of(experiment_options[i].option, name);
	if (!strcmp(path, "load") || fault->place == DIAG_KEY)
		path = "";
	fprintf(out, "%s%s%s\n", path, *path ? ": " : "", fault->message);
}

/* The table under the options' names. */
static void visit_fields(const struct field *fields, const char *heading, cmd_visit_fields *visit,
			 void *context)
{
	struct field renamed[LOAD_FIELDS_MAX + 1] = {};
	char names[LOAD_FIELDS_MAX][LOAD_OPTION_BYTES];

	for (size_t i = 0; fields && fields[i].name && i < LOAD_FIELDS_MAX; i++) {
		renamed[i] = fields[i];
		renamed[i].name = option_of(fields[i].name, names[i]);
	}
	visit(context, heading, renamed);
}

static void visit_experiment_options(cmd_visit_fields *visit, void *context)
{
	struct field fields[ARRAY_SIZE(experiment_options) + 1] = {};

	for (size_t i = 0; i < ARRAY_SIZE(experiment_options); i++) {
		fields[i] = *find_field(experiment_fields, experiment_options[i].field);
		fields[i].name = experiment_options[i].option;
		if (experiment_options[i].help)
			fields[i].help = experiment_options[i].help;
		/* One of the two is always there, and which not is said in words. */
		if (!strcmp(fields[i].name, "count"))
			fields[i].fallback = NULL, fields[i].optional = true;
	}
	visit_fields(fields, "How much:", visit, context);
}

/* Of one kind of load if the arguments name it, else of each. */
static void each_fields(char **argv, cmd_visit_fields *visit, void *context)
{
	const char *asked = asked_kind(argv + 1);
	struct load_options found = {};
	struct err err;
	bool known = asked && !find_kind(&found, asked, &err);

	visit_experiment_options(visit, context);
	visit_fields(load_common_fields, "Every load:", visit, context);
	for (const struct kind *const *at = load_kinds; *at; at++) {
		char heading[256];

		if (known && *at != found.kind)
			continue;
		snprintf(heading, sizeof(heading), "--kind %s: %s", (*at)->name, (*at)->help);
		visit_fields((*at)->fields, heading, visit, context);
	}
}

const struct cmd_manual cmd_manual_load = {
	.options = own_options,
	.each_fields = each_fields,
	.operand = CMD_TOPOLOGY,
	.text = "TOPOLOGY is a name that `labrun list` shows, or a file. Nothing is written. "
		"Losses are "
		"told, not judged; Ctrl-C ends it early and still tells what was done.",
};
