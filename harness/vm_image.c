// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_image.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_cache.h"

#include <elf.h>
#include <endian.h>
#include <errno.h>
#include <string.h>

/* The setup header: Documentation/arch/x86/boot.rst. */
enum {
	SETUP_SECTORS = 0x1f1, /* u8 */
	SETUP_PARAGRAPHS = 0x1f4, /* u32: size of the 32-bit code in 16 bytes */
	SETUP_BOOT_FLAG = 0x1fe, /* u16: 0xaa55 */
	SETUP_MAGIC = 0x202, /* "HdrS" */
	SETUP_PROTOCOL = 0x206, /* u16 */
	SETUP_VERSION = 0x20e, /* u16: where the release's text is, less 0x200 */
	SETUP_FLAGS = 0x236, /* u16: bit 0: has a 64-bit entry point */
	SETUP_PAYLOAD = 0x248, /* u32: offset from the 32-bit code */
	SETUP_PAYLOAD_SIZE = 0x24c, /* u32 */
	SETUP_END = 0x260,
};
#define SECTOR_BYTES 512u
#define PROTOCOL_2_12 0x20c /* the first with SETUP_FLAGS */
#define PVH_NOTE 18 /* XEN_ELFNOTE_PHYS32_ENTRY */

static unsigned get16(const struct vm_file *file, size_t offset)
{
	uint16_t value;

	memcpy(&value, file->bytes + offset, sizeof(value));
	return le16toh(value);
}

static unsigned get32(const struct vm_file *file, size_t offset)
{
	uint32_t value;

	memcpy(&value, file->bytes + offset, sizeof(value));
	return le32toh(value);
}

static bool starts_with(const struct vm_file *file, size_t offset, const void *magic, size_t count)
{
	return vm_file_holds(file, offset, count) && !memcmp(file->bytes + offset, magic, count);
}

/* The text of a release ends at a space; nothing else in it may surprise a reader. */
static bool copy_release(const struct vm_file *file, size_t offset, char *ret_release)
{
	size_t length = 0;

	while (length + 1 < VM_RELEASE_BYTES && vm_file_holds(file, offset + length, 1) &&
	       file->bytes[offset + length] > ' ' && file->bytes[offset + length] < 0x7f) {
		ret_release[length] = (char)file->bytes[offset + length];
		length++;
	}
	ret_release[length] = '\0';
	return length > 0;
}

static bool has_pvh(const struct vm_file *file, size_t offset, size_t count)
{
	size_t end = offset + count;

	while (end - offset >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr note;
		size_t name, body;

		memcpy(&note, file->bytes + offset, sizeof(note));
		name = ((size_t)note.n_namesz + 3) & ~(size_t)3;
		body = ((size_t)note.n_descsz + 3) & ~(size_t)3;
		offset += sizeof(note);
		if (name + body > end - offset)
			return false;
		if (note.n_type == PVH_NOTE && note.n_namesz == 4 &&
		    !memcmp(file->bytes + offset, "Xen", 4))
			return true;
		offset += name + body;
	}
	return false;
}

static int check_segments(const struct vm_file *file, const Elf64_Ehdr *elf, const char *path,
			  bool *ret_pvh, struct err *err)
{
	*ret_pvh = false;
	for (unsigned i = 0; i < elf->e_phnum; i++) {
		size_t at = elf->e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr segment;

		if (elf->e_phoff > file->size || !vm_file_holds(file, at, sizeof(segment)))
			return err_usage(err, "'%s' is cut short", path);
		memcpy(&segment, file->bytes + at, sizeof(segment));
		if (!vm_file_holds(file, segment.p_offset, segment.p_filesz))
			return err_usage(err, "'%s' is cut short", path);
		*ret_pvh |= segment.p_type == PT_NOTE &&
			    has_pvh(file, segment.p_offset, segment.p_filesz);
	}
	return 0;
}

static int find_release(const struct vm_file *file, const char *path, char *ret_release,
			struct err *err)
{
	static const char banner[] = "Linux version ";
	const unsigned char *at = file->bytes, *end = file->bytes + file->size;

	while ((at = memmem(at, (size_t)(end - at), banner, strlen(banner)))) {
		at += strlen(banner);
		if (at < end && *at >= '0' && *at <= '9' &&
		    copy_release(file, (size_t)(at - file->bytes), ret_release))
			return 0;
	}
	return err_usage(err, "'%s' is not a Linux kernel", path);
}

static int check_elf(const struct vm_file *file, const char *path, char *ret_release,
		     struct err *err)
{
	Elf64_Ehdr elf;
	bool pvh;
	int code;

	if (!vm_file_holds(file, 0, sizeof(elf)))
		return err_usage(err, "'%s' is cut short", path);
	memcpy(&elf, file->bytes, sizeof(elf));
	if (elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_ident[EI_DATA] != ELFDATA2LSB ||
	    elf.e_machine != EM_X86_64)
		return err_usage(err, "'%s' is for another architecture, not x86-64", path);
	if (elf.e_type != ET_EXEC && elf.e_type != ET_DYN)
		return err_usage(err, "'%s' is not a kernel", path);
	if (elf.e_phentsize != sizeof(Elf64_Phdr))
		return err_usage(err, "'%s' is not a kernel", path);
	code = check_segments(file, &elf, path, &pvh, err);
	if (!code)
		code = find_release(file, path, ret_release, err);
	if (!code && !pvh)
		return err_usage(err, "'%s' has no PVH note (CONFIG_PVH): boot its bzImage", path);
	return code;
}

