// SPDX-License-Identifier: GPL-2.0-only
#include "harness/build_id.h"

#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <string.h>

static size_t padded(size_t bytes)
{
	return (bytes + 3) & ~(size_t)3;
}

static void find_note(const char *notes, size_t size, char *ret)
{
	while (size >= sizeof(ElfW(Nhdr))) {
		const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)notes;
		size_t length = sizeof(*note) + padded(note->n_namesz) + padded(note->n_descsz);
		const unsigned char *id =
			(const unsigned char *)notes + sizeof(*note) + padded(note->n_namesz);

		if (length > size)
			return;
		if (note->n_type == NT_GNU_BUILD_ID && note->n_descsz < BUILD_ID_BYTES / 2)
			for (size_t i = 0; i < note->n_descsz; i++)
				sprintf(ret + 2 * i, "%02x", id[i]);
		notes += length;
		size -= length;
	}
}

/* The program itself comes first. */
static int visit(struct dl_phdr_info *info, size_t size, void *context)
{
	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			find_note((const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr,
				  info->dlpi_phdr[i].p_memsz, context);
	return 1;
}

const char *build_id(char ret[static BUILD_ID_BYTES])
{
	*ret = '\0';
	dl_iterate_phdr(visit, ret);
	return ret;
}
