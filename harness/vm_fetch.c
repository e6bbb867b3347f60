// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gets a stock kernel: the packages are fetched and checked by apt's own tools, then only unpacked,
 * never installed.
 */
#include "harness/vm.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/proc.h"
#include "harness/vm_apt.h"
#include "harness/vm_cache.h"
#include "harness/vm_image.h"
#include "harness/vm_modules.h"
#include "harness/vm_packages.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>

/* The most that lists, packages and what is in them take at one time (200 MB), and some more. */
#define NEEDED_BYTES (300ull << 20)

/* One folder of unfinished work, under a name that no other run uses. */
struct fetch {
	char *folder;
	struct vm_packages packages;
	const struct vm_package *image;
	const char *release;
};

static void fetch_done(struct fetch *fetch)
{
	if (fetch->folder)
		file_remove_tree(fetch->folder);
	free(fetch->folder);
	vm_packages_done(&fetch->packages);
}

/* apt-get has left them in the folder it was run in. */
static int unpack(const struct fetch *fetch, struct err *err)
{
	_closedir_ DIR *dir = opendir(fetch->folder);
	_free_ char *root = vm_path(fetch->folder, "root");
	struct dirent *entry;
	int code = dir ? 0 : err_errno(err, -errno, "cannot read '%s'", fetch->folder);

	while (!code && (entry = readdir(dir))) {
		_free_ char *path = vm_path(fetch->folder, entry->d_name);
		const char *const argv[] = { "dpkg-deb", "-x", path, root, NULL };
		size_t length = strlen(path);

		if (length < 4 || strcmp(path + length - 4, ".deb"))
			continue;
		code = proc_run(&(struct proc){ .argv = argv, .netns_fd = -1 }, err);
		unlink(path);
	}
	return code;
}

/* Moves the first of the places where a package may have it to `target`. */
static int take(const struct fetch *fetch, const char *const *places, const char *name,
		struct err *err)
{
	_free_ char *target = NULL;

	if (asprintf(&target, "%s/out/%s", fetch->folder, name) < 0)
		abort();
	for (; *places; places++) {
		_free_ char *source = NULL;

		if (asprintf(&source, *places, fetch->folder, fetch->release) < 0)
			abort();
		if (!rename(source, target))
			return 0;
		if (errno != ENOENT)
			return err_errno(err, -errno, "cannot write '%s'", target);
	}
	return err_set(err, -ENOENT, "the package has no %s", name);
}

static const char *const image_places[] = { "%s/root/boot/vmlinuz-%s",
					    "%s/root/usr/lib/modules/%s/vmlinuz", NULL };
static const char *const config_places[] = { "%s/root/boot/config-%s",
					     "%s/root/usr/lib/modules/%s/config", NULL };
static const char *const module_places[] = { "%s/root/lib/modules/%s", "%s/root/usr/lib/modules/%s",
					     NULL };

static int write_json(const struct fetch *fetch, const char *folder, struct err *err)
{
	_free_ char *path = vm_path(folder, VM_CACHE_JSON), *text = NULL;
	const char *minor = strchr(fetch->release, '.');
	size_t length = strlen(fetch->release);
	time_t now = time(NULL);
	_json_ json_t *json = NULL;
	char when[32];

	if (minor)
		length = (size_t)(minor + 1 - fetch->release) + strspn(minor + 1, "0123456789");
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
	json = json_pack("{s:s%, s:s, s:s, s:s, s:s}", "version", fetch->release, length, "release",
			 fetch->release, "package", fetch->image->name, "package_version",
			 fetch->image->version, "fetched_utc", when);
	text = json_dumps(json, JSON_INDENT(2));
	if (!text)
		return err_set(err, -ENOMEM, "cannot write '%s'", path);
	return file_write(path, text, strlen(text), err);
}

static int assemble(const struct fetch *fetch, const char *out, struct err *err)
{
	_free_ char *image = vm_path(out, VM_CACHE_IMAGE), *elf = vm_path(out, VM_CACHE_ELF);
	_free_ char *modules = vm_path(out, VM_CACHE_MODULES);
	char release[VM_RELEASE_BYTES];
	struct err ignored;
	int code = file_make_dirs(out, NULL, err);

	if (!code)
		code = take(fetch, image_places, VM_CACHE_IMAGE, err);
	if (!code)
		code = take(fetch, config_places, "config", err);
	if (!code)
		code = take(fetch, module_places, VM_CACHE_MODULES, err);
	if (!code)
		code = vm_image_check(image, release, err);
	if (!code)
		code = vm_modules_prepare(modules, err);
	if (code)
		return code;
	/* Boots slower without it, and that is all. */
	vm_image_extract(image, elf, &ignored);
	return write_json(fetch, out, err);
}

