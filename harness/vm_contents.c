// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_contents.h"

#include "harness/cleanup.h"
#include "harness/elf_needs.h"
#include "harness/file.h"
#include "harness/vm_cache.h"
#include "harness/vm_modinfo.h"
#include "harness/vm_modules.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* Through the link: a program that was built anew meanwhile is still the one that runs. */
#define OWN_PROGRAM "/proc/self/exe"

static const char *const empty_folders[] = { "dev", "etc", "proc", "results", "root",
					     "run", "sys", "tmp",  "work" };

void vm_contents_done(struct vm_contents *contents)
{
	for (size_t i = 0; i < contents->count; i++) {
		free(contents->items[i].name);
		free(contents->items[i].source);
	}
	free(contents->items);
	*contents = (struct vm_contents){ 0 };
}

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static void push(struct vm_contents *contents, const struct vm_item *item)
{
	struct vm_item *grown = reallocarray(contents->items, contents->count + 1, sizeof(*grown));

	if (!grown)
		abort();
	contents->items = grown;
	grown[contents->count] = *item;
	grown[contents->count].name = copy_text(item->name);
	grown[contents->count].source = item->source ? copy_text(item->source) : NULL;
	contents->count++;
}

/* With all folders above it; what is there twice goes when all is sorted. */
static void add(struct vm_contents *contents, enum vm_item_type type, const char *name,
		const char *source, unsigned permissions)
{
	_free_ char *copy = copy_text(name + strspn(name, "/")), *given = NULL;
	char *slash = copy;

	while ((slash = strchr(slash, '/'))) {
		*slash = '\0';
		push(contents, &(struct vm_item){ .type = VM_ITEM_FOLDER, .name = copy });
		*slash++ = '/';
	}
	given = source ? copy_text(source) : NULL;
	push(contents, &(struct vm_item){ type, copy, given, permissions });
}

/* As proc.h finds a program: an ordinary user's PATH often lacks the folders that hold nft. */
static char *find_tool(const char *tool)
{
	const char *path = getenv("PATH");
	_free_ char *folders = NULL;
	char *save;

	if (asprintf(&folders, "%s:/usr/local/sbin:/usr/sbin:/sbin",
		     path ? path : "/usr/bin:/bin") < 0)
		abort();
	for (char *folder = strtok_r(folders, ":", &save); folder;
	     folder = strtok_r(NULL, ":", &save)) {
		_free_ char *candidate = vm_path(folder, tool);

		if (folder[0] == '/' && !access(candidate, X_OK))
			return realpath(candidate, NULL);
	}
	return NULL;
}

/* The same program under several names (xtables-legacy-multi) is one file and links to it. */
static void add_program(struct vm_contents *contents, const char *tool, const char *path)
{
	_free_ char *name = vm_path("sbin", tool);

	for (size_t i = 0; i < contents->count; i++) {
		const struct vm_item *item = &contents->items[i];

		if (item->type == VM_ITEM_FILE && !strcmp(item->source, path) &&
		    !strncmp(item->name, "sbin/", 5)) {
			_free_ char *target = copy_text(item->name + 5);

			add(contents, VM_ITEM_LINK, name, target, 0);
			return;
		}
	}
	add(contents, VM_ITEM_FILE, name, path, 0755);
}

/* The folder of a path; "/" has none here. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? strndup(path, (size_t)(slash - path)) : NULL;
}

/* iptables opens a library for each match and target, in a folder beside libxtables. */
static int add_xtables(struct vm_contents *contents, struct elf_needs *needs, struct err *err)
{
	_free_ char *real = NULL, *beside = NULL, *folder = NULL;
	_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int code = 0;

	for (size_t i = 0; i < needs->count && !real; i++)
		if (!strncmp(needs->libraries[i].name, "libxtables.so", 13))
			real = realpath(needs->libraries[i].path, NULL);
	beside = real ? folder_of(real) : NULL;
	if (!beside)
		return 0;
	folder = vm_path(beside, "xtables");
	dir = opendir(folder);
	while (dir && !code && (entry = readdir(dir))) {
		_free_ char *path = vm_path(folder, entry->d_name);
		const char *dot = strrchr(entry->d_name, '.');

		if (!dot || strcmp(dot, ".so"))
			continue;
		add(contents, VM_ITEM_FILE, path, path, 0644);
		code = elf_needs_add(needs, path, err);
	}
	return code;
}

