// SPDX-License-Identifier: GPL-2.0-only
#include "harness/quantity.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define PS_PER_S 1e12

struct scale {
	const char *prefix;
	double factor;
};

static const struct scale si[] = { { "k", 1e3 }, { "K", 1e3 }, { "M", 1e6 },
				   { "G", 1e9 }, { "", 1 },    { NULL, 0 } };
static const struct scale iec[] = {
	{ "Ki", 1024 }, { "Mi", 1024 * 1024 }, { "Gi", 1024 * 1024 * 1024 }, { NULL, 0 }
};

/* Not strtod() alone: it takes "inf", "0x10" and signs. */
static const char *parse_number(const char *text, double *ret)
{
	size_t digits = strspn(text, "0123456789.");
	char *end;

	if (!digits || digits > 30 || text[0] == '.')
		return NULL;
	*ret = strtod(text, &end);
	if (end != text + digits || !isfinite(*ret))
		return NULL;
	return end + (*end == ' ');
}

/* The factor of "kpps" where the unit is "pps"; 0 if it is not of that form. */
static double find_factor(const struct scale *scales, const char *text, const char *unit)
{
	for (; scales->prefix; scales++) {
		size_t length = strlen(scales->prefix);

		if (!strncmp(text, scales->prefix, length) && !strcmp(text + length, unit))
			return scales->factor;
	}
	return 0;
}

bool quantity_parse_rate(const char *text, struct rate *ret)
{
	static const struct {
		const char *name;
		enum rate_unit unit;
	} units[] = { { "pps", RATE_PPS },
		      { "bit", RATE_BITS },
		      { "bit/s", RATE_BITS },
		      { "bps", RATE_BITS },
		      { "", RATE_PPS } };
	double number, factor;
	const char *rest;

	*ret = (struct rate){ .unit = RATE_MAX };
	if (!strcmp(text, "max"))
		return true;
	rest = parse_number(text, &number);
	for (size_t i = 0; rest && i < sizeof(units) / sizeof(*units); i++) {
		factor = *units[i].name || !*rest ? find_factor(si, rest, units[i].name) : 0;
		if (!factor)
			continue;
		*ret = (struct rate){ units[i].unit, number * factor };
		return ret->value > 0;
	}
	return false;
}

bool quantity_parse_bytes(const char *text, uint64_t *ret)
{
	double number, factor;
	const char *rest = parse_number(text, &number);

	if (!rest)
		return false;
	factor = find_factor(si, rest, "B") ?: find_factor(iec, rest, "B");
	if (!*rest)
		factor = 1;
	number *= factor;
	if (!factor || number != floor(number) || number > 9e15)
		return false;
	*ret = (uint64_t)number;
	return true;
}

bool quantity_parse_seconds(const char *text, double *ret)
{
	static const struct {
		const char *name;
		double seconds;
	} units[] = { { "", 1 }, { "s", 1 }, { "ms", 1e-3 }, { "us", 1e-6 }, { "min", 60 } };
	double number;
	const char *rest = parse_number(text, &number);

	for (size_t i = 0; rest && i < sizeof(units) / sizeof(*units); i++)
		if (!strcmp(rest, units[i].name)) {
			*ret = number * units[i].seconds;
			return true;
		}
	return false;
}

bool quantity_parse_percent(const char *text, double *ret)
{
	const char *rest = parse_number(text, ret);

	return rest && !strcmp(rest, "%");
}

uint64_t quantity_interval_ps(const struct rate *rate, uint64_t frame_bytes)
{
	double packets_per_s = rate->value;

	if (rate->unit == RATE_MAX || rate->unit == RATE_NONE)
		return 0;
	if (rate->unit == RATE_BITS)
		packets_per_s /= 8 * (double)frame_bytes;
	if (packets_per_s < PS_PER_S / QUANTITY_INTERVAL_MAX_PS)
		return QUANTITY_INTERVAL_MAX_PS + 1;
	return (uint64_t)(PS_PER_S / packets_per_s + 0.5) ?: 1;
}