/*
 * One rename makes it whole; a power cut must not make it whole with its data missing. What is in
 * the way is a damaged one.
 */
static int publish(const char *out, const char *target, struct err *err)
{
	_close_ int fd = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd))
		return err_errno(err, -errno, "cannot write '%s'", out);
	file_remove_tree(target);
	if (rename(out, target))
		return err_errno(err, -errno, "cannot write '%s'", target);
	return 0;
}

static bool is_at_hand(const char *release)
{
	struct vm_kernel kernel;
	struct err ignored;
	int code = vm_kernel_find(&kernel, release, NULL, &ignored);

	vm_kernel_done(&kernel);
	return code == 0;
}

static int fetch_release(struct fetch *fetch, const char *kernels, struct err *err)
{
	_free_ char *target = vm_path(kernels, fetch->release);
	_free_ char *out = vm_path(fetch->folder, "out");
	const struct vm_package *parts[VM_APT_PACKAGES_MAX];
	size_t count;
	int code;

	if (is_at_hand(fetch->release))
		return 0;
	count = vm_packages_parts(&fetch->packages, fetch->image, parts, ARRAY_SIZE(parts));
	code = vm_apt_download(fetch->folder, parts, count, err);
	if (!code)
		code = unpack(fetch, err);
	if (!code)
		code = assemble(fetch, out, err);
	return code ? code : publish(out, target, err);
}

static int fetch_version(const char *kernels, const char *version, struct err *err)
{
	__attribute__((cleanup(fetch_done))) struct fetch fetch = { 0 };
	_free_ char *folder = vm_path(kernels, VM_CACHE_PARTIAL "XXXXXX"), *lists = NULL;
	int code;

	if (!mkdtemp(folder))
		return err_errno(err, -errno, "cannot make the folder '%s'", folder);
	fetch.folder = steal_ptr(folder);
	lists = vm_path(fetch.folder, VM_APT_LISTS);
	code = vm_apt_update(fetch.folder, version, err);
	if (!code)
		code = vm_packages_read(&fetch.packages, lists, err);
	if (code)
		return code;
	fetch.image = vm_packages_newest(&fetch.packages, version);
	if (!fetch.image)
		return err_usage(err, "Debian's %s has no such kernel", vm_apt_suite(version));
	fetch.release = vm_package_release(fetch.image);
	return fetch_release(&fetch, kernels, err);
}

/* It becomes a part of names. */
static int check_version(const char *version, struct err *err)
{
	if (version[0] < '0' || version[0] > '9' || strstr(version, "..") ||
	    strspn(version, "0123456789abcdefghijklmnopqrstuvwxyz.+-~") != strlen(version))
		return err_usage(err, "'%s' is not a kernel version such as 6.1", version);
	return 0;
}

static int check_space(const char *folder, struct err *err)
{
	struct statvfs status;
	unsigned long long free_bytes;

	if (statvfs(folder, &status))
		return err_errno(err, -errno, "cannot read '%s'", folder);
	free_bytes = (unsigned long long)status.f_bavail * status.f_frsize;
	if (free_bytes < NEEDED_BYTES)
		return err_set(err, -ENOSPC, "'%s' has %llu MiB free, %llu are needed", folder,
			       free_bytes >> 20, NEEDED_BYTES >> 20);
	return 0;
}

int vm_kernel_fetch(const char *version, struct err *err)
{
	_free_ char *kernels = NULL;
	_close_ int lock = -1;
	int code = check_version(version, err);

	if (!code)
		code = vm_cache_folder("kernels", true, &kernels, err);
	if (!code)
		code = vm_cache_lock(kernels, &lock, err);
	if (code)
		return code;
	vm_cache_sweep(kernels);
	code = check_space(kernels, err);
	if (!code)
		code = fetch_version(kernels, version, err);
	return code ? err_wrap(err, code, "cannot fetch kernel %s", version) : 0;
}
