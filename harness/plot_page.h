/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/*
 * One chart's .gp while it is written: a page with a title, a legend, panels in a grid and a
 * caption, laid out in pixels from the top left. What is written is data only: numbers in a data
 * block a panel, and commands as quoted strings in an array; the template behind it draws them.
 * Call order: begin, legends, grid, then for each panel: panel, its commands and curves; finish.
 */

#include "harness/err.h"
#include "harness/plot_text.h"

#include <stdbool.h>

#define PAGE_MAX_PANELS 24

/* Beyond both ends of an axis, but near. */
struct page_reach {
	double low, high;
};

struct page {
	char *commands_text, *curves_text, *data_text; /* behind the streams */
	size_t commands_size, curves_size, data_size;
	FILE *commands, *curves, *data;
	const char *name;
	double width, height;
	double header; /* how far down it reaches */
	double legend_x;
	size_t columns;
	double indent, left, right, bottom; /* as in page_grid */
	double panel_width, panel_height;
	struct page_reach reach[2]; /* of the panel's x and y */
	size_t panel_count, command_count, curve_count;
	size_t first_command[PAGE_MAX_PANELS + 1], first_curve[PAGE_MAX_PANELS + 1];
};

/* `warning` (or NULL) in red. */
void page_begin(struct page *page, const char *name, const char *title, const char *subtitle,
		const char *warning);
/* Wrapped into as many rows as it takes. `dash` 0: a filled square, else a line of that type. */
void page_legend(struct page *page, const char *text, unsigned colour, int dash);

struct page_grid {
	size_t count, columns;
	double panel_height;
	double left, right, bottom; /* room for labels beside each panel, pixels */
	double indent; /* once, left of the first column */
};
void page_grid(struct page *page, const struct page_grid *grid);

void page_panel(struct page *page, const char *title);
/* One gnuplot command of the panel. */
void page_command(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* `<before> '<text>' <after>`: the text stands for itself, whatever it is. */
void page_text(struct page *page, const char *before, const char *text, const char *after);

struct page_tic {
	double at;
	const char *text;
};
/* Named places on axis 'x' or 'y'. */
void page_tics(struct page *page, char axis, const struct page_tic *tics, size_t count,
	       const char *after);
/* From low to high; or logarithmic, with tics in the unit's words. */
void page_axis_linear(struct page *page, char axis, double low, double high);
void page_axis_log(struct page *page, char axis, double low, double high, const char *unit);
/*
 * Where an interval ends for gnuplot: beyond the axis what lies beyond, so that it is cut off and
 * has no cap where it does not end, but near, and above 0 on a logarithmic one.
 */
double page_end(const struct page *page, char axis, double value);

/* A point's type that makes of the curve an area: rows x, NAN, low, high (plots/sweep.gp). */
#define PLOT_BAND (-1)

/* Its rows follow by page_row(). */
void page_curve(struct page *page, unsigned colour, int dash, int point, double line_width);
void page_row(struct page *page, const double *values, size_t count);
#define page_put(page, ...)                                                                        \
	page_row(page, (const double[]){ __VA_ARGS__ },                                            \
		 sizeof((const double[]){ __VA_ARGS__ }) / sizeof(double))

/* Preamble, style and template: the whole script, the caller's to free. */
int page_finish(struct page *page, const char *template, const char *caption, char **ret_text,
		struct err *err);
void page_done(struct page *page);
#define _page_ __attribute__((cleanup(page_done)))
