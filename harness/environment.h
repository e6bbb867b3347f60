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

#include <jansson.h>
#include <stdint.h>

/* A new reference. */
json_t *environment_gather(const char *const *argv, uint64_t seed);
void environment_finish(json_t *environment);
