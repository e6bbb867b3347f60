/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The figures of the source that an experiment reproduces: results/reference/<reference>.csv. */

#include "harness/plot_data.h"

/* Fills in data->references from what experiment.json's "reference" names; none is fine, and so is
 * one that is not installed here. */
int plot_reference_read(struct plot_data *data, struct err *err);
