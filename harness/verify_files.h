/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The byte-by-byte half of `verify`; see verify.h for the report. */

#include "harness/err.h"

#include <jansson.h>

/* Each file of `again`, made from `dir`'s raw tables, against that of `dir`. */
int verify_files(json_t *report, const char *dir, const char *again, struct err *err);
