// SPDX-License-Identifier: GPL-2.0-only
#include "harness/document.h"

#include "harness/cleanup.h"
#include "harness/field.h"
#include "harness/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The text that jansson quotes at the end of a message, as it stands in the file. */
static size_t near_characters(const char *message)
{
	const char *near = strstr(message, " near '");
	size_t count = 0;

	if (!near || !strncmp(message, "unable to decode", strlen("unable to decode")))
		return 0;
	for (near += strlen(" near '"); near[0] && near[1]; near++)
		count += ((unsigned char)near[0] & 0xc0) != 0x80;
	return count;
}

/* jansson has read what is wrong when it says so; its beginning is where to look. */
static void add_syntax_fault(struct diag *diag, const json_error_t *error)
{
	size_t back = near_characters(error->text), column = error->column > 0 ? error->column : 1;
	const char *text = error->text;

	if (back && back <= column)
		column -= back - 1;
	/* Its own words are for who calls it. */
	if (json_error_code(error) == json_error_null_character)
		text = "a string cannot hold \\u0000";
	diag_add_position(diag, error->line > 0 ? (unsigned)error->line : 1, (unsigned)column, "%s",
			  text);
}

/* Parsed, a text of braces takes 300 times its size. */
#define DOCUMENT_MAX_BYTES (2u << 20)

int document_read(struct document *ret, const char *path, struct err *err)
{
	struct document document = {};
	json_error_t error;
	int code = file_read(path, &document.text, &document.length, err);

	if (!code && document.length > DOCUMENT_MAX_BYTES)
		code = err_set(err, -EFBIG, "'%s' is larger than 2 MiB", path);
	if (code) {
		free(document.text);
		err->class = ERR_USAGE;
		return code;
	}
	document.path = strdup(path);
	document.diag = diag_new(document.path, document.text, document.length);
	document.json = json_loadb(document.text, document.length, JSON_REJECT_DUPLICATES, &error);
	if (!document.json)
		add_syntax_fault(document.diag, &error);
	*ret = document;
	return 0;
}

void document_done(struct document *document)
{
	diag_free(document->diag);
	json_decref(document->json);
	free(document->path);
	free(document->text);
	*document = (struct document){};
}

static bool is_path(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') || (length > 5 && !strcmp(name + length - 5, ".json"));
}

static int is_named(const struct dirent *entry)
{
	return is_path(entry->d_name) && !strstr(entry->d_name, ".schema.");
}

const char *const *document_names(const char *folder, struct arena *arena)
{
	_free_ char *path = file_data_path(folder, "", "");
	struct dirent **entries = NULL;
	int count = scandir(path, &entries, is_named, alphasort);
	const char **names = NULL;

	if (count >= 0)
		names = arena_alloc(arena, ((size_t)count + 1) * sizeof(*names));
	for (int i = 0; i < count; i++) {
		names[i] = arena_printf(arena, "%.*s", (int)strlen(entries[i]->d_name) - 5,
					entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return names;
}

static void refuse_name(const char *name, struct err *err)
{
	_arena_ struct arena *arena = arena_new();
	const char *const *names = document_names("experiments", arena);
	const char *near = names ? field_nearest(name, names) : NULL;

	err_usage(err,
		  "no experiment \"%s\"%s%s%s (`labrun list` names them; a file is given by its "
		  "path)",
		  name, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

char *document_find_experiment(const char *name, struct err *err)
{
	char *path = is_path(name) ? strdup(name) : file_data_path("experiments", name, ".json");

	if (path && !access(path, F_OK))
		return path;
	free(path);
	if (is_path(name))
		err_usage(err, "%s: no such file", name);
	else
		refuse_name(name, err);
	return NULL;
}

static char *if_there(const char *folder, size_t length, const char *between, const char *name)
{
	char *path;

	if (asprintf(&path, "%.*s%s%s.json", (int)length, folder, between, name) < 0)
		return NULL;
	if (!access(path, R_OK))
		return path;
	free(path);
	return NULL;
}

char *document_find_topology(const char *name, const char *experiment_path)
{
	const char *slash = experiment_path ? strrchr(experiment_path, '/') : NULL;
	size_t length = slash ? (size_t)(slash - experiment_path) : 1;
	const char *folder = slash ? experiment_path : ".";
	char *path = NULL;

	if (strstr(name, "..") || strchr(name, '/'))
		return NULL;
	if (experiment_path)
		path = if_there(folder, length, "/topologies/", name);
	if (!path && experiment_path)
		path = if_there(folder, length, "/../topologies/", name);
	if (!path)
		path = file_data_path("topologies", name, ".json");
	if (path && access(path, R_OK))
		path = (free(path), NULL);
	return path;
}

char *document_find_named_topology(const char *name, struct err *err)
{
	char *path = is_path(name) ? strdup(name) : document_find_topology(name, NULL);

	if (!path)
		err_usage(err, "no topology \"%s\" (`labrun list` names them)", name);
	return path;
}
