/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The highest rate at which nothing is lost: RFC 2544, section 26.1, by bisection. A trial at a
 * rate either loses nothing or fails; the answer is the highest rate tried that lost nothing, once
 * the lowest that failed is within `resolution` of it. Halves the ratio and not the difference,
 * since rates differ by orders of magnitude. Pure: whoever calls does the trials.
 *
 * As in ETSI GS NFV-TST 009, 12.3.3, a failed rate may be tried again (`retries`), so that one
 * interruption of a shared machine does not pass for the limit of the path. RFC 2544 has none.
 */

#include <stdbool.h>
#include <stdint.h>

struct search_limits {
	double from_pps, to_pps, resolution; /* 0.01: to a hundredth */
	uint64_t retries;
};

struct search {
	struct search_limits limits;
	/* The search's own, zero at first: */
	double passed_pps, failed_pps; /* 0: none has yet */
	uint64_t failures, trials; /* failures in a row at the rate under trial */
};

/* The rate of the next trial; 0: the search is over. */
double search_next_pps(const struct search *search);
void search_note(struct search *search, double rate_pps, bool passed);

/* Once over: 0 if even `from` failed. */
static inline double search_result_pps(const struct search *search)
{
	return search->passed_pps;
}

/* Nothing failed: the limit is somewhere above `to`. */
static inline bool search_is_open(const struct search *search)
{
	return search->failed_pps == 0;
}