static size_t code_offset(const struct vm_file *file)
{
	unsigned sectors = file->bytes[SETUP_SECTORS];

	return ((sectors ? sectors : 4) + 1) * SECTOR_BYTES;
}

static int check_bzimage(const struct vm_file *file, const char *path, char *ret_release,
			 struct err *err)
{
	if (get16(file, SETUP_PROTOCOL) < PROTOCOL_2_12)
		return err_usage(err, "'%s' is a kernel older than 3.8", path);
	if (!(get16(file, SETUP_FLAGS) & 1))
		return err_usage(err, "'%s' is for another architecture, not x86-64", path);
	if (!vm_file_holds(file, code_offset(file), (size_t)get32(file, SETUP_PARAGRAPHS) * 16))
		return err_usage(err, "'%s' is cut short", path);
	if (!copy_release(file, get16(file, SETUP_VERSION) + 0x200u, ret_release))
		return err_usage(err, "'%s' names no release", path);
	return 0;
}

static bool is_bzimage(const struct vm_file *file)
{
	return vm_file_holds(file, 0, SETUP_END) && get16(file, SETUP_BOOT_FLAG) == 0xaa55 &&
	       starts_with(file, SETUP_MAGIC, "HdrS", 4);
}

int vm_image_check(const char *path, char ret_release[VM_RELEASE_BYTES], struct err *err)
{
	_unmap_ struct vm_file file = { 0 };
	int code = vm_file_map(&file, path, err);

	if (code)
		return code;
	if (file.size == 0)
		return err_usage(err, "'%s' is empty", path);
	if (starts_with(&file, 0, ELFMAG, SELFMAG))
		return check_elf(&file, path, ret_release, err);
	if (is_bzimage(&file))
		return check_bzimage(&file, path, ret_release, err);
	if (starts_with(&file, 56, "ARM\x64", 4) || starts_with(&file, 56, "RISCV", 5))
		return err_usage(err, "'%s' is for another architecture, not x86-64", path);
	return err_usage(err, "'%s' is neither a bzImage nor an ELF kernel", path);
}

/* As in the kernel's scripts/extract-vmlinux. */
struct packer {
	const char *magic;
	size_t magic_bytes;
	const char *suffix;
	const char *argv[6];
};

static const struct packer packers[] = {
	{ "\x1f\x8b\x08", 3, ".gz", { "gzip", "-dq" } },
	{ "\xfd"
	  "7zXZ\0",
	  6,
	  ".xz",
	  { "xz", "-dq" } },
	{ "\x28\xb5\x2f\xfd", 4, ".zst", { "zstd", "-dq", "--rm" } },
	{ "\x02\x21\x4c\x18", 4, ".lz4", { "lz4", "-dqm", "--rm" } },
	{ "BZh", 3, ".bz2", { "bzip2", "-dq" } },
	{ "\x5d\0\0", 3, ".lzma", { "xz", "-dq", "--format=lzma" } },
	{ "\x89LZO", 4, ".lzo", { "lzop", "-dqU" } },
};

static const struct packer *find_packer(const struct vm_file *file, size_t offset)
{
	for (size_t i = 0; i < ARRAY_SIZE(packers); i++)
		if (starts_with(file, offset, packers[i].magic, packers[i].magic_bytes))
			return &packers[i];
	return NULL;
}

static int unpack(const struct packer *packer, const char *packed, struct err *err)
{
	const char *argv[ARRAY_SIZE(packer->argv) + 1] = { NULL };
	size_t count = 0;

	for (; packer->argv[count]; count++)
		argv[count] = packer->argv[count];
	argv[count] = packed;
	return proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, err);
}

/* The build appends the unpacked size to every format that does not hold it (all but gzip). */
static size_t without_size(const struct packer *packer, size_t count)
{
	return strcmp(packer->suffix, ".gz") && count > 4 ? count - 4 : count;
}

int vm_image_extract(const char *path, const char *target, struct err *err)
{
	_free_ char *packed = NULL;
	_unmap_ struct vm_file file = { 0 };
	const struct packer *packer;
	char release[VM_RELEASE_BYTES];
	size_t offset, count;
	int code = vm_file_map(&file, path, err);

	if (code)
		return code;
	if (!is_bzimage(&file))
		return err_usage(err, "'%s' is not a bzImage", path);
	offset = code_offset(&file) + get32(&file, SETUP_PAYLOAD);
	count = get32(&file, SETUP_PAYLOAD_SIZE);
	packer = find_packer(&file, offset);
	if (!packer || !vm_file_holds(&file, offset, count))
		return err_set(err, -EBADMSG, "'%s': its compression is not known", path);
	if (asprintf(&packed, "%s%s", target, packer->suffix) < 0)
		abort();
	code = file_write(packed, (const char *)file.bytes + offset, without_size(packer, count),
			  err);
	if (!code)
		code = unpack(packer, packed, err);
	if (!code)
		code = vm_image_check(target, release, err);
	if (code) {
		unlink(packed);
		unlink(target);
	}
	return code;
}
