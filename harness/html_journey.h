/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * The way of a cell's median packet as a drawing: a row for each segment of the path, there and
 * back, each beginning where the one before ended. Drawn from p50s of summary.json; segments that
 * were not measured leave no gap, and medians do not add up to the median of the whole.
 * `topologies` are those of the folder, of which the one that has most of the cell's segments is
 * taken. Nothing is written where no segment was measured.
 */
void html_put_journey(FILE *out, const json_t *cell, const json_t *topologies);
/* Whether there is one. */
bool html_has_journey(const json_t *cell, const json_t *topologies);
