/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A stock kernel in QEMU: which kernels are at hand, the initramfs that a run needs, one boot with
 * its results. Nothing here needs root; everything made lies in the cache folder
 * ($XDG_CACHE_HOME/labrun, else ~/.cache/labrun) or in the caller's work folder, and QEMU dies
 * with its parent.
 */

#include "harness/err.h"
#include "harness/sha256.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* A kernel that can be booted. */
struct vm_kernel {
	char *version; /* "6.1", as asked for; the file's name for one of the user's own */
	char *release; /* uname -r: "6.1.0-56-cloud-amd64" */
	char *package; /* name and version of the package; NULL for one of the user's own */
	char *image; /* an ELF vmlinux that boots by PVH, or a bzImage */
	char *modules; /* folder with modules.dep and uncompressed, unsigned .ko files; or NULL */
};

/*
 * `name`: a version ("6.1"), or a path to a bzImage or vmlinux (then with `modules`, a
 * /lib/modules/RELEASE folder, or NULL). Not at hand is a need that names `labrun vm fetch`.
 */
int vm_kernel_find(struct vm_kernel *ret, const char *name, const char *modules, struct err *err);
void vm_kernel_done(struct vm_kernel *kernel);
/* Every fetched kernel; the caller frees each and the array. */
int vm_kernel_list(struct vm_kernel **ret, size_t *ret_count, struct err *err);
/*
 * Gets Debian's newest cloud kernel of that version through apt's own tools with a private
 * configuration, signatures checked, and unpacks it into the cache: whole or not at all.
 */
int vm_kernel_fetch(const char *version, struct err *err);

/*
 * The files that a guest needs: this program, the tools given by name, the libraries that all of
 * them need (found in their ELF headers), the data folder (experiments, topologies), and from the
 * kernel the modules asked for with their dependencies. A newc cpio archive, reproducible: sorted,
 * times zero. Cached by what went in. The caller frees *ret_path; sha256 in hex into `ret_hash`.
 */
struct vm_initramfs {
	const struct vm_kernel *kernel;
	const char *program; /* another build of labrun; NULL: this one */
	const char *const *modules; /* names, NULL-terminated: "vxlan", ... */
	const char *const *tools; /* "nft", ..., NULL-terminated */
};
#define VM_HASH_BYTES SHA256_TEXT_BYTES
int vm_initramfs_make(const struct vm_initramfs *what, char **ret_path,
		      char ret_hash[VM_HASH_BYTES], struct err *err);

/* One boot. */
struct vm_boot {
	const struct vm_kernel *kernel;
	const char *program; /* the build of labrun in the initramfs; NULL: this one */
	const char *initramfs;
	const char *work; /* an existing folder for console, results, and what else QEMU needs */
	const char *const *argv; /* what labrun is run with in the guest, without argv[0] */
	const char *files; /* folder whose files are put at /lab in the guest (the experiment);
			      its own small cpio behind the initramfs */
	const char *accelerator; /* vm_accelerator()'s word, so that it is asked once; NULL: asks */
	bool exact; /* then "tcg" */
	bool uplink; /* the guest gets the two virtio devices of topologies/uplink.h */
	unsigned long seed; /* exact: of QEMU's generator */
	unsigned memory_mib;
	unsigned deadline_s; /* wall clock; then it is a hang */
	/* A line of the guest's progress; between them every second with NULL. A negative errno
	 * ends the boot. */
	int (*progress)(void *context, const char *line, struct err *err);
	void *context;
};
/*
 * Boots, runs labrun, and unpacks /results of the guest into work/results. *ret_status is labrun's
 * exit status in the guest. A panic, oops, hang, out-of-memory kill or a QEMU that died is an error
 * with the console's last lines.
 */
int vm_boot(const struct vm_boot *boot, int *ret_status, struct err *err);

/* "kvm" if a guest runs under it here (tried, once), else "tcg". A literal. */
const char *vm_accelerator(void);
/* Kernel modules that a boot needs itself, NULL-terminated. */
extern const char *const vm_boot_modules[];
/* QEMU's version line, kernel, CPU model, command line, hashes: what an exact result hangs on.
 * A new reference. */
json_t *vm_fingerprint(const struct vm_boot *boot, const char *initramfs_hash);
