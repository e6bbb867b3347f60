// SPDX-License-Identifier: GPL-2.0-only
#include "harness/vm_packages.h"

#include "harness/cleanup.h"
#include "harness/vm_cache.h"

#include <errno.h>
#include <string.h>

#define IMAGE "linux-image-"
#define FLAVOUR "-cloud-amd64"

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), count = strlen(end);

	return length >= count && !strcmp(text + length - count, end);
}

static void package_free(struct vm_package *package)
{
	free(package->name);
	free(package->version);
	free(package->depends);
	*package = (struct vm_package){ 0 };
}

void vm_packages_done(struct vm_packages *packages)
{
	for (size_t i = 0; i < packages->count; i++)
		package_free(&packages->items[i]);
	free(packages->items);
	*packages = (struct vm_packages){ 0 };
}

static void packages_add(struct vm_packages *packages, struct vm_package *package)
{
	struct vm_package *grown;

	if (!package->name || !package->version) {
		package_free(package);
		return;
	}
	if (!package->depends)
		package->depends = strdup("");
	grown = reallocarray(packages->items, packages->count + 1, sizeof(*grown));
	if (!grown || !package->depends)
		abort();
	packages->items = grown;
	grown[packages->count++] = *package;
	*package = (struct vm_package){ 0 };
}

/* The value of "Key: value", or NULL. */
static char *value_of(const char *line, const char *key)
{
	size_t length = strlen(key);
	char *value = strncmp(line, key, length) ? NULL : strdup(line + length);

	if (value)
		value[strcspn(value, "\r\n")] = '\0';
	return value;
}

static void take_line(struct vm_package *package, const char *line)
{
	if (!package->name) {
		package->name = value_of(line, "Package: ");
		if (package->name && (strncmp(package->name, "linux-", strlen("linux-")) ||
				      !ends_with(package->name, FLAVOUR)))
			package_free(package);
		return;
	}
	if (!package->version)
		package->version = value_of(line, "Version: ");
	if (!package->depends)
		package->depends = value_of(line, "Depends: ");
}

static int read_list(struct vm_packages *packages, const char *path, struct err *err)
{
	_fclose_ FILE *file = fopen(path, "re");
	struct vm_package package = { 0 };
	_free_ char *line = NULL;
	size_t size = 0;

	if (!file)
		return err_errno(err, -errno, "cannot read '%s'", path);
	while (getline(&line, &size, file) > 0) {
		if (line[0] == '\n')
			packages_add(packages, &package);
		else
			take_line(&package, line);
	}
	packages_add(packages, &package);
	return ferror(file) ? err_set(err, -EIO, "cannot read '%s'", path) : 0;
}

int vm_packages_read(struct vm_packages *ret, const char *folder, struct err *err)
{
	_closedir_ DIR *dir = opendir(folder);
	struct vm_packages packages = { 0 };
	struct dirent *entry;
	int code = 0;

	if (!dir)
		return err_errno(err, -errno, "cannot read '%s'", folder);
	while (!code && (entry = readdir(dir))) {
		_free_ char *path = vm_path(folder, entry->d_name);

		if (ends_with(entry->d_name, "_Packages"))
			code = read_list(&packages, path, err);
	}
	if (code)
		vm_packages_done(&packages);
	*ret = packages;
	return code;
}

/* linux-image-6.12-cloud-amd64 has no patch level: it only points to the newest. */
static bool has_patch_level(const char *release)
{
	const char *minor = strchr(release, '.');

	return minor && minor[1 + strspn(minor + 1, "0123456789")] == '.';
}

bool vm_release_is_of(const char *release, const char *version)
{
	size_t length = strlen(version);

	return length > 0 && has_patch_level(release) && !strncmp(release, version, length) &&
	       (!release[length] || strchr(".+-", release[length]));
}

const char *vm_package_release(const struct vm_package *image)
{
	return image->name + strlen(IMAGE);
}

static bool is_newer(const struct vm_package *a, const struct vm_package *b)
{
	int order = strverscmp(a->name, b->name);

	return order > 0 || (order == 0 && strverscmp(a->version, b->version) > 0);
}

const struct vm_package *vm_packages_newest(const struct vm_packages *packages, const char *version)
{
	const struct vm_package *best = NULL;

	for (size_t i = 0; i < packages->count; i++) {
		const struct vm_package *package = &packages->items[i];

		if (!strncmp(package->name, IMAGE, strlen(IMAGE)) &&
		    vm_release_is_of(vm_package_release(package), version) &&
		    (!best || is_newer(package, best)))
			best = package;
	}
	return best;
}

static const struct vm_package *find_part(const struct vm_packages *packages, const char *name,
					  size_t length, const char *version)
{
	for (size_t i = 0; i < packages->count; i++) {
		const struct vm_package *package = &packages->items[i];

		if (strlen(package->name) == length && !strncmp(package->name, name, length) &&
		    !strcmp(package->version, version))
			return package;
	}
	return NULL;
}

size_t vm_packages_parts(const struct vm_packages *packages, const struct vm_package *image,
			 const struct vm_package **ret, size_t size)
{
	size_t count = 0;

	if (size > 0)
		ret[count++] = image;
	for (const char *at = image->depends; *(at += strspn(at, ", ")); at += strcspn(at, ",")) {
		const struct vm_package *part =
			find_part(packages, at, strcspn(at, ", (|"), image->version);

		if (part && count < size && ends_with(part->name, vm_package_release(image)))
			ret[count++] = part;
	}
	return count;
}
