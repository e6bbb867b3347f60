/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"

#include <stddef.h>

#define REPRODUCE_PAGE "reproduce.html"

/*
 * One page of a whole reproduction: for each of the result folders `folder`/NAME the claims of its
 * source with what was measured and the verdicts, the source's figures beside ours, the charts
 * that were drawn and what it was measured on. A name without a folder is said to have given
 * nothing. `folder`/REPRODUCE_PAGE appears whole or not at all, and moves with the folder: its
 * links are relative, its pictures within.
 */
int reproduce_page_write(const char *folder, const char *const *names, size_t count,
			 struct err *err);
