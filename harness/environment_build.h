/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Which build of labrun something was measured by: its version, and the program file's hash. */

#include "harness/err.h"

#include <jansson.h>

/* {"version", "sha256"} of the program at `path`, NULL: of the one that runs, even if its file was
 * built anew meanwhile. A need if it is none. A new reference. */
int environment_build(json_t **ret, const char *path, struct err *err);
/* "v0.9-12-gabc1234 5e884898": as a factor's value. Versions of work in progress are alike, hashes
 * are not. NULL if `build` is no such object; the caller frees. */
char *environment_build_name(const json_t *build);
