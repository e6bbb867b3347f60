/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A source's own published numbers: the table results/reference/paper/NAME.csv, a row a series and
 * a column a batch, as batches.csv has them.
 */

#include "harness/err.h"
#include "harness/samples.h"

#include <stdbool.h>

struct reference_row {
	char *series;
	enum direction direction;
	double mean, min, max; /* over the batches, in ns */
};

struct reference {
	struct reference_row *rows;
	size_t count;
};

/* `name` as an experiment's "reference" says it, NULL too. None is fine: no rows then. */
int reference_read(struct reference *ret, const char *name, struct err *err);
/* A result folder may come from a stranger: what it names must not lead out of the data folder. */
bool reference_is_safe(const char *name);
void reference_done(struct reference *reference);
/* NULL if the table has no such row. */
const struct reference_row *reference_find(const struct reference *reference, const char *series,
					   enum direction direction);
