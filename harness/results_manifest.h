/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * SHA256SUMS of a result folder: the digest of every file in it, written last, in the form that
 * `sha256sum -c` reads. It tells that nothing was changed by accident or by hand; who changes a
 * file and its line alike is found only where the file can be recomputed (see verify.h).
 */

#include "harness/err.h"

#include <jansson.h>
#include <stdbool.h>

#define MANIFEST_NAME "SHA256SUMS"

bool manifest_exists(const char *dir);
/* `fd` is the folder, `path` its name for messages. */
int manifest_write(int fd, const char *path, struct err *err);
/* After files below `below` ("plots/") were made anew: their lines alone are. Where there is no
 * manifest there will be none. */
int manifest_renew(const char *dir, const char *below, struct err *err);
/*
 * *ret: a new reference to an array of what is not as it was, [{"file", "finding"}], in the order
 * of names; null where there is no manifest. *ret_count: how many files it lists.
 */
int manifest_check(const char *dir, json_t **ret, size_t *ret_count, struct err *err);
