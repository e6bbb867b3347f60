/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Which packets came before, in a fixed place however many there are: a bit for each of the newest
 * SEEN_WINDOW or so. What is older than that is taken for a duplicate, since nothing is known of
 * it: the error can only make a run look worse, never hide a loss.
 */

#include <stdbool.h>
#include <stdint.h>

#define SEEN_WORDS (1u << 17)
#define SEEN_WINDOW ((uint64_t)(SEEN_WORDS - 1) * 64) /* packets, and up to 64 more */

/* Zeroed before use. */
struct seen {
	uint64_t newest; /* word, counted on from the first packet */
	uint64_t words[SEEN_WORDS]; /* by that count modulo their number */
};

/* Whether it came before; now it has. */
bool seen_before(struct seen *seen, uint64_t index);
