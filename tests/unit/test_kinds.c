// SPDX-License-Identifier: GPL-2.0-only
/*
 * The list of kinds against the files on disk, and the tables of all fields there are: a kind that
 * is added enters here without a word, and one without help, bounds or units does not pass.
 */
#include "tests/test.h"

#include "bpf/probe.h"
#include "harness/cleanup.h"
#include "harness/experiment.h"
#include "harness/file.h"
#include "harness/kind_table.h"

#include <string.h>

/* Where the kinds of a family are defined, and by what words. */
static const struct shape {
	const char *family, *folder, *prefix, *definition;
	const char *beside[2]; /* what else belongs to one, by suffix */
} shapes[] = {
	{ "device", "topologies", "", "\nconst struct device_ops device_", {} },
	{ "feature", "topologies", "", "\nconst struct feature_ops feature_", {} },
	{ "load", "loadgen", "", "\nconst struct load_ops load_", {} },
	{ "probe", "bpf", "", "\nconst struct probe_ops probe_", { ".bpf.c", ".h" } },
	{ "claim", "harness", "claim_", "\nconst struct kind claim_", {} },
};

static const struct shape *find_shape(const char *family)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (!strcmp(shapes[i].family, family))
			return &shapes[i];
	fail_msg("where are the kinds of %s?", family);
	return NULL;
}

static const struct kind_family *find_family(const char *name)
{
	for (const struct kind_family *family = kind_families; family->name; family++)
		if (!strcmp(family->name, name))
			return family;
	fail_msg("there is no family %s", name);
	return NULL;
}

static const struct kind *find_kind(const struct kind_family *family, const char *name,
				    size_t length)
{
	for (const struct kind *const *kind = family->kinds; *kind; kind++)
		if (strlen((*kind)->name) == length && !strncmp((*kind)->name, name, length))
			return *kind;
	return NULL;
}

static char *read_text(const char *path)
{
	struct err err = {};
	char *text = NULL;

	if (file_read(path, &text, NULL, &err))
		fail_msg("%s", err.text);
	return text;
}

static void check_file(const struct shape *shape, const struct kind *kind)
{
	char path[200], definition[200];
	_free_ char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s%s.c", shape->folder, shape->prefix, kind->name);
	snprintf(definition, sizeof(definition), "%s%s =", shape->definition, kind->name);
	text = read_text(path);
	if (!strstr(text, definition))
		fail_msg("%s does not define the %s %s", path, shape->family, kind->name);
	/* A probe that needs no program has none. */
	for (size_t i = 0;
	     strstr(text, ".skel.h\"") && i < ARRAY_SIZE(shape->beside) && shape->beside[i]; i++) {
		snprintf(path, sizeof(path), "%s/%s%s", shape->folder, kind->name,
			 shape->beside[i]);
		if (access(path, R_OK))
			fail_msg("there is no %s", path);
	}
}

static void test_files_of_kinds(void **state)
{
	(void)state;
	for (const struct kind_family *family = kind_families; family->name; family++) {
		assert_non_null(family->kinds[0]);
		for (const struct kind *const *kind = family->kinds; *kind; kind++)
			check_file(find_shape(family->name), *kind);
	}
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

/* Whatever a file defines must be in the list, under the file's own name. */
static void check_definitions(const struct shape *shape, const char *path, const char *file)
{
	_free_ char *text = read_text(path);
	const char *at = text;

	while ((at = strstr(at, shape->definition))) {
		size_t length = strcspn(at += strlen(shape->definition), " =[");
		const struct kind *kind = find_kind(find_family(shape->family), at, length);
		char expected[100];

		if (!kind)
			fail_msg("%s: the %s %.*s is not in harness/kinds.h", path, shape->family,
				 (int)length, at);
		snprintf(expected, sizeof(expected), "%s%s.c", shape->prefix, kind->name);
		assert_string_equal(file, expected);
	}
}

static void check_folder(const struct shape *shape)
{
	_closedir_ DIR *dir = opendir(shape->folder);
	struct dirent *entry;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[400];

		snprintf(path, sizeof(path), "%s/%s", shape->folder, entry->d_name);
		if (ends_with(path, ".c") && !ends_with(path, ".bpf.c"))
			check_definitions(shape, path, entry->d_name);
	}
}

static void test_kinds_of_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		check_folder(&shapes[i]);
}

static void test_names_are_unique(void **state)
{
	(void)state;
	for (const struct kind_family *family = kind_families; family->name; family++)
		for (const struct kind *const *kind = family->kinds; *kind; kind++)
			assert_ptr_equal(find_kind(family, (*kind)->name, strlen((*kind)->name)),
					 *kind);
}

