// SPDX-License-Identifier: GPL-2.0-only
#include "harness/elf_needs.h"

#include "harness/cleanup.h"
#include "harness/vm_cache.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

/* Of one ELF file: all that the search needs. */
struct object {
	struct vm_file file;
	Elf64_Ehdr header;
	const char *path;
	const char *interpreter, *runpath; /* in the file, or NULL */
	Elf64_Dyn *dynamic; /* a copy: the file's own may lie anywhere */
	size_t dynamic_count;
	size_t strings, strings_end; /* offsets of DT_STRTAB; the end is the file's at worst */
};

static void object_done(struct object *object)
{
	free(object->dynamic);
	vm_file_unmap(&object->file);
}

static bool read_segment(const struct object *object, unsigned index, Elf64_Phdr *ret)
{
	size_t at = object->header.e_phoff + (size_t)index * sizeof(*ret);

	if (object->header.e_phoff > object->file.size ||
	    !vm_file_holds(&object->file, at, sizeof(*ret)))
		return false;
	memcpy(ret, object->file.bytes + at, sizeof(*ret));
	return vm_file_holds(&object->file, ret->p_offset, ret->p_filesz);
}

/* A text that ends within the file, or NULL. */
static const char *text_at(const struct object *object, size_t offset)
{
	if (offset >= object->file.size ||
	    !memchr(object->file.bytes + offset, '\0', object->file.size - offset))
		return NULL;
	return (const char *)object->file.bytes + offset;
}

static const char *string_at(const struct object *object, size_t index)
{
	return index < object->strings_end - object->strings
		       ? text_at(object, object->strings + index)
		       : NULL;
}

/* Where in the file an address of the loaded program is; false if nowhere. */
static bool offset_of(const struct object *object, size_t address, size_t *ret)
{
	Elf64_Phdr segment;

	for (unsigned i = 0; i < object->header.e_phnum; i++) {
		if (!read_segment(object, i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz)
			continue;
		*ret = segment.p_offset + (address - segment.p_vaddr);
		return true;
	}
	return false;
}

static void read_dynamic(struct object *object, const Elf64_Phdr *segment)
{
	size_t count = segment->p_filesz / sizeof(Elf64_Dyn), i;

	free(object->dynamic);
	object->dynamic = calloc(count + 1, sizeof(Elf64_Dyn));
	if (!object->dynamic)
		abort();
	memcpy(object->dynamic, object->file.bytes + segment->p_offset, count * sizeof(Elf64_Dyn));
	for (i = 0; i < count && object->dynamic[i].d_tag != DT_NULL; i++)
		if (object->dynamic[i].d_tag == DT_STRTAB &&
		    offset_of(object, object->dynamic[i].d_un.d_ptr, &object->strings))
			object->strings_end = object->file.size;
	object->dynamic_count = i;
	for (i = 0; i < object->dynamic_count; i++)
		if (object->dynamic[i].d_tag == DT_RUNPATH || object->dynamic[i].d_tag == DT_RPATH)
			object->runpath = string_at(object, object->dynamic[i].d_un.d_val);
}

/* 0, or -ENOEXEC if this is no ELF file of a 64-bit little-endian machine. */
static int object_parse(struct object *object)
{
	const unsigned char *ident = object->header.e_ident;
	Elf64_Phdr segment;

	if (!vm_file_holds(&object->file, 0, sizeof(object->header)))
		return -ENOEXEC;
	memcpy(&object->header, object->file.bytes, sizeof(object->header));
	if (memcmp(ident, ELFMAG, SELFMAG) || ident[EI_CLASS] != ELFCLASS64 ||
	    ident[EI_DATA] != ELFDATA2LSB || object->header.e_phentsize != sizeof(segment))
		return -ENOEXEC;
	for (unsigned i = 0; i < object->header.e_phnum; i++) {
		if (!read_segment(object, i, &segment))
			return -ENOEXEC;
		if (segment.p_type == PT_INTERP)
			object->interpreter = text_at(object, segment.p_offset);
		if (segment.p_type == PT_DYNAMIC)
			read_dynamic(object, &segment);
	}
	return 0;
}

static int object_open(struct object *object, const char *path, struct err *err)
{
	int code = vm_file_map(&object->file, path, err);

	if (code)
		return code;
	object->path = path;
	if (object_parse(object))
		return err_set(err, -ENOEXEC, "'%s' is not a 64-bit ELF file", path);
	return 0;
}

/* The loader goes on searching when it meets another machine's. */
static bool fits(const char *path, unsigned machine)
{
	__attribute__((cleanup(object_done))) struct object object = { 0 };
	struct err ignored;

	return !access(path, R_OK) && !object_open(&object, path, &ignored) &&
	       object.header.e_machine == machine;
}

static char *try_path(char *path, unsigned machine)
{
	if (fits(path, machine))
		return path;
	free(path);
	return NULL;
}

/* "$ORIGIN" is the folder of the file that asks. */
static char *expand(const char *folder, size_t length, const char *asker)
{
	static const char *const forms[] = { "$ORIGIN", "${ORIGIN}" };
	const char *slash = strrchr(asker, '/');
	size_t origin = slash ? (size_t)(slash - asker) : 0;
	char *path = NULL;
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		size_t skip = strlen(forms[i]);

		if (length < skip || strncmp(folder, forms[i], skip))
			continue;
		code = asprintf(&path, "%.*s%.*s", (int)origin, asker, (int)(length - skip),
				folder + skip);
		return code < 0 ? NULL : path;
	}
	return strndup(folder, length);
}

