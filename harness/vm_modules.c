// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_modules.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_modinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

/* A line of modules.dep: the file, and what it needs as text. */
struct entry {
	char *name;
	char *line; /* "kernel/net/x.ko", a NUL in place of the colon, then " kernel/net/y.ko ..."
		     */
	const char *needs;
	bool visited;
};

struct index {
	const char *folder;
	struct entry *entries; /* sorted by name */
	size_t count;
	char *soft, *aliases, *builtin; /* whole files, or "" */
};

static void index_done(struct index *index)
{
	for (size_t i = 0; i < index->count; i++) {
		free(index->entries[i].name);
		free(index->entries[i].line);
	}
	free(index->entries);
	free(index->soft);
	free(index->aliases);
	free(index->builtin);
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static void index_add(struct index *index, const char *line)
{
	struct entry *grown = reallocarray(index->entries, index->count + 1, sizeof(*grown));
	char *copy = strdup(line), *colon;

	if (!grown || !copy)
		abort();
	index->entries = grown;
	copy[strcspn(copy, "\n")] = '\0';
	colon = strchr(copy, ':');
	if (!colon) {
		free(copy);
		return;
	}
	*colon = '\0';
	grown[index->count++] =
		(struct entry){ .name = vm_module_name(copy), .line = copy, .needs = colon + 1 };
}

/* A text file that may be missing. */
static char *read_text(const char *folder, const char *name)
{
	_free_ char *path = vm_path(folder, name);
	struct err ignored;
	char *text = NULL;

	if (file_read(path, &text, NULL, &ignored))
		text = strdup("");
	if (!text)
		abort();
	return text;
}

static int index_read(struct index *index, const char *folder, struct err *err)
{
	_free_ char *path = vm_path(folder, "modules.dep"), *line = NULL;
	_fclose_ FILE *file = fopen(path, "re");
	size_t size = 0;

	if (!file)
		return err_usage(err,
				 "'%s' is not a folder of kernel modules: no modules.dep "
				 "(depmod writes it)",
				 folder);
	while (getline(&line, &size, file) > 0)
		index_add(index, line);
	if (index->count)
		qsort(index->entries, index->count, sizeof(*index->entries), compare_entries);
	index->folder = folder;
	index->soft = read_text(folder, "modules.softdep");
	index->aliases = read_text(folder, "modules.alias");
	index->builtin = read_text(folder, "modules.builtin");
	return 0;
}

static struct entry *find_entry(const struct index *index, const char *name)
{
	_free_ char *plain = vm_module_name(name);
	struct entry key = { .name = plain };

	return index->count
		       ? bsearch(&key, index->entries, index->count, sizeof(key), compare_entries)
		       : NULL;
}

/* The next line, moving *at on; a copy that the caller frees, NULL at the end. */
static char *next_line(const char **at)
{
	size_t length = strcspn(*at, "\n");
	char *line;

	if (!**at)
		return NULL;
	line = strndup(*at, length);
	if (!line)
		abort();
	*at += length + ((*at)[length] == '\n');
	return line;
}

/*
 * Several may bear one alias. Not one of kernel/arch, which wants a CPU of its own kind: the plain
 * one is another module, or built in.
 */
static struct entry *find_alias(const struct index *index, const char *alias)
{
	struct entry *found = NULL;
	const char *at = index->aliases;
	char *line;

	while (!found && (line = next_line(&at))) {
		_free_ char *owned = line;
		char name[64], module[64];

		if (sscanf(owned, "alias %63s %63s", name, module) == 2 && !strcmp(name, alias))
			found = find_entry(index, module);
		if (found && !strncmp(found->line, "kernel/arch/", strlen("kernel/arch/")))
			found = NULL;
	}
	return found;
}

static bool is_builtin(const struct index *index, const char *name)
{
	_free_ char *wanted = vm_module_name(name);
	const char *at = index->builtin;
	bool found = false;
	char *line;

	while (!found && (line = next_line(&at))) {
		_free_ char *owned = line, *builtin = vm_module_name(owned);

		found = !strcmp(builtin, wanted);
	}
	return found;
}

/* depmod writes whole paths for what lies outside of its folder. The caller frees. */
static char *whole_path(const struct index *index, const char *relative)
{
	char *path = relative[0] == '/' ? strdup(relative) : vm_path(index->folder, relative);

	if (!path)
		abort();
	return path;
}

static void paths_add(struct vm_modules *modules, const struct index *index, const char *relative)
{
	char **grown = reallocarray(modules->paths, modules->count + 1, sizeof(*grown));

	if (!grown)
		abort();
	modules->paths = grown;
	grown[modules->count++] = whole_path(index, relative);
}

static void visit(struct vm_modules *modules, const struct index *index, struct entry *entry);

/* What a line "softdep NAME pre: a b post: c" wants before. */
static void visit_soft(struct vm_modules *modules, const struct index *index, char *line,
		       const char *name)
{
	char *save, *word = strtok_r(line, " \t", &save), *of = strtok_r(NULL, " \t", &save);
	bool before = false;

	if (!word || !of || strcmp(word, "softdep") || strcmp(of, name))
		return;
	while ((word = strtok_r(NULL, " \t", &save))) {
		struct entry *wanted;

		if (!strncmp(word, "pre:", 4)) {
			before = true;
			word += 4;
		} else if (!strncmp(word, "post:", 5)) {
			before = false;
			word += 5;
		}
		wanted = before && *word ? find_entry(index, word) : NULL;
		if (!wanted && before && *word)
			wanted = find_alias(index, word);
		if (wanted)
			visit(modules, index, wanted);
	}
}

/* Depth first, what is needed before what needs it; a circle ends where it began. */
static void visit(struct vm_modules *modules, const struct index *index, struct entry *entry)
{
	_free_ char *needs = strdup(entry->needs);
	const char *at = index->soft;
	char *save, *line;

	if (!needs)
		abort();
	if (entry->visited)
		return;
	entry->visited = true;
	while ((line = next_line(&at))) {
		_free_ char *owned = line;

		visit_soft(modules, index, owned, entry->name);
	}
	for (char *word = strtok_r(needs, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		struct entry *needed = find_entry(index, word);

		if (needed)
			visit(modules, index, needed);
	}
	paths_add(modules, index, entry->line);
}

static int find_all(struct vm_modules *modules, const struct index *index, const char *const *names,
		    struct err *err)
{
	for (; *names; names++) {
		bool optional = **names == '?';
		const char *name = *names + optional;
		struct entry *entry = find_entry(index, name);

		if (!entry && !is_builtin(index, name))
			entry = find_alias(index, name);
		if (entry)
			visit(modules, index, entry);
		else if (!optional && !is_builtin(index, name))
			return err_need(err, "this kernel has no module '%s'", name);
	}
	return 0;
}

int vm_modules_find(struct vm_modules *ret, const char *folder, const char *const *names,
		    struct err *err)
{
	__attribute__((cleanup(index_done))) struct index index = { 0 };
	int code = index_read(&index, folder, err);

	*ret = (struct vm_modules){ 0 };
	if (!code)
		code = find_all(ret, &index, names, err);
	if (code)
		vm_modules_done(ret);
	return code;
}

void vm_modules_done(struct vm_modules *modules)
{
	for (size_t i = 0; i < modules->count; i++)
		free(modules->paths[i]);
	free(modules->paths);
	*modules = (struct vm_modules){ 0 };
}

static const char *unpacker(const char *path)
{
	const char *dot = strrchr(path, '.');

	if (dot && !strcmp(dot, ".xz"))
		return "xz";
	if (dot && !strcmp(dot, ".zst"))
		return "zstd";
	return dot && !strcmp(dot, ".gz") ? "gzip" : NULL;
}

/* Without a file in between there is no way: a tool's output is kept as far as its first line. */
static int unpack_copy(const char *tool, const char *path, const char *folder, char **ret_path,
		       struct err *err)
{
	_unmap_ struct vm_file file = { 0 };
	_free_ char *copy = vm_path(folder, strrchr(path, '/') + 1);
	const char *const argv[] = { tool, "-dqf", "--", copy, NULL };
	int code = vm_file_map(&file, path, err);

	if (!code)
		code = file_write(copy, (const char *)file.bytes, file.size, err);
	if (!code)
		code = proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, err);
	if (code)
		return code;
	*strrchr(copy, '.') = '\0';
	*ret_path = steal_ptr(copy);
	return 0;
}

static int read_plain(const char *path, char **ret_bytes, size_t *ret_count, struct err *err)
{
	_unmap_ struct vm_file file = { 0 };
	struct vm_modinfo info;
	int code = vm_file_map(&file, path, err);

	if (code)
		return code;
	if (!vm_modinfo_find(&file, &info))
		return err_usage(err, "'%s' is not an x86-64 kernel module", path);
	*ret_count = vm_module_unsigned_size(&file);
	*ret_bytes = malloc(*ret_count);
	if (!*ret_bytes)
		abort();
	memcpy(*ret_bytes, file.bytes, *ret_count);
	return 0;
}

int vm_module_read(const char *path, char **ret_bytes, size_t *ret_count, struct err *err)
{
	char folder[] = "/tmp/labrun-module.XXXXXX";
	const char *tool = unpacker(path);
	_free_ char *plain = NULL;
	int code;

	if (!tool)
		return read_plain(path, ret_bytes, ret_count, err);
	if (!mkdtemp(folder))
		return err_errno(err, -errno, "cannot make the folder '%s'", folder);
	code = unpack_copy(tool, path, folder, &plain, err);
	if (!code)
		code = read_plain(plain, ret_bytes, ret_count, err);
	file_remove_tree(folder);
	return code;
}

/* "6.1.0-56-cloud-amd64 SMP preempt mod_unload modversions ": the first word is the release. */
static int check_release(const struct index *index, const char *path, const char *release,
			 struct err *err)
{
	size_t length = strlen(release), count = 0;
	_free_ char *bytes = NULL;
	struct vm_modinfo info;
	const char *magic;
	int code = vm_module_read(path, &bytes, &count, err);
	const struct vm_file file = { .bytes = (const unsigned char *)bytes, .size = count };

	if (code)
		return code;
	magic = vm_modinfo_find(&file, &info) ? vm_modinfo_next(&info, "vermagic", NULL) : NULL;
	if (!magic || (!strncmp(magic, release, length) && strchr(" ", magic[length])))
		return 0;
	return err_usage(err, "the modules in '%s' are for kernel %.*s, not for %s", index->folder,
			 (int)strcspn(magic, " "), magic, release);
}

int vm_modules_check(const char *folder, const char *release, struct err *err)
{
	__attribute__((cleanup(index_done))) struct index index = { 0 };
	int code = index_read(&index, folder, err);

	for (size_t i = 0; !code && i < index.count; i++) {
		_free_ char *path = whole_path(&index, index.entries[i].line);

		if (access(path, R_OK))
			code = err_usage(err, "'%s' is in modules.dep, but cannot be read: %s",
					 path, strerror(errno));
		else if (i == 0)
			code = check_release(&index, path, release, err);
	}
	return code;
}
