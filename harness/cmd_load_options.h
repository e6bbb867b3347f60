/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The arguments of `labrun load` as an experiment of one batch. No option of a load is listed by
 * hand: --x-y VALUE is the field x_y of the load's kind, or one that every load has, as their
 * tables say.
 */

#include "harness/err.h"
#include "harness/field.h"

#define LOAD_SETS_MAX 64

struct load_options {
	const struct kind *kind; /* of the load */
	const char *topology; /* a name or a path */
	json_t *experiment; /* faults in it are the plan's to find */
	const char *sets[LOAD_SETS_MAX + 1]; /* --set, as in `run` */
	size_t set_count;
	bool json, quiet;
};

/* An unknown option and a missing one are usage errors. */
int load_options_parse(struct load_options *ret, int argc, char **argv, struct err *err);
void load_options_done(struct load_options *options);

/* "--size: 8 is outside ...": a fault of the experiment, by the option that it came from. */
void load_options_print_fault(const struct diag_fault *fault, FILE *out);
