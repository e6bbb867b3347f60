/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Figures that a test measures and docs/statistics.md shows: printed, and held to be there. */

#include "harness/cleanup.h"
#include "harness/file.h"
#include "tests/test.h"

#include <string.h>

static inline void expect_documented(const char *row)
{
	_free_ char *text = NULL;
	struct err err;

	print_message("%s\n", row);
	if (file_read("docs/statistics.md", &text, NULL, &err))
		fail_msg("%s", err.text);
	if (!strstr(text, row))
		fail_msg("docs/statistics.md has another row, or none, for: %s", row);
}
