/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once

/* Text, numbers and colours as charts want them: pure. */

#include <stddef.h>
#include <stdio.h>

/*
 * A gnuplot string that stands for `text` and nothing else: in single quotes gnuplot expands no
 * backtick, macro or escape. The quotes of `text` become typographic ones, since gnuplot 5.4
 * misreads two doubled ones in a row. Control characters become spaces, what hides or reorders text
 * goes.
 */
void plot_quote(FILE *out, const char *text);
/* The same for a command, whose own quotes (none two in a row) are doubled. */
void plot_quote_command(FILE *out, const char *command);

/* `text` cut to `columns` characters, with an ellipsis if it was longer. The caller frees. */
char *plot_shorten(const char *text, size_t columns);
/* How many bytes of it are a first line of at most that many characters: all, or up to a space. */
size_t plot_wrap(const char *text, size_t columns);
/* Roughly, in pixels, at a font size. */
double plot_text_width(const char *text, double size);

/* What to divide values up to `largest` by, and what they are then in. */
struct plot_scale {
	double divisor;
	char unit[24];
};
struct plot_scale plot_scale_for(double largest, const char *unit);
/* For a tic of a logarithmic axis: "500 ns", "10 µs", "20k". */
const char *plot_quantity(double value, const char *unit, char *text, size_t size);
/* "time, µs" and the like; into `text`, which is returned. */
const char *plot_axis_title(const struct plot_scale *scale, const char *unit, char *text,
			    size_t size);
/* Three significant digits, no exponent: "8.12", "34.9", "235". */
const char *plot_number(double value, char *text, size_t size);

/* Okabe and Ito's, safe for the colour-blind, as 0xRRGGBB; from the ninth on lighter ones. */
unsigned plot_colour(size_t index);
/* For the index-th of more than those: dark to light. */
unsigned plot_ramp(size_t index, size_t count);
/* The one or the other. */
unsigned plot_colour_of(size_t index, size_t count);

enum {
	PLOT_BLUE = 0x0072b2,
	PLOT_ORANGE = 0xe69f00,
	PLOT_GREY = 0xb4b4b4,
	PLOT_INK = 0x333333,
	PLOT_FAINT = 0x6b6b6b,
	PLOT_RED = 0xb03000
};
