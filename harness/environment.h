/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * What a measurement was taken on: environment.json. Only reads, and needs no root; what this
 * machine does not tell is null. Nothing that names the machine (no host name, no addresses).
 *
 * Call environment_gather() before the run, in the host's own network namespace (net.core.bpf_jit_*
 * are not seen from another), and environment_finish() after it: times, load and steal are of the
 * run between the two.
 */

#include "harness/machine.h"

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

/* The machine as it was when the run began. */
struct environment_start {
	struct machine machine;
	double own_s; /* CPU time that this process had used until then */
	pid_t pid;
};

/* A new reference. */
json_t *environment_gather(const char *const *argv, uint64_t seed, struct environment_start *ret);
/* Also in a child of the process that gathered it. Returns what use was made of the machine. */
struct machine_use environment_finish(json_t *environment, const struct environment_start *start);
