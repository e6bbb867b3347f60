/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the user sides of several BPF programs have in common. */

#include "harness/err.h"

#include <bpf/libbpf.h>
#include <stdint.h>

struct lab;

/* Firings that the kernel skipped because the program was already running on that CPU. */
uint64_t program_missed(const struct bpf_program *program);

/* Room for what the verifier says when it refuses, and the line of it that says why. */
#define PROGRAM_LOG_BYTES (1u << 20)
const char *program_refusal(char *log);

/* A map from a namespace's inode to a byte: makes it hold the lab's namespaces and no others. */
int program_enter_nodes(int map_fd, const struct lab *lab, struct err *err);

/*
 * A log: an array that the program writes and this side maps, with the same room for each CPU. A
 * CPU counts its next place on when there is no more room, so that what is dropped is known.
 */
const void *program_map_log(const struct bpf_map *map); /* NULL with errno */
void program_unmap_log(const struct bpf_map *map, const void *log); /* NULL is fine */
/* How many entries a CPU has in it. */
static inline uint64_t program_logged(uint64_t next, uint64_t room)
{
	return next < room ? next : room;
}
