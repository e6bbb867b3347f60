/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * When a cell has batches enough (the field `until`). Pure: a run asks it between two rounds of
 * batches, and whoever makes the summary again from the samples gets the same answer.
 *
 * The width is half of the 95 % interval (Student's t over batch means, as in the summary, before
 * the probe's cost is taken off) in percent of the mean. Who looks at it after each batch and ends
 * as soon as it is small ends where the spread happens to be underrated, and the interval then
 * holds the truth less often than it says: Anscombe, Proc. Camb. Phil. Soc. 48 (1952), and Chow &
 * Robbins, Ann. Math. Statist. 36 (1965), have it right only as the width goes to 0. So it is
 * looked at after `min_batches` batches and then at a quarter more each time, and must be small
 * enough at two looks in a row.
 *
 * Simulated 40000 times for each number of batches needed (were the spread known) from 1 to 130,
 * with normal batch means and the defaults, 93.7 % (where 13 or 17 are needed) to 95.1 % of the
 * intervals hold the true mean; with `min_batches` 3 it is 91.7 to 95.0 %, and looking at each
 * batch from the third on 90.3 to 94.7 %. It takes 10 batches where 1 to 3 are needed, 18 for 10,
 * 34 for 22, 58 for 40. Batch means as skewed as one exponential value have 86.8 to 93.8 %,
 * and 88.2 % (5) to 94.0 % (73) of 20000 where the number of batches is fixed beforehand. A series
 * that is not the widest of its cell has more batches than it takes, and is off by less.
 * tests/unit/test_until.c simulates it again.
 */

#include "harness/experiment.h"
#include "harness/grouped.h"

struct until_stop {
	size_t batches; /* that the cell has */
	bool narrow; /* at two looks in a row, the last after all of its batches */
	const struct series *widest; /* NULL: it has none of those that count */
	double half_width_percent; /* the widest's; INFINITY if it has none */
};

/* After how many batches the next look is, when the last was after `looked` (0: none yet). */
size_t until_next_look(const struct experiment_until *until, size_t looked);
/* Whether a series counts: it is named, or there are no names and it is a time or rate other than
 * lateness and tails. */
bool until_takes(const struct experiment_until *until, const struct series *series);
/* What is known after the cell's first `batches` batches. */
struct until_stop until_look(const struct experiment_until *until, const struct grouped *grouped,
			     size_t cell, size_t batches);
