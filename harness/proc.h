/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Running a real tool (nft, gnuplot, ...) to its end: no shell, argv as given, found on PATH.
 * What it prints to stderr becomes the error's text.
 */

#include "harness/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

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
};

/* 0; -ENOENT if there is no such program; -EIO with what it said if it failed. */
int proc_run(const struct proc *proc, struct err *err);
/* The first line of what it prints to stdout, for `nft --version` and the like. */
int proc_first_line(const struct proc *proc, char *line, size_t size, struct err *err);
/* Whether `program` is on PATH (or in the sbin folders, for ordinary users). */
bool proc_exists(const char *program);
