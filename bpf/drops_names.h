/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What the running kernel calls its reasons and functions, and what we call some of them. */

#include "bpf/drops_shared.h"
#include "harness/err.h"

#include <stddef.h>

struct drop_names;
/* Reads the reasons from the kernel's own BTF. */
int drop_names_new(struct drop_names **ret, struct err *err);
void drop_names_free(struct drop_names *names); /* NULL is fine */
/*
 * Reads /proc/kallsyms once for all of them; where the kernel hides its addresses the functions
 * stay unknown.
 */
void drop_names_find_functions(struct drop_names *names, const struct drop_key *keys, size_t count);
void drop_names_say(const struct drop_names *names, const struct drop_key *key, char *where,
		    size_t size);
