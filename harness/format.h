/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Measured quantities for people: four significant digits, and the scale that suits the size
 * (1234 ns is "1.234 us"). Only "ns", "pps", "bps" and "bytes" are scaled; what is a whole number
 * at its own scale is written as one. Not for files: those keep full precision.
 */

#include "harness/stats.h"

#include <stddef.h>

#define FORMAT_MAX 96 /* enough for either */

/* "n/a" if not finite. Both return `text`. `unit` "" for plain numbers. */
const char *format_quantity(double value, const char *unit, char *text, size_t size);
/* "3.190 us [2.900, 3.500]": all on the scale of the first; without the interval if it is NaN. */
const char *format_interval(double value, struct interval interval, const char *unit, char *text,
			    size_t size);
