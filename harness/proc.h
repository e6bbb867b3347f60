/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Running a real tool (nft, gnuplot, ...) to its end: no shell, argv as given, found on PATH.
 * What it prints to stderr becomes the error's text.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/*
 * What tools have taken. A tool begins as a copy of us, and the kernel's peak (ru_maxrss) goes back
 * to that copy: one that stayed below it has a peak that cannot be told, only that it is not above
 * `hidden_bytes`. So the largest tool's is known if peak_bytes > hidden_bytes.
 */
struct proc_spent {
	uint64_t cpu_ns; /* user and system, of all */
	uint64_t peak_bytes; /* resident, of the largest that is known */
	uint64_t hidden_bytes;
};

struct proc {
	const char *const *argv; /* NULL-terminated */
	const char *input; /* to its stdin; NULL: /dev/null */
	size_t input_bytes;
	/* In place of input: writes what it reads, before it starts. */
	void (*feed)(FILE *out, const void *context);
	const void *context;
	/* "NAME=value" in addition to our own; NULL-terminated, or NULL: none. */
	const char *const *environment;
	int netns_fd; /* enters this network namespace first; -1: stays */
	struct proc_spent *spent; /* what it takes is added to this; NULL: nobody asks */
};

/* 0; -ENOENT if there is no such program; -EIO with what it said if it failed. */
int proc_run(const struct proc *proc, struct err *err);
/* The first line of what it prints to stdout, for `nft --version` and the like. */
int proc_first_line(const struct proc *proc, char *line, size_t size, struct err *err);
/* Whether `program` is on PATH (or in the sbin folders, for ordinary users). */
bool proc_exists(const char *program);
