// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm.h"

#include "harness/arena.h"
#include "harness/cleanup.h"
#include "harness/environment_build.h"
#include "harness/proc.h"
#include "harness/sha256.h"
#include "harness/vm_qemu.h"

#include <string.h>

static json_t *text_or_null(const char *text)
{
	json_t *json = text && *text ? json_string(text) : NULL;

	return json ? json : json_null();
}

static json_t *qemu_version(void)
{
	static const char *const argv[] = { VM_QEMU, "--version", NULL };
	const struct proc proc = { .argv = argv, .netns_fd = -1 };
	char line[200] = "";
	struct err ignored;

	if (proc_first_line(&proc, line, sizeof(line), &ignored))
		return json_null();
	return text_or_null(line);
}

static json_t *kernel_json(const struct vm_kernel *kernel)
{
	char hash[VM_HASH_BYTES] = "";
	struct err ignored;

	if (sha256_file(kernel->image, hash, &ignored))
		*hash = '\0';
	return json_pack("{s:o, s:o, s:o, s:o}", "version", text_or_null(kernel->version),
			 "release", text_or_null(kernel->release), "package",
			 text_or_null(kernel->package), "sha256", text_or_null(hash));
}

static json_t *labrun_json(const char *program)
{
	json_t *build = NULL;
	struct err ignored;

	return environment_build(&build, program, &ignored) ? json_null() : build;
}

/* With names in the place of paths, which differ from run to run and which no guest sees. */
static json_t *command_json(const struct vm_qemu *qemu, struct arena *arena)
{
	json_t *array = json_array();

	for (const char *const *word = vm_qemu_argv(qemu, arena); *word; word++)
		json_array_append_new(array, text_or_null(*word));
	return array;
}

static json_t *argv_json(const char *const *argv)
{
	json_t *array = json_array();

	for (; argv && *argv; argv++)
		json_array_append_new(array, text_or_null(*argv));
	return array;
}

json_t *vm_fingerprint(const struct vm_boot *boot, const char *initramfs_hash)
{
	_arena_ struct arena *arena = arena_new();
	const struct vm_qemu qemu = { .boot = boot,
				      .accelerator = vm_qemu_accelerator(boot),
				      .kernel = "KERNEL",
				      .initrd = "INITRD",
				      .console = "CONSOLE",
				      .window = "WINDOW" };

	return json_pack("{s:o, s:o, s:b, s:s, s:s, s:o, s:o, s:o, s:o}", "labrun",
			 labrun_json(boot->program), "qemu", qemu_version(), "exact", boot->exact,
			 "accelerator", qemu.accelerator, "cpu", vm_qemu_cpu(qemu.accelerator),
			 "kernel", kernel_json(boot->kernel), "initramfs_sha256",
			 text_or_null(initramfs_hash), "argv", argv_json(boot->argv), "command",
			 command_json(&qemu, arena));
}
