// SPDX-License-Identifier: GPL-2.0-only
#include "harness/search.h"

#include <math.h>

double search_next_pps(const struct search *search)
{
	if (search->failed_pps && search->failed_pps <= search->limits.from_pps)
		return 0;
	if (!search->passed_pps)
		return search->limits.from_pps;
	if (!search->failed_pps)
		return search->passed_pps < search->limits.to_pps ? search->limits.to_pps : 0;
	if (search->failed_pps <= search->passed_pps * (1 + search->limits.resolution))
		return 0;
	return sqrt(search->passed_pps * search->failed_pps);
}

void search_note(struct search *search, double rate_pps, bool passed)
{
	search->trials++;
	if (passed)
		search->passed_pps = rate_pps;
	else if (search->failures++ < search->limits.retries)
		return; /* the same again */
	else
		search->failed_pps = rate_pps;
	search->failures = 0;
}
