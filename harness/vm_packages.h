/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The kernel packages that apt's lists name. Read from the lists that apt itself has fetched and
 * checked the signatures of, so that no revision is written down anywhere.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>

struct vm_package {
	char *name; /* "linux-image-6.1.0-56-cloud-amd64" */
	char *version; /* "6.1.192-2" */
	char *depends; /* as in the list, or "" */
};

struct vm_packages {
	struct vm_package *items;
	size_t count;
};

/* Of all "*_Packages" files in the folder, the packages of cloud kernels. */
int vm_packages_read(struct vm_packages *ret, const char *folder, struct err *err);
void vm_packages_done(struct vm_packages *packages);

/* The image of the newest release of `version` ("6.1", or a whole release); NULL if there is none.
 * Borrowed. */
const struct vm_package *vm_packages_newest(const struct vm_packages *packages,
					    const char *version);
/* uname -r of an image's package: the name without "linux-image-". Borrowed. */
const char *vm_package_release(const struct vm_package *image);
/*
 * The image and the parts of the same release that it depends on (none before 7.x), at most `size`
 * of them; returns how many.
 */
size_t vm_packages_parts(const struct vm_packages *packages, const struct vm_package *image,
			 const struct vm_package **ret, size_t size);
/* Whether `release` is one of `version`: "6.1.0-56-cloud-amd64" of "6.1" and of itself. */
bool vm_release_is_of(const char *release, const char *version);
