/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"

#include <stddef.h>

#define REPORT_PAGE "report.html"

/*
 * One page of one or several result folders: what was run, the verdicts of its claims, charts, the
 * packet's way, tables, loss accounting, the probe's cost and the environment. From the folders'
 * files alone, and self-contained: it can be moved and sent. `path` appears whole or not at all;
 * one that is there is replaced.
 */
int report_page_write(const char *const *dirs, size_t count, const char *path, struct err *err);
/* The page of one folder into it, as one of its files: SHA256SUMS lists it then. */
int report_page_add(const char *dir, struct err *err);
