// SPDX-License-Identifier: GPL-2.0-only
#include "format.h"

#include "harness/cleanup.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct scale {
	const char *unit, *scaled;
	double factor;
};

/* The first row that fits is taken: largest factors first. */
static const struct scale scales[] = {
	{ "ns", "s", 1e9 },	{ "ns", "ms", 1e6 },	{ "ns", "us", 1e3 },
	{ "pps", "Gpps", 1e9 }, { "pps", "Mpps", 1e6 }, { "pps", "kpps", 1e3 },
	{ "bps", "Gbps", 1e9 }, { "bps", "Mbps", 1e6 }, { "bps", "kbps", 1e3 },
	{ "bytes", "GB", 1e9 }, { "bytes", "MB", 1e6 }, { "bytes", "kB", 1e3 },
};

/* To four digits first, so that 999.96 ns goes on as the 1000 that it is shown as. */
static double round_significant(double value)
{
	char text[32];

	snprintf(text, sizeof(text), "%.3e", value);
	return strtod(text, NULL);
}

static struct scale choose_scale(double value, const char *unit)
{
	double size = fabs(round_significant(value));

	for (size_t i = 0; i < ARRAY_SIZE(scales); i++)
		if (!strcmp(scales[i].unit, unit) && size >= scales[i].factor)
			return scales[i];
	return (struct scale){ unit, unit, 1 };
}

/* A measured zero or a whole count needs no decimals; a scaled value shows how exact it is. */
static void format_number(double value, double factor, char *text, size_t size)
{
	double scaled = round_significant(value / factor);
	int decimals = 3;

	if (!isfinite(value))
		snprintf(text, size, "n/a");
	else if (scaled == 0 || (factor == 1 && value == floor(value) && fabs(value) < 1e15))
		snprintf(text, size, "%.0f", factor == 1 ? value + 0.0 : 0.0);
	else if (fabs(scaled) < 1e-3 || fabs(scaled) >= 1e15)
		snprintf(text, size, "%.3e", scaled);
	else {
		decimals -= (int)floor(log10(fabs(scaled)) + 1e-9);
		snprintf(text, size, "%.*f", decimals > 0 ? decimals : 0,
			 decimals >= 0 ? scaled : value / factor);
	}
}

const char *format_quantity(double value, const char *unit, char *text, size_t size)
{
	return format_interval(value, (struct interval){ NAN, NAN }, unit, text, size);
}

const char *format_interval(double value, struct interval interval, const char *unit, char *text,
			    size_t size)
{
	struct scale scale = choose_scale(value, unit);
	const char *space = scale.scaled[0] ? " " : "";
	char middle[32], low[32], high[32];

	format_number(value, scale.factor, middle, sizeof(middle));
	if (!isfinite(value)) {
		snprintf(text, size, "n/a");
	} else if (isnan(interval.low) || isnan(interval.high)) {
		snprintf(text, size, "%s%s%s", middle, space, scale.scaled);
	} else {
		format_number(interval.low, scale.factor, low, sizeof(low));
		format_number(interval.high, scale.factor, high, sizeof(high));
		snprintf(text, size, "%s%s%s [%s, %s]", middle, space, scale.scaled, low, high);
	}
	return text;
}