static int add_tools(struct vm_contents *contents, struct elf_needs *needs,
		     const char *const *tools, struct err *err)
{
	bool xtables = false;
	int code = 0;

	for (; !code && tools && *tools; tools++) {
		bool optional = **tools == '?';
		const char *tool = *tools + optional;
		_free_ char *path = find_tool(tool);

		if (!path && optional)
			continue;
		if (!path)
			return err_need(err, "%s is not installed", tool);
		add_program(contents, tool, path);
		code = elf_needs_add(needs, path, err);
		xtables |= strstr(tool, "tables") != NULL;
	}
	return !code && xtables ? add_xtables(contents, needs, err) : code;
}

/*
 * All beside libc, which is in one of the folders that the loader looks in without being told: its
 * cache is not there, and neither are the paths of a build tree.
 */
static void add_libraries(struct vm_contents *contents, const struct elf_needs *needs)
{
	_free_ char *folder = NULL;

	for (size_t i = 0; i < needs->count; i++)
		if (!strcmp(needs->libraries[i].name, "libc.so.6"))
			folder = folder_of(needs->libraries[i].path);
	for (size_t i = 0; i < needs->count; i++) {
		const char *name = strrchr(needs->libraries[i].name, '/');
		_free_ char *path = vm_path(folder ? folder : "lib",
					    name ? name + 1 : needs->libraries[i].name);

		add(contents, VM_ITEM_FILE, path, needs->libraries[i].path, 0755);
	}
	if (needs->interpreter)
		add(contents, VM_ITEM_FILE, needs->interpreter, needs->interpreter, 0755);
}

static int add_programs(struct vm_contents *contents, const struct vm_initramfs *what,
			struct err *err)
{
	__attribute__((cleanup(elf_needs_done))) struct elf_needs needs = { 0 };
	const char *program = what->program ? what->program : OWN_PROGRAM;
	int code = elf_needs_add(&needs, program, err);

	if (!code)
		code = add_tools(contents, &needs, what->tools, err);
	if (code)
		return code;
	add_libraries(contents, &needs);
	add(contents, VM_ITEM_FILE, "labrun", program, 0755);
	add(contents, VM_ITEM_LINK, "init", "labrun", 0);
	return 0;
}

static int add_data(struct vm_contents *contents, const char *name, struct err *err)
{
	_free_ char *data = file_data_dir(), *folder = vm_path(data, name);
	_free_ char *inside = vm_path("data", name);
	_closedir_ DIR *dir = opendir(folder);
	struct dirent *entry;

	if (!dir)
		return err_errno(err, -errno, "cannot read '%s'", folder);
	add(contents, VM_ITEM_FOLDER, inside, NULL, 0);
	while ((entry = readdir(dir))) {
		_free_ char *path = vm_path(folder, entry->d_name);
		_free_ char *target = vm_path(inside, entry->d_name);
		const char *dot = strrchr(entry->d_name, '.');

		if (entry->d_name[0] != '.' && dot && !strcmp(dot, ".json"))
			add(contents, VM_ITEM_FILE, target, path, 0644);
	}
	return 0;
}

static int add_modules(struct vm_contents *contents, const struct vm_initramfs *what,
		       struct err *err)
{
	__attribute__((cleanup(vm_modules_done))) struct vm_modules modules = { 0 };
	_free_ char *list = copy_text("");
	int code = 0;

	if (what->modules && what->kernel->modules)
		code = vm_modules_find(&modules, what->kernel->modules, what->modules, err);
	if (code)
		return err_wrap(err, code, "kernel %s", what->kernel->release);
	for (size_t i = 0; i < modules.count; i++) {
		_free_ char *module = vm_module_name(modules.paths[i]), *name = NULL;
		_free_ char *before = list;

		if (asprintf(&name, "modules/%s.ko", module) < 0 ||
		    asprintf(&list, "%s/%s\n", before, name) < 0)
			abort();
		add(contents, VM_ITEM_MODULE, name, modules.paths[i], 0644);
	}
	add(contents, VM_ITEM_FOLDER, "modules", NULL, 0);
	add(contents, VM_ITEM_TEXT, "modules.list", list, 0644);
	return 0;
}

