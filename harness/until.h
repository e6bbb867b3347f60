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
 * Simulated, with normal batch means 93 to 95 % of the intervals then hold the true mean, and about
 * 90.5 % where each batch from the third on is looked at; the figures, and those of skewed batch
 * means, are in docs/statistics.md. A series that is not the widest of its cell has more batches
 * than it takes, and is off by less.
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
