/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * Quantities as people write them: "10kpps", "1.5Mpps", "300Mbit", "64B", "9KiB", "500ms". SI
 * prefixes (k, M, G) are powers of 1000, IEC ones (Ki, Mi, Gi, for bytes only) of 1024. Pure.
 */

#include <stdbool.h>
#include <stdint.h>

struct rate {
	enum rate_unit {
		RATE_NONE, /* not given */
		RATE_PPS,
		RATE_BITS, /* a second; what a bit is of, the load says: frames without FCS */
		RATE_MAX, /* as fast as it goes */
	} unit;
	double value;
};

/* A number alone is in pps. False if it is no rate, or none above 0. */
bool quantity_parse_rate(const char *text, struct rate *ret);
/* Whole bytes; a number alone is in bytes. */
bool quantity_parse_bytes(const char *text, uint64_t *ret);

/* "5s", "500ms", "20us", "2min"; a number alone is in seconds. */
bool quantity_parse_seconds(const char *text, double *ret);

/* "2%", "0.5 %": 2, 0.5. Never a number alone: 0.02 might be either. */
bool quantity_parse_percent(const char *text, double *ret);

#define QUANTITY_INTERVAL_MAX_PS 60000000000000 /* a minute */

/* Picoseconds between packets of that many bytes each; 0 for RATE_MAX; more than the maximum for
 * all that is slower. */
uint64_t quantity_interval_ps(const struct rate *rate, uint64_t frame_bytes);
