// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_modinfo.h"

#include "harness/cleanup.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

/* struct module_signature of the kernel's include/linux/module_signature.h, before the marker. */
struct signature {
	uint8_t algorithm, hash, id_type, signer_bytes, key_id_bytes, pad[3];
	uint32_t signature_bytes; /* big endian */
};
_Static_assert(sizeof(struct signature) == 12, "as in the file");

static const char signature_marker[] = "~Module signature appended~\n";

size_t vm_module_unsigned_size(const struct vm_file *file)
{
	const size_t marker = strlen(signature_marker), tail = marker + sizeof(struct signature);
	struct signature signature;
	size_t length;

	if (file->size < tail ||
	    memcmp(file->bytes + file->size - marker, signature_marker, marker))
		return file->size;
	memcpy(&signature, file->bytes + file->size - tail, sizeof(signature));
	length = (size_t)be32toh(signature.signature_bytes) + signature.signer_bytes +
		 signature.key_id_bytes;
	return length <= file->size - tail ? file->size - tail - length : file->size;
}

static bool read_section(const struct vm_file *file, const Elf64_Ehdr *elf, unsigned index,
			 Elf64_Shdr *ret)
{
	size_t at = elf->e_shoff + (size_t)index * sizeof(*ret);

	if (index >= elf->e_shnum || elf->e_shoff > file->size ||
	    !vm_file_holds(file, at, sizeof(*ret)))
		return false;
	memcpy(ret, file->bytes + at, sizeof(*ret));
	return ret->sh_type == SHT_NOBITS || vm_file_holds(file, ret->sh_offset, ret->sh_size);
}

static bool has_name(const struct vm_file *file, const Elf64_Shdr *names, const Elf64_Shdr *section,
		     const char *name)
{
	size_t count = strlen(name) + 1;

	return section->sh_name <= names->sh_size && count <= names->sh_size - section->sh_name &&
	       !memcmp(file->bytes + names->sh_offset + section->sh_name, name, count);
}

bool vm_modinfo_find(const struct vm_file *file, struct vm_modinfo *ret)
{
	Elf64_Shdr names, section;
	Elf64_Ehdr elf;

	if (!vm_file_holds(file, 0, sizeof(elf)))
		return false;
	memcpy(&elf, file->bytes, sizeof(elf));
	if (memcmp(elf.e_ident, ELFMAG, SELFMAG) || elf.e_ident[EI_CLASS] != ELFCLASS64 ||
	    elf.e_machine != EM_X86_64 || elf.e_type != ET_REL ||
	    elf.e_shentsize != sizeof(Elf64_Shdr) ||
	    !read_section(file, &elf, elf.e_shstrndx, &names) || names.sh_type == SHT_NOBITS)
		return false;
	for (unsigned i = 0; i < elf.e_shnum; i++) {
		if (!read_section(file, &elf, i, &section) || section.sh_type != SHT_PROGBITS ||
		    section.sh_size == 0 || !has_name(file, &names, &section, ".modinfo"))
			continue;
		ret->texts = (const char *)file->bytes + section.sh_offset;
		ret->size = section.sh_size;
		return ret->texts[ret->size - 1] == '\0';
	}
	return false;
}

const char *vm_modinfo_next(const struct vm_modinfo *info, const char *key, const char *last)
{
	const char *end = info->texts + info->size, *text = last ? last : info->texts;
	size_t count = strlen(key);

	if (last)
		text += strlen(text) + 1;
	for (; text < end; text += strlen(text) + 1)
		if (!strncmp(text, key, count) && text[count] == '=')
			return text + count + 1;
	return NULL;
}

char *vm_module_name(const char *path)
{
	const char *slash = strrchr(path, '/'), *start = slash ? slash + 1 : path;
	const char *dot = strstr(start, ".ko");
	char *name = strndup(start, dot ? (size_t)(dot - start) : strlen(start));

	if (!name)
		abort();
	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}
