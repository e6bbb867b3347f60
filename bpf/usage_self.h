/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* What this process takes itself. */

#include <stdint.h>

/* The peak of its resident memory is from now on that since now. -errno: the kernel cannot. */
int usage_self_forget_peak(void);
/* 0: the kernel does not tell. */
uint64_t usage_self_peak_bytes(void);
