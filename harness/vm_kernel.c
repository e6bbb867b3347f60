// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm.h"

#include "harness/cleanup.h"
#include "harness/file.h"
#include "harness/vm_cache.h"
#include "harness/vm_image.h"
#include "harness/vm_modules.h"
#include "harness/vm_packages.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define _kernel_ __attribute__((cleanup(vm_kernel_done)))

void vm_kernel_done(struct vm_kernel *kernel)
{
	free(kernel->version);
	free(kernel->release);
	free(kernel->package);
	free(kernel->image);
	free(kernel->modules);
	*kernel = (struct vm_kernel){ 0 };
}

static char *copy_text(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		abort();
	return copy;
}

static bool is_there(const char *path)
{
	return !access(path, R_OK);
}

/* Of a fetched kernel; false if the folder is something else or has lost a part. */
static bool read_kernel(const char *folder, struct vm_kernel *ret)
{
	_free_ char *path = vm_path(folder, VM_CACHE_JSON);
	_json_ json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
	const char *version, *release, *package, *package_version;
	_kernel_ struct vm_kernel kernel = { 0 };

	if (!json ||
	    json_unpack(json, "{s:s, s:s, s:s, s:s}", "version", &version, "release", &release,
			"package", &package, "package_version", &package_version))
		return false;
	kernel.version = copy_text(version);
	kernel.release = copy_text(release);
	if (asprintf(&kernel.package, "%s %s", package, package_version) < 0)
		abort();
	kernel.image = vm_path(folder, VM_CACHE_ELF);
	kernel.modules = vm_path(folder, VM_CACHE_MODULES);
	if (!is_there(kernel.image)) {
		free(kernel.image);
		kernel.image = vm_path(folder, VM_CACHE_IMAGE);
	}
	if (!is_there(kernel.image) || !is_there(kernel.modules))
		return false;
	*ret = kernel;
	kernel = (struct vm_kernel){ 0 };
	return true;
}

static int compare_kernels(const void *a, const void *b)
{
	return strverscmp(((const struct vm_kernel *)a)->release,
			  ((const struct vm_kernel *)b)->release);
}

static void add_kernel(struct vm_kernel **kernels, size_t *count, const char *folder)
{
	struct vm_kernel kernel, *grown;

	if (!read_kernel(folder, &kernel))
		return;
	grown = reallocarray(*kernels, *count + 1, sizeof(*grown));
	if (!grown)
		abort();
	*kernels = grown;
	grown[(*count)++] = kernel;
}

int vm_kernel_list(struct vm_kernel **ret, size_t *ret_count, struct err *err)
{
	struct vm_kernel *kernels = NULL;
	_free_ char *folder = NULL;
	_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	size_t count = 0;
	int code = vm_cache_folder("kernels", false, &folder, err);

	if (code)
		return code;
	dir = opendir(folder);
	if (!dir && errno != ENOENT)
		return err_errno(err, -errno, "cannot read '%s'", folder);
	while (dir && (entry = readdir(dir))) {
		_free_ char *path = vm_path(folder, entry->d_name);

		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9')
			add_kernel(&kernels, &count, path);
	}
	if (count)
		qsort(kernels, count, sizeof(*kernels), compare_kernels);
	*ret = kernels;
	*ret_count = count;
	return 0;
}

/* One of the user's own. */
static int find_path(struct vm_kernel *ret, const char *path, const char *modules, struct err *err)
{
	const char *slash = strrchr(path, '/');
	char release[VM_RELEASE_BYTES];
	int code = vm_image_check(path, release, err);

	if (!code && modules)
		code = vm_modules_check(modules, release, err);
	if (code)
		return code;
	*ret = (struct vm_kernel){
		.version = copy_text(slash ? slash + 1 : path),
		.release = copy_text(release),
		.image = copy_text(path),
		.modules = modules ? copy_text(modules) : NULL,
	};
	return 0;
}

static int not_there(const char *name, size_t count, struct err *err)
{
	return err_need(err, "kernel %s is not at hand%s: get it with 'labrun vm fetch %s'", name,
			count ? "" : " (none is)", name);
}

static int damaged(struct vm_kernel *kernel, const char *name, struct err *err)
{
	const struct err why = *err;

	vm_kernel_done(kernel);
	return err_need(err,
			"kernel %s is damaged: get it again with 'labrun vm fetch %s' (%.300s)",
			name, name, why.text);
}

static bool is_path(const char *name)
{
	struct stat status;

	return strchr(name, '/') || (!stat(name, &status) && S_ISREG(status.st_mode));
}

/* The last that fits, as the list is sorted; the others go. */
static void pick(struct vm_kernel *ret, struct vm_kernel *kernels, size_t count, const char *name)
{
	for (size_t i = count; i-- > 0;) {
		if (!ret->release && vm_release_is_of(kernels[i].release, name)) {
			*ret = kernels[i];
			free(ret->version);
			ret->version = copy_text(name);
		} else {
			vm_kernel_done(&kernels[i]);
		}
	}
	free(kernels);
}

int vm_kernel_find(struct vm_kernel *ret, const char *name, const char *modules, struct err *err)
{
	struct vm_kernel *kernels = NULL;
	char release[VM_RELEASE_BYTES];
	size_t count = 0;
	int code;

	*ret = (struct vm_kernel){ 0 };
	if (is_path(name))
		return find_path(ret, name, modules, err);
	if (name[0] < '0' || name[0] > '9')
		return err_usage(err, "'%s' is neither a kernel version such as 6.1 nor a file",
				 name);
	if (modules)
		return err_usage(err, "a folder of modules goes with a kernel given by its path");
	code = vm_kernel_list(&kernels, &count, err);
	if (code)
		return code;
	pick(ret, kernels, count, name);
	if (!ret->release)
		return not_there(name, count, err);
	code = vm_image_check(ret->image, release, err);
	if (!code)
		code = vm_modules_check(ret->modules, ret->release, err);
	return code ? damaged(ret, name, err) : 0;
}