static char *search_list(const char *list, const char *name, const struct object *asker)
{
	while (list && *list) {
		size_t length = strcspn(list, ":");
		_free_ char *folder = expand(list, length, asker->path);
		char *path = NULL;

		if (!folder)
			abort();
		/* An empty one would be the current folder. */
		if (folder[0] == '/')
			path = try_path(vm_path(folder, name), asker->header.e_machine);
		if (path)
			return path;
		list += length + (list[length] == ':');
	}
	return NULL;
}

/* glibc's sysdeps/generic/dl-cache.h. */
struct cache_header {
	char magic[20]; /* "glibc-ld.so.cache1.1" */
	uint32_t count, string_bytes;
	uint8_t flags, pad[3];
	uint32_t extensions, unused[3];
};
struct cache_entry {
	int32_t flags;
	uint32_t key, value; /* offsets of texts, from the header */
	uint32_t os_version;
	uint64_t capabilities; /* a variant for certain CPUs */
};
_Static_assert(sizeof(struct cache_header) == 48, "as in the file");
_Static_assert(sizeof(struct cache_entry) == 24, "as in the file");

static const char cache_magic[] = "glibc-ld.so.cache1.1";

/* The variants for certain CPUs are left out: the guest's CPU is another. */
static char *search_entries(const struct object *cache, size_t start, uint32_t count,
			    const char *name, unsigned machine)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t at = start + sizeof(struct cache_header) + i * sizeof(struct cache_entry);
		const char *key, *value;
		struct cache_entry entry;
		char *path;

		if (!vm_file_holds(&cache->file, at, sizeof(entry)))
			return NULL;
		memcpy(&entry, cache->file.bytes + at, sizeof(entry));
		key = text_at(cache, start + entry.key);
		value = text_at(cache, start + entry.value);
		if (entry.capabilities || !key || !value || strcmp(key, name))
			continue;
		path = try_path(strdup(value), machine);
		if (path)
			return path;
	}
	return NULL;
}

