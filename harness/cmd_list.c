// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cmd.h"

#include "harness/cleanup.h"
#include "harness/document.h"
#include "harness/file.h"
#include "harness/kind_table.h"

#include <stdbool.h>
#include <string.h>

/* A title is what a file says, and may come from anywhere: nothing for the terminal in it. */
#define NAME_WIDTH 23

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static void print_file(const char *folder, const char *name)
{
	_free_ char *path = file_data_path(folder, name, ".json");
	_json_ json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	const char *title = json_string_value(json_object_get(json, "title"));

	printf("  %-*s %s\n", NAME_WIDTH, name, title && is_printable(title) ? title : "");
}

static void print_folder(const char *folder)
{
	_arena_ struct arena *arena = arena_new();
	_free_ char *path = file_data_path(folder, "", "");
	const char *const *names = document_names(folder, arena);

	printf("%s:\n", folder);
	if (!names)
		printf("  none: there is no %s\n", path);
	for (; names && *names; names++)
		print_file(folder, *names);
	printf("\n");
}

static void print_kinds(const struct kind_family *family)
{
	printf("%ss:\n", family->name);
	for (const struct kind *const *kind = family->kinds; *kind; kind++)
		printf("  %-*s %s\n", NAME_WIDTH, (*kind)->name, (*kind)->help);
	if (family[1].name)
		printf("\n");
}

const struct cmd_manual cmd_manual_list = {};

enum outcome cmd_list(int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return cmd_usage("list", "takes no arguments");
	print_folder("experiments");
	print_folder("topologies");
	for (const struct kind_family *family = kind_families; family->name; family++)
		print_kinds(family);
	return OUTCOME_OK;
}
