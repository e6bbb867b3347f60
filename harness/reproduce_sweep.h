/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Published figures of a sweep beside what was measured, for print and page. */

#include "harness/format.h"
#include "harness/published.h"

#define REPRODUCE_SOURCES 4 /* further ones are left out */

struct sweep_row {
	size_t cell;
	const char *series, *stat; /* borrowed from the published figures */
	enum direction direction;
	/* "-" where there is nothing. */
	char figures[REPRODUCE_SOURCES][FORMAT_MAX], measured[FORMAT_MAX];
};

/* How many there are, cell by cell; *ret is the caller's to free. */
size_t reproduce_sweep_rows(const struct published *published, const json_t *summary,
			    struct sweep_row **ret);
size_t reproduce_sweep_sources(const struct published *published);
