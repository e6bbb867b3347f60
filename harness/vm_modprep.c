// SPDX-License-Identifier: GPL-2.0-only
/*
 * What depmod does, from the modules' own .modinfo: it is a package that may not be there, and a
 * lab needs a part of the modules only.
 */
#include "harness/vm_modules.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_modinfo.h"

#include <errno.h>
#include <fts.h>
#include <string.h>

/* To a tool at once: well below any limit on the arguments' size. */
#define UNPACK_BATCH 256

struct module {
	char *path; /* whole */
	const char *relative; /* "kernel/net/..." within it */
	char *name;
	char *depends; /* "a,b" */
	char *soft; /* "a b": to be loaded before, by name or alias, if there */
	char *aliases; /* lines of modules.alias */
	bool kept;
};

struct modules {
	struct module *items;
	size_t count;
};

static void modules_free(struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		struct module *module = &modules->items[i];

		free(module->path);
		free(module->name);
		free(module->depends);
		free(module->soft);
		free(module->aliases);
	}
	free(modules->items);
}

#define _modules_ __attribute__((cleanup(modules_free)))

/* What is kept for its own sake; what these need is kept as well. */
static const char *const useful[] = {
	"kernel/net/",
	"kernel/lib/",
	"kernel/crypto/",
	"kernel/arch/x86/",
	"kernel/drivers/net",
	"kernel/drivers/virtio",
	"kernel/drivers/vhost",
	"kernel/drivers/char/",
	"kernel/drivers/ptp",
	"kernel/fs/9p/",
	"kernel/fs/fuse/",
	"kernel/fs/overlayfs/",
	"kernel/drivers/block/virtio_blk",
};

/* Drivers of hardware that no guest has, and of other hypervisors' devices. */
static const char *const useless[] = {
	"kernel/drivers/net/ethernet/",
	"kernel/drivers/net/wireless/",
	"kernel/drivers/net/hyperv/",
	"kernel/drivers/net/vmxnet3/",
	"kernel/drivers/net/xen",
	"kernel/drivers/net/wwan/",
	"kernel/drivers/net/usb/",
	"kernel/drivers/net/fddi/",
	"kernel/drivers/net/can/",
	"kernel/drivers/net/phy/",
	"kernel/net/sunrpc/",
	"kernel/net/ceph/",
	"kernel/net/rds/",
	"kernel/net/mac80211/",
	"kernel/net/wireless/",
	"kernel/net/bluetooth/",
	"kernel/arch/x86/kvm/",
	"kernel/drivers/char/tpm/",
};

static bool begins_with_any(const char *text, const char *const *starts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!strncmp(text, starts[i], strlen(starts[i])))
			return true;
	return false;
}

static bool is_useful(const char *relative)
{
	return begins_with_any(relative, useful, ARRAY_SIZE(useful)) &&
	       !begins_with_any(relative, useless, ARRAY_SIZE(useless));
}

static int compare_entries(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), count = strlen(end);

	return length >= count && !strcmp(text + length - count, end);
}

static void modules_add(struct modules *modules, const char *path, size_t folder_length)
{
	struct module *grown = reallocarray(modules->items, modules->count + 1, sizeof(*grown));
	char *copy = strdup(path);

	if (!grown || !copy)
		abort();
	modules->items = grown;
	grown[modules->count++] = (struct module){ .path = copy,
						   .relative = copy + folder_length + 1,
						   .name = vm_module_name(path) };
}

/* Every file in folder/kernel whose name ends so, in the order of their paths. */
static int collect(struct modules *modules, const char *folder, const char *suffix, struct err *err)
{
	_free_ char *root = vm_path(folder, "kernel");
	FTS *tree = fts_open((char *const[]){ root, NULL }, FTS_PHYSICAL | FTS_NOCHDIR,
			     compare_entries);
	FTSENT *entry;
	int code = 0;

	if (!tree)
		return err_errno(err, -errno, "cannot read '%s'", root);
	while (!code && (entry = fts_read(tree))) {
		if (entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR)
			code = err_errno(err, -entry->fts_errno, "cannot read '%s'",
					 entry->fts_path);
		if (entry->fts_info == FTS_F && ends_with(entry->fts_name, suffix))
			modules_add(modules, entry->fts_path, strlen(folder));
	}
	fts_close(tree);
	return code;
}

static int unpack_batch(const struct module *items, size_t count, const char *const *tool,
			struct err *err)
{
	const char *argv[UNPACK_BATCH + 8] = { NULL };
	size_t used = 0;

	while (tool[used]) {
		argv[used] = tool[used];
		used++;
	}
	for (size_t i = 0; i < count; i++)
		argv[used++] = items[i].path;
	return proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, err);
}

static int unpack_all(const char *folder, const char *suffix, const char *const *tool,
		      struct err *err)
{
	_modules_ struct modules packed = { 0 };
	int code = collect(&packed, folder, suffix, err);

	for (size_t i = 0; !code && i < packed.count; i += UNPACK_BATCH) {
		size_t left = packed.count - i;

		code = unpack_batch(packed.items + i, left < UNPACK_BATCH ? left : UNPACK_BATCH,
				    tool, err);
	}
	return code;
}

/* "pre: a b post: c" adds " a b". */
static void add_soft(char **soft, const char *value)
{
	const char *start = strstr(value, "pre:"), *end;
	char *grown;

	if (!start)
		return;
	start += strlen("pre:");
	end = strstr(start, "post:");
	if (asprintf(&grown, "%s%.*s ", *soft ? *soft : "",
		     (int)(end ? end - start : (ptrdiff_t)strlen(start)), start) < 0)
		abort();
	free(*soft);
	*soft = grown;
}

