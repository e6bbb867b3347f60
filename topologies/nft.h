/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

#include "harness/err.h"

#include <stddef.h>

/* Gives `rules` to `nft -f -` in the calling thread's network namespace. */
int nft_load(const char *rules, size_t bytes, struct err *err);
