/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * A plan carried out in guests: a boot for each kernel, and in exact mode one for each kernel and
 * seed, as many at a time as there are cores. Where kernels or builds of labrun are held against
 * each other for their time, it is a boot for each and batch, one at a time. Each guest runs this
 * same program on the same files and gives back a result folder; here they become the samples of
 * one run: the kernel a factor, and in exact mode the seed the batch and "ns" instructions.
 */

#include "harness/err.h"
#include "harness/plan.h"
#include "harness/run.h"

#include <jansson.h>

struct vm_options {
	const char *kernels; /* "6.1" or "6.1,7.2" or a path; NULL: "6.1" */
	const char *modules; /* of the user's own kernel; NULL: none */
	/* Another build of labrun, by its whole path, to be held against this one; then there is
	 * one kernel. NULL: none. */
	const char *program;
	/* The kernels (two), or the builds, are the sides of the run ("against"): a boot is a
	 * batch, and they take turns, A B B A. */
	bool against;
	bool exact;
	bool quiet;
};

/*
 * `work`: an existing folder for what QEMU needs, emptied before return. The plan's cells are
 * those of all kernels afterwards. `ret_environment`: the first guest's, with the fingerprint of
 * each boot's bundle under "vm"; a new reference.
 */
int vm_run(struct plan *plan, const struct vm_options *options, const char *work,
	   struct run_outcome *ret, json_t **ret_environment, struct err *err);