static int compare_items(const void *a, const void *b)
{
	return strcmp(((const struct vm_item *)a)->name, ((const struct vm_item *)b)->name);
}

static void sort(struct vm_contents *contents)
{
	size_t kept = 0;

	qsort(contents->items, contents->count, sizeof(*contents->items), compare_items);
	for (size_t i = 0; i < contents->count; i++) {
		if (kept && !compare_items(&contents->items[kept - 1], &contents->items[i])) {
			free(contents->items[i].name);
			free(contents->items[i].source);
		} else {
			contents->items[kept++] = contents->items[i];
		}
	}
	contents->count = kept;
}

int vm_contents_gather(struct vm_contents *ret, const struct vm_initramfs *what, struct err *err)
{
	int code;

	*ret = (struct vm_contents){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(empty_folders); i++)
		add(ret, VM_ITEM_FOLDER, empty_folders[i], NULL, 0);
	code = add_programs(ret, what, err);
	if (!code)
		code = add_data(ret, "experiments", err);
	if (!code)
		code = add_data(ret, "topologies", err);
	if (!code)
		code = add_modules(ret, what, err);
	if (code)
		vm_contents_done(ret);
	else
		sort(ret);
	return code;
}

static int write_key(FILE *file, const struct vm_item *item, struct err *err)
{
	struct stat status;

	fprintf(file, "%d %s %o %s\n", item->type, item->name, item->permissions,
		item->source ? item->source : "");
	if (item->type != VM_ITEM_FILE && item->type != VM_ITEM_MODULE)
		return 0;
	if (stat(item->source, &status))
		return err_errno(err, -errno, "cannot read '%s'", item->source);
	fprintf(file, "%ju %ju %jd %jd.%09ld %jd.%09ld\n", (uintmax_t)status.st_dev,
		(uintmax_t)status.st_ino, (intmax_t)status.st_size, (intmax_t)status.st_mtim.tv_sec,
		status.st_mtim.tv_nsec, (intmax_t)status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
	return 0;
}

int vm_contents_key(const struct vm_contents *contents, char **ret_text, struct err *err)
{
	size_t size;
	FILE *file = open_memstream(ret_text, &size);
	int code = 0;

	if (!file)
		abort();
	for (size_t i = 0; !code && i < contents->count; i++)
		code = write_key(file, &contents->items[i], err);
	if (fclose(file))
		abort();
	return code;
}

static int write_module(struct cpio *cpio, const struct vm_item *item, struct err *err)
{
	_free_ char *bytes = NULL;
	size_t count = 0;
	int code = vm_module_read(item->source, &bytes, &count, err);

	return code ? code : cpio_add_bytes(cpio, item->name, item->permissions, bytes, count, err);
}

static int write_item(struct cpio *cpio, const struct vm_item *item, struct err *err)
{
	switch (item->type) {
	case VM_ITEM_FOLDER:
		return cpio_add_folder(cpio, item->name, err);
	case VM_ITEM_FILE:
		return cpio_add_file(cpio, item->name, item->permissions, item->source, err);
	case VM_ITEM_MODULE:
		return write_module(cpio, item, err);
	case VM_ITEM_TEXT:
		return cpio_add_bytes(cpio, item->name, item->permissions, item->source,
				      strlen(item->source), err);
	case VM_ITEM_LINK:
		return cpio_add_link(cpio, item->name, item->source, err);
	}
	abort();
}

int vm_contents_write(const struct vm_contents *contents, struct cpio *cpio, struct err *err)
{
	int code = 0;

	for (size_t i = 0; !code && i < contents->count; i++)
		code = write_item(cpio, &contents->items[i], err);
	return code ? code : cpio_end(cpio, err);
}
