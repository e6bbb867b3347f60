// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/experiment.h"
#include "harness/kind_table.h"
#include "harness/manual.h"
#include "topologies/topology.h"

#include <getopt.h>
#include <string.h>

static void describe_kind(const struct kind_family *family, const struct kind *kind)
{
	printf("%s %s: %s\n\n", family->name, kind->name, kind->help);
	field_describe(kind->fields, stdout, 2);
	if (!kind->fields || !kind->fields->name)
		printf("  (no fields of its own)\n");
	if (kind->notes)
		printf("\n%s", kind->notes);
	if (!family->common)
		return;
	printf("\nevery %s has:\n\n", family->name);
	field_describe(family->common, stdout, 2);
}

/* Several families may have a kind of one name. */
static bool describe_kinds(const char *name)
{
	bool found = false;

	for (const struct kind_family *family = kind_families; family->name; family++)
		for (const struct kind *const *kind = family->kinds; *kind; kind++)
			if (!strcmp((*kind)->name, name)) {
				if (found)
					printf("\n");
				describe_kind(family, *kind);
				found = true;
			}
	return found;
}

static enum outcome print_schema(const struct field *fields, const char *title)
{
	_json_ json_t *schema = field_schema(fields);

	json_object_set_new(schema, "title", json_string(title));
	json_dumpf(schema, stdout, JSON_INDENT(2));
	printf("\n");
	return OUTCOME_OK;
}

static enum outcome unknown(const char *name)
{
	const char *names[64] = { "experiment", "topology" };
	const char *near;
	size_t count = 2;
	struct err err;

	for (const struct kind_family *family = kind_families; family->name; family++)
		for (const struct kind *const *kind = family->kinds; *kind && count < 63; kind++)
			names[count++] = (*kind)->name;
	near = field_nearest(name, names);
	err_usage(&err,
		  "no kind \"%s\"%s%s%s (`labrun list` names them; experiment and topology "
		  "are the files)",
		  name, near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
	return cmd_fail(&err);
}

static const struct cmd_option options[] = {
	{ 's', "schema", NULL, "the JSON Schema of experiment or topology", CMD_ANYTHING },
	{ 'm', "man", NULL, "a manual page, mdoc(7): of labrun, experiment or topology",
	  CMD_ANYTHING },
	{},
};

const struct cmd_manual cmd_manual_describe = { .options = options, .operand = CMD_KIND };

static const struct field *file_fields(const char *name)
{
	if (!strcmp(name, "experiment"))
		return experiment_fields;
	return strcmp(name, "topology") ? NULL : topology_fields;
}

enum outcome cmd_describe(int argc, char **argv)
{
	const struct field *fields;
	bool schema = false, manual = false;
	int option;

	while ((option = cmd_next_option(&cmd_manual_describe, argc, argv)) != -1) {
		if (option == 's')
			schema = true;
		else if (option == 'm')
			manual = true;
		else
			return cmd_usage("describe", "see labrun describe --help");
	}
	if (argc - optind != 1)
		return cmd_usage("describe", "one kind, or experiment, or topology");
	if (manual && !schema && manual_write(argv[optind], stdout))
		return OUTCOME_OK;
	if (manual)
		return cmd_usage("describe", "--man is for labrun, experiment and topology");
	fields = file_fields(argv[optind]);
	if (schema && fields)
		return print_schema(fields, argv[optind]);
	if (schema)
		return cmd_usage("describe", "--schema is for experiment and topology");
	if (fields)
		field_describe(fields, stdout, 0);
	else if (!describe_kinds(argv[optind]))
		return unknown(argv[optind]);
	return OUTCOME_OK;
}