static const char *expected_unit(const char *name)
{
	static const char *const units[][2] = {
		{ "_ns", "ns" },       { "_us", "us" },	  { "_ms", "ms" },     { "_s", "s" },
		{ "_bytes", "bytes" }, { "_pps", "pps" }, { "_percent", "%" },
	};

	if (!strcmp(name, "size") || !strcmp(name, "mtu"))
		return "bytes";
	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (ends_with(name, units[i][0]))
			return units[i][1];
	return NULL;
}

/* `where`: the dotted names above, for who reads the failure. */
static void check_number(const struct field *field, const char *where)
{
	const char *unit = expected_unit(field->name);
	bool bounded = field->max > field->min;

	if (unit && (!field->unit || strcmp(field->unit, unit)))
		fail_msg("%s: a name like this has the unit %s", where, unit);
	/* A figure in the unit of whatever is compared may be any. */
	if (!bounded && (field->type == FIELD_UINT || !field->unit))
		fail_msg("%s: a number without bounds", where);
}

static bool is_sentence(const char *help)
{
	return help && *help && !strchr(" \n", help[0]) && !strstr(help, "  ");
}

static void check_table(const struct field *fields, const struct field *also, const char *up);

static void check_field(const struct field *field, const char *up)
{
	const char *help = field->kind ? field->kind->help : field->help;
	char where[300];

	snprintf(where, sizeof(where), "%s.%s", up, field->name ?: "[]");
	if (!is_sentence(help))
		fail_msg("%s: no help", where);
	if (field->type == FIELD_UINT || field->type == FIELD_REAL)
		check_number(field, where);
	if (field->type == FIELD_CHOICE && (!field->choices || !field->choices[0]))
		fail_msg("%s: nothing to choose from", where);
	if (field->fallback && field->optional)
		fail_msg("%s: both optional and with a default", where);
	if (field->element)
		check_field(field->element, where);
	/* Kinds are visited by their families. */
	if (field->fields && field->type == FIELD_OBJECT)
		check_table(field->fields, NULL, where);
}

static bool names(const struct field *fields, const char *name, const struct field *but)
{
	for (; fields && fields->name; fields++)
		if (fields != but && !strcmp(fields->name, name))
			return true;
	return false;
}

static void check_table(const struct field *fields, const struct field *also, const char *up)
{
	for (const struct field *field = fields; field && field->name; field++) {
		check_field(field, up);
		if (names(fields, field->name, field) || names(also, field->name, NULL))
			fail_msg("%s.%s: declared twice", up, field->name);
	}
}

static void test_fields(void **state)
{
	(void)state;
	for (const struct kind_family *family = kind_families; family->name; family++) {
		if (family->common)
			check_table(family->common, NULL, family->name);
		for (const struct kind *const *kind = family->kinds; *kind; kind++) {
			assert_true(is_sentence((*kind)->help));
			check_table((*kind)->fields, family->common, (*kind)->name);
			if (names((*kind)->fields, "kind", NULL))
				fail_msg("%s: \"kind\" names the kind itself", (*kind)->name);
		}
	}
	check_table(experiment_fields, NULL, "experiment");
	check_table(topology_fields, NULL, "topology");
}

/* An example, and with it the defaults of all else, must be what the tables themselves take. */
static void check_example(const struct kind *kind)
{
	_free_ char *text = NULL;
	_json_ json_t *json = NULL;
	_arena_ struct arena *arena = arena_new();
	_diag_ struct diag *diag = diag_new(kind->name, NULL, 0);

	if (asprintf(&text, "{%s}", kind->example ?: "") < 0)
		abort();
	json = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	if (!json)
		fail_msg("%s: the example is not JSON: %s", kind->name, text);
	field_parse(kind->fields, json, NULL, arena_alloc(arena, kind->params_size), arena, diag);
	if (diag_count(diag))
		fail_msg("%s: the example %s: %s", kind->name, text, diag_get(diag, 0)->message);
}

static void test_examples(void **state)
{
	(void)state;
	for (const struct kind_family *family = kind_families; family->name; family++)
		for (const struct kind *const *kind = family->kinds; *kind; kind++)
			if ((*kind)->example || strcmp(family->name, "claim"))
				check_example(*kind);
}

static int enter_source_tree(void **state)
{
	_free_ char *dir = file_data_dir();

	(void)state;
	return access("harness/kinds.h", R_OK) ? chdir(dir) : 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files_of_kinds),	 cmocka_unit_test(test_kinds_of_files),
		cmocka_unit_test(test_names_are_unique), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_examples),
	};

	return cmocka_run_group_tests(tests, enter_source_tree, NULL);
}
