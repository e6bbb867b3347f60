/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * The charts. Each turns a folder into the script that draws it: *ret_script is the caller's, NULL
 * where the folder has nothing to show in that way.
 */

#include "harness/plot_data.h"
#include "harness/plot_page.h"

/* One cell: bars by segment. More: a panel a segment, a row a cell. */
int chart_segments(const struct plot_data *data, char **ret_script, struct err *err);
/* The batches' means in the order they were taken. */
int chart_batches(const struct plot_data *data, char **ret_script, struct err *err);
/* What the packet's way takes: segments end to end, as it meets them. */
int chart_path(const struct plot_data *data, char **ret_script, struct err *err);
/* Cumulative distributions of all samples; needs plot_data_samples(). */
int chart_distribution(const struct plot_data *data, char **ret_script, struct err *err);
/* Means against the numeric factor of the cells. */
int chart_sweep(const struct plot_data *data, char **ret_script, struct err *err);
/* Percentiles against that factor, the other factors' groups side by side. */
int chart_percentiles(const struct plot_data *data, char **ret_script, struct err *err);
/* Histograms of what the probes saw, the modes side by side; needs plot_data_samples(). */
int chart_histogram(const struct plot_data *data, char **ret_script, struct err *err);
int chart_histogram_linear(const struct plot_data *data, char **ret_script, struct err *err);
/* What loads reach, in packets or bits a second: a row a cell. */
int chart_rates(const struct plot_data *data, char **ret_script, struct err *err);
/* What the probe usage tells: CPU time a packet, part by part, and peaks of memory. */
int chart_usage(const struct plot_data *data, char **ret_script, struct err *err);
/* Several folders side by side. */
int chart_modes(const struct plot_data *folders, size_t count, char **ret_script, struct err *err);

/* Shared by them: */

/* The names of segments that are measured in the first one's unit, in the path's order. */
size_t chart_segment_names(const struct plot_data *data, size_t *ret_names, size_t max);
/* Begins the page: title, what the chart shows, a warning if the measurement is invalid. */
void chart_begin(struct page *page, const struct plot_data *data, const char *name,
		 const char *shows);
int chart_finish(struct page *page, const struct plot_data *data, const char *template,
		 const char *how, char **ret_script, struct err *err);
/* One of the colours of requests and replies. */
unsigned chart_direction_colour(enum direction direction);
/* Solid requests and broken replies, `grey` or in their colours; nothing if there are no replies.
 */
void chart_direction_legend(struct page *page, const struct plot_data *data, bool grey);
/* Black or white, whichever is easier to read on that colour (ITU-R BT.601 luma). */
unsigned chart_ink_on(unsigned colour);
/* That much of the colour, the rest white. */
unsigned chart_pale(unsigned colour, unsigned percent);
/* Pixels that the longest label of the cells takes at that font size, within bounds. */
double chart_label_width(const struct plot_data *data, size_t cells, double size);

#define CHART_MAX_NAMES 128
#define CHART_LABEL_COLUMNS 40
