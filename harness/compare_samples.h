/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The raw samples of two folders side by side, in order of cell, series, batch and iteration.
 * A cell here is the index of its pair, a series one of `names`.
 */

#include "harness/compare_internal.h"
#include "harness/samples.h"

struct paired_sample {
	uint32_t cell, series, batch, iteration;
	uint32_t again; /* samples of the same place keep their order */
	double value;
};

struct paired_side {
	struct paired_sample *samples;
	size_t count;
};

struct paired {
	struct paired_side base, new;
	struct samples *names; /* only for its series */
};

int paired_read(struct paired *ret, const struct compare *compare, struct err *err);
void paired_done(struct paired *paired);
#define _paired_ __attribute__((cleanup(paired_done)))

/* By place alone. */
int paired_order(const struct paired_sample *left, const struct paired_sample *right);
