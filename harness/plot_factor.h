/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* The cells of a folder along the numeric factor that has the most values, for charts against it.
 */

#include "harness/plot_charts.h"

/* A ratio of values from which their logarithms are the better axis. */
#define FACTOR_LOG_RATIO 5
/* The same for what is measured, where the factor's axis is logarithmic too: what grows with the
 * factor is then a straight line. */
#define FACTOR_LOG_LOG_RATIO 3

/* Cells that differ in nothing but the factor are one group. */
struct factor_sweep {
	const struct plot_data *data;
	const char *factor; /* full path */
	char **groups;
	size_t *group_of, *order; /* of each cell; cells by the factor's value */
	double *x;
	size_t group_count;
	double low, high; /* of the factor */
};

/* False if there is no such factor. */
bool factor_sweep_init(struct factor_sweep *sweep, const struct plot_data *data);
void factor_sweep_done(struct factor_sweep *sweep);

bool factor_is_log(const struct factor_sweep *sweep);
/* The panel's x axis, with the factor's name. */
void factor_axis(struct page *page, const struct factor_sweep *sweep);
/* "nftables", or "mode=nftables  endpoints=2" where other factors are several. */
const char *factor_group_title(const struct factor_sweep *sweep, size_t group);
