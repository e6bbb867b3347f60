/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/proc.h"

/* Gives `rules` to `nft -f -` in the calling thread's network namespace; `spent`: see proc.h. */
int nft_load(const char *rules, size_t bytes, struct proc_spent *spent, struct err *err);
