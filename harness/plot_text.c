// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_text.h"

#include "harness/cleanup.h"
#include "harness/text.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Mean advance of DejaVu Sans, the widest of the usual sans-serif fonts, in units of its size, with
 * the scale of plots/style.gp. */
#define ADVANCE 0.63

static void put_quoted(FILE *out, const char *text, const char *quote)
{
	fputc('\'', out);
	for (const char *at = text; *at; at++) {
		size_t hidden = text_hidden_bytes(at);

		if (hidden)
			at += hidden - 1;
		else if (*at == '\'')
			fputs(quote, out);
		else
			fputc(iscntrl((unsigned char)*at) ? ' ' : *at, out);
	}
	fputc('\'', out);
}

void plot_quote(FILE *out, const char *text)
{
	/* Not even an empty string: its two quotes would be doubled in a row. */
	put_quoted(out, *text ? text : " ", "’");
}

void plot_quote_command(FILE *out, const char *command)
{
	put_quoted(out, command, "''");
}

static bool starts_character(char byte)
{
	return (byte & 0xc0) != 0x80;
}

static size_t count_characters(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += starts_character(*text);
	return count;
}

char *plot_shorten(const char *text, size_t columns)
{
	size_t keep = columns, bytes = 0;
	char *cut;

	if (count_characters(text) <= columns)
		cut = strdup(text);
	else {
		while (text[bytes] && (keep > 1 || !starts_character(text[bytes])))
			keep -= starts_character(text[bytes++]);
		if (asprintf(&cut, "%.*s…", (int)bytes, text) < 0)
			cut = NULL;
	}
	if (!cut)
		abort();
	return cut;
}

size_t plot_wrap(const char *text, size_t columns)
{
	size_t bytes = 0, seen = 0, space = 0;

	if (count_characters(text) <= columns)
		return strlen(text);
	while (seen < columns || !starts_character(text[bytes])) {
		if (text[bytes] == ' ')
			space = bytes;
		seen += starts_character(text[bytes++]);
	}
	if (text[bytes] == ' ')
		space = bytes;
	return space ? space : bytes;
}

double plot_text_width(const char *text, double size)
{
	return count_characters(text) * size * ADVANCE;
}

struct step {
	const char *of, *unit;
	double divisor;
};

static struct plot_scale scale_from(double value, const char *unit, double threshold)
{
	static const struct step steps[] = {
		{ "ns", "s", 1e9 },	{ "ns", "ms", 1e6 },	{ "ns", "µs", 1e3 },
		{ "pps", "Mpps", 1e6 }, { "pps", "kpps", 1e3 }, { "bps", "Gbps", 1e9 },
		{ "bps", "Mbps", 1e6 }, { "bytes", "MB", 1e6 }, { "bytes", "kB", 1e3 },
	};
	struct plot_scale scale = { 1, "" };

	snprintf(scale.unit, sizeof(scale.unit), "%s", unit);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		if (strcmp(steps[i].of, unit) || !(value >= threshold * steps[i].divisor))
			continue;
		scale.divisor = steps[i].divisor;
		snprintf(scale.unit, sizeof(scale.unit), "%s", steps[i].unit);
		break;
	}
	return scale;
}

struct plot_scale plot_scale_for(double largest, const char *unit)
{
	/* An axis up to 1500 ns reads better than one up to 1.5 µs; up to 2500 it does not. */
	return scale_from(largest, unit, 2);
}

const char *plot_quantity(double value, const char *unit, char *text, size_t size)
{
	/* The slack is for what 10 to some power comes to. */
	struct plot_scale scale = scale_from(value * (1 + 1e-9), unit, 1);

	if (scale.divisor > 1 || !strcmp(unit, "ns"))
		snprintf(text, size, "%g %s", value / scale.divisor, scale.unit);
	else if (value >= 1e6)
		snprintf(text, size, "%gM", value / 1e6);
	else if (value >= 1e4)
		snprintf(text, size, "%gk", value / 1e3);
	else
		snprintf(text, size, "%g", value);
	return text;
}

const char *plot_axis_title(const struct plot_scale *scale, const char *unit, char *text,
			    size_t size)
{
	bool time = !strcmp(unit, "ns") || !strcmp(unit, "us") || !strcmp(unit, "ms");

	snprintf(text, size, "%s%s", time ? "time, " : "", scale->unit);
	return text;
}

const char *plot_number(double value, char *text, size_t size)
{
	double magnitude = fabs(value);
	int decimals = magnitude >= 99.95 ? 0 : magnitude >= 9.995 ? 1 : 2;

	if (value == floor(value) && magnitude < 1e15)
		decimals = 0;
	snprintf(text, size, "%.*f", decimals, value);
	return text;
}

unsigned plot_colour(size_t index)
{
	static const unsigned palette[] = {
		0x0072b2, 0xe69f00, 0x009e73, 0xcc79a7, 0x56b4e9, 0xd55e00, 0xc8b900, 0x555555,
		0x7fb8d8, 0xf2cf7f, 0x7fceb9, 0xe5bcd3, 0xabd9f4, 0xeaae7f, 0xe3dc7f, 0xaaaaaa,
	};

	return palette[index % ARRAY_SIZE(palette)];
}

unsigned plot_ramp(size_t index, size_t count)
{
	/* Viridis without its last, too pale for a line on white. */
	static const unsigned char stops[][3] = {
		{ 0x44, 0x01, 0x54 }, { 0x41, 0x44, 0x87 }, { 0x2a, 0x78, 0x8e },
		{ 0x22, 0xa8, 0x84 }, { 0x7a, 0xd1, 0x51 },
	};
	double place = count > 1 ? (double)index / (count - 1) * (ARRAY_SIZE(stops) - 1) : 0;
	size_t from = place < ARRAY_SIZE(stops) - 1 ? (size_t)place : ARRAY_SIZE(stops) - 2;
	unsigned colour = 0;

	for (int i = 0; i < 3; i++)
		colour = colour << 8 | (unsigned)lround(stops[from][i] +
							(place - from) * (stops[from + 1][i] -
									  (double)stops[from][i]));
	return colour;
}

unsigned plot_colour_of(size_t index, size_t count)
{
	return count <= 8 ? plot_colour(index) : plot_ramp(index, count);
}