static char *search_cache(const char *name, unsigned machine)
{
	__attribute__((cleanup(object_done))) struct object cache = { 0 };
	struct cache_header header;
	struct err ignored;
	const unsigned char *found;
	size_t start;

	if (vm_file_map(&cache.file, "/etc/ld.so.cache", &ignored) || !cache.file.bytes)
		return NULL;
	/* Behind one of the old format, or at the start. */
	found = memmem(cache.file.bytes, cache.file.size, cache_magic, strlen(cache_magic));
	if (!found)
		return NULL;
	start = (size_t)(found - cache.file.bytes);
	if (!vm_file_holds(&cache.file, start, sizeof(header)))
		return NULL;
	memcpy(&header, found, sizeof(header));
	return search_entries(&cache, start, header.count, name, machine);
}

static char *find_library(const char *name, const struct object *asker)
{
	static const char system_folders[] = "/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu:"
					     "/lib64:/usr/lib64:/lib:/usr/lib";
	char *path;

	if (strchr(name, '/'))
		return try_path(strdup(name), asker->header.e_machine);
	path = search_list(asker->runpath, name, asker);
	if (!path)
		path = search_list(getenv("LD_LIBRARY_PATH"), name, asker);
	if (!path)
		path = search_cache(name, asker->header.e_machine);
	return path ? path : search_list(system_folders, name, asker);
}

static bool is_known(const struct elf_needs *needs, const char *name)
{
	const char *slash = needs->interpreter ? strrchr(needs->interpreter, '/') : NULL;

	/* libc asks for the interpreter by name; it is there already. */
	if (slash && !strcmp(slash + 1, name))
		return true;
	for (size_t i = 0; i < needs->count; i++)
		if (!strcmp(needs->libraries[i].name, name))
			return true;
	return false;
}

static int add_library(struct elf_needs *needs, const char *name, const struct object *asker,
		       struct err *err)
{
	struct elf_library *grown;
	char *path, *copy;

	if (is_known(needs, name))
		return 0;
	path = find_library(name, asker);
	if (!path)
		return err_set(err, -ENOENT, "'%s' needs the library %s, which is not here",
			       asker->path, name);
	grown = reallocarray(needs->libraries, needs->count + 1, sizeof(*grown));
	copy = strdup(name);
	if (!grown || !copy)
		abort();
	needs->libraries = grown;
	grown[needs->count++] = (struct elf_library){ .name = copy, .path = path };
	return 0;
}

static int take_interpreter(struct elf_needs *needs, const struct object *object, struct err *err)
{
	if (!object->interpreter)
		return 0;
	if (needs->interpreter && strcmp(needs->interpreter, object->interpreter))
		return err_set(err, -ENOEXEC, "'%s' is run by %s, the others by %s", object->path,
			       object->interpreter, needs->interpreter);
	if (!needs->interpreter) {
		needs->interpreter = strdup(object->interpreter);
		if (!needs->interpreter)
			abort();
	}
	return 0;
}

static int add_direct(struct elf_needs *needs, const char *path, struct err *err)
{
	__attribute__((cleanup(object_done))) struct object object = { 0 };
	int code = object_open(&object, path, err);

	if (!code)
		code = take_interpreter(needs, &object, err);
	for (size_t i = 0; !code && i < object.dynamic_count; i++) {
		const char *name;

		if (object.dynamic[i].d_tag != DT_NEEDED)
			continue;
		name = string_at(&object, object.dynamic[i].d_un.d_val);
		code = name ? add_library(needs, name, &object, err)
			    : err_set(err, -ENOEXEC, "'%s' is damaged", path);
	}
	return code;
}

int elf_needs_add(struct elf_needs *needs, const char *program, struct err *err)
{
	size_t next = needs->count;
	int code = add_direct(needs, program, err);

	while (!code && next < needs->count) {
		/* The list grows and moves meanwhile; the texts stay. */
		const char *path = needs->libraries[next++].path;

		code = add_direct(needs, path, err);
	}
	return code;
}

void elf_needs_done(struct elf_needs *needs)
{
	for (size_t i = 0; i < needs->count; i++) {
		free(needs->libraries[i].name);
		free(needs->libraries[i].path);
	}
	free(needs->libraries);
	free(needs->interpreter);
	*needs = (struct elf_needs){ 0 };
}
