/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A job of an experiment with a `search`: trials at one rate after another, and as the batch's one
 * sample "throughput", in pps, the highest that lost nothing. See search.h for the method.
 */

#include "harness/run_load.h"

int run_search_measure(struct run_loader *loader, const struct experiment *experiment,
		       const struct lab *lab, const struct job *job, struct samples *samples,
		       struct err *err);