/* Only those that a module may be named by; the others name hardware. */
static void add_alias(struct module *module, const char *alias)
{
	char *grown;

	if (strpbrk(alias, ":*? \t\n"))
		return;
	if (asprintf(&grown, "%salias %s %s\n", module->aliases ? module->aliases : "", alias,
		     module->name) < 0)
		abort();
	free(module->aliases);
	module->aliases = grown;
}

static int read_info(struct module *module, struct err *err)
{
	_unmap_ struct vm_file file = { 0 };
	const char *value = NULL;
	struct vm_modinfo info;
	size_t size;
	int code = vm_file_map(&file, module->path, err);

	if (code)
		return code;
	if (!vm_modinfo_find(&file, &info))
		return err_set(err, -EBADMSG, "'%s' is not a kernel module", module->path);
	while ((value = vm_modinfo_next(&info, "softdep", value)))
		add_soft(&module->soft, value);
	while ((value = vm_modinfo_next(&info, "alias", value)))
		add_alias(module, value);
	value = vm_modinfo_next(&info, "depends", NULL);
	module->depends = strdup(value ? value : "");
	if (!module->depends)
		abort();
	size = vm_module_unsigned_size(&file);
	if (size < file.size && truncate(module->path, (off_t)size))
		return err_errno(err, -errno, "cannot write '%s'", module->path);
	return 0;
}

static struct module *find_named(struct modules *modules, const char *text, size_t length)
{
	_free_ char *plain = strndup(text, length), *name = NULL;

	if (!plain)
		abort();
	name = vm_module_name(plain);
	for (size_t i = 0; i < modules->count; i++)
		if (!strcmp(modules->items[i].name, name))
			return &modules->items[i];
	return NULL;
}

/* Those that have such an alias, too: "crc32c" is any of several. */
static void keep_aliased(struct modules *modules, const char *name, size_t length, bool *ret_more)
{
	for (size_t i = 0; i < modules->count; i++) {
		struct module *module = &modules->items[i];
		const char *line = module->aliases;

		for (; line && *line; line = strchr(line, '\n') + 1) {
			const char *alias = line + strlen("alias ");

			if (!module->kept && !strncmp(alias, name, length) && alias[length] == ' ')
				*ret_more = module->kept = true;
		}
	}
}

static void keep_listed(struct modules *modules, const char *list, bool *ret_more)
{
	for (const char *at = list; at && *(at += strspn(at, ", ")); at += strcspn(at, ", ")) {
		size_t length = strcspn(at, ", ");
		struct module *module = find_named(modules, at, length);

		if (!module)
			keep_aliased(modules, at, length, ret_more);
		if (module && !module->kept)
			*ret_more = module->kept = true;
	}
}

static void keep_needed(struct modules *modules)
{
	bool more = true;

	for (size_t i = 0; i < modules->count; i++)
		modules->items[i].kept = is_useful(modules->items[i].relative);
	while (more) {
		more = false;
		for (size_t i = 0; i < modules->count; i++) {
			if (!modules->items[i].kept)
				continue;
			keep_listed(modules, modules->items[i].depends, &more);
			keep_listed(modules, modules->items[i].soft, &more);
		}
	}
}

static void write_dep(FILE *file, struct modules *modules, const struct module *module)
{
	fprintf(file, "%s:", module->relative);
	for (const char *at = module->depends; *(at += strspn(at, ",")); at += strcspn(at, ",")) {
		const struct module *needed = find_named(modules, at, strcspn(at, ","));

		if (needed)
			fprintf(file, " %s", needed->relative);
	}
	fputc('\n', file);
}

enum table { TABLE_DEP, TABLE_SOFTDEP, TABLE_ALIAS };
static const char *const table_names[] = { "modules.dep", "modules.softdep", "modules.alias" };

static int write_table(struct modules *modules, const char *folder, enum table table,
		       struct err *err)
{
	_free_ char *path = vm_path(folder, table_names[table]);
	FILE *file = fopen(path, "we");

	if (!file)
		return err_errno(err, -errno, "cannot write '%s'", path);
	for (size_t i = 0; i < modules->count; i++) {
		const struct module *module = &modules->items[i];

		if (!module->kept)
			continue;
		if (table == TABLE_DEP)
			write_dep(file, modules, module);
		else if (table == TABLE_ALIAS && module->aliases)
			fputs(module->aliases, file);
		else if (table == TABLE_SOFTDEP && module->soft)
			fprintf(file, "softdep %s pre:%s\n", module->name, module->soft);
	}
	if (ferror(file) | fclose(file))
		return err_errno(err, -ENOSPC, "cannot write '%s'", path);
	return 0;
}

int vm_modules_prepare(const char *folder, struct err *err)
{
	static const char *const xz[] = { "xz", "-dq", "--", NULL };
	static const char *const zstd[] = { "zstd", "-dq", "--rm", "--", NULL };
	static const char *const gzip[] = { "gzip", "-dq", "--", NULL };
	_modules_ struct modules modules = { 0 };
	int code = unpack_all(folder, ".ko.xz", xz, err);

	if (!code)
		code = unpack_all(folder, ".ko.zst", zstd, err);
	if (!code)
		code = unpack_all(folder, ".ko.gz", gzip, err);
	if (!code)
		code = collect(&modules, folder, ".ko", err);
	for (size_t i = 0; !code && i < modules.count; i++)
		code = read_info(&modules.items[i], err);
	if (code)
		return code;
	keep_needed(&modules);
	for (size_t i = 0; i < modules.count; i++)
		if (!modules.items[i].kept && unlink(modules.items[i].path))
			return err_errno(err, -errno, "cannot remove '%s'", modules.items[i].path);
	for (size_t i = 0; !code && i < ARRAY_SIZE(table_names); i++)
		code = write_table(&modules, folder, (enum table)i, err);
	return code;
}
