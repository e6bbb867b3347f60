// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_page.h"

#include "harness/cleanup.h"

#include <math.h>

/* Beyond any quantity, within what doubles and gnuplot can reckon with. */
#define AXIS_MOST 1e100
#define AXIS_LEAST_PART 1e-12

/* The least of 1, 2, 5 times a power of ten that makes no more steps than there is room for. */
static double linear_step(double length, double room)
{
	static const double steps[] = { 1, 2, 5, 10 };
	double wanted = length / room, power = pow(10, floor(log10(wanted)));
	size_t i = 0;

	while (i + 1 < ARRAY_SIZE(steps) && steps[i] * power < wanted * 0.999)
		i++;
	return steps[i] * power;
}

/* What is beyond is drawn at an axis' end, if at all. */
static double within(double value, double least, double most)
{
	return fmin(fmax(value, least), most);
}

void page_axis_linear(struct page *page, char axis, double low, double high)
{
	double room = axis == 'x' ? page->panel_width / 42 : page->panel_height / 34;

	low = within(low, -AXIS_MOST, AXIS_MOST);
	high = within(high, -AXIS_MOST, AXIS_MOST);
	if (!(high - low > fmax(fabs(low) * AXIS_LEAST_PART, 1 / AXIS_MOST)))
		high = low + fmax(1, fabs(low) * AXIS_LEAST_PART * 10);
	page->reach[axis == 'y'] = (struct page_reach){ 2 * low - high, 2 * high - low };
	page_command(page, "unset logscale %c", axis);
	page_command(page, "set %crange [%.10g:%.10g]", axis, low, high);
	page_command(page, "set %ctics %.10g", axis, linear_step(high - low, fmax(room, 2)));
}

struct log_axis {
	double low, high;
	size_t room; /* labels that fit */
};

/* How many steps of 1, 2, 5 or of 1, 3 a decade has, or only every n-th decade's 1. */
enum density { DENSITY_FULL, DENSITY_HALF, DENSITY_DECADES };

static size_t log_tics(const struct log_axis *axis, int density, double *ret, size_t max)
{
	static const double steps[][3] = { { 1, 2, 5 }, { 1, 3, 0 }, { 1, 0, 0 } };
	int from = (int)floor(log10(axis->low)), to = (int)ceil(log10(axis->high));
	int row = density < DENSITY_DECADES ? density : DENSITY_DECADES;
	int stride = density < DENSITY_DECADES ? 1 : density - DENSITY_DECADES + 1;
	size_t count = 0;

	for (int power = from; power <= to; power++)
		for (size_t i = 0; i < ARRAY_SIZE(steps[row]); i++) {
			double at = steps[row][i] * pow(10, power);

			if (power % stride == 0 && at >= axis->low * 0.999 &&
			    at <= axis->high * 1.001 && count < max)
				ret[count++] = at;
		}
	return count;
}

static size_t choose_log_tics(const struct log_axis *axis, double *ret, size_t max)
{
	int density = DENSITY_FULL;
	size_t count = log_tics(axis, density, ret, max);

	while (count > axis->room && density < DENSITY_DECADES + 8)
		count = log_tics(axis, ++density, ret, max);
	return count;
}

void page_axis_log(struct page *page, char axis, double low, double high, const char *unit)
{
	struct log_axis about;
	struct page_tic tics[32];
	char texts[32][24];
	double places[32];
	size_t count;

	low = within(low, 1 / AXIS_MOST, AXIS_MOST / 10);
	high = within(high, low * 1.01, AXIS_MOST);
	about = (struct log_axis){ low, high, page->panel_height / 20 };
	if (axis == 'x')
		about.room = page->panel_width / (*unit ? 52 : 38);
	count = choose_log_tics(&about, places, ARRAY_SIZE(places));
	for (size_t i = 0; i < count; i++) {
		plot_quantity(places[i], unit, texts[i], sizeof(texts[i]));
		tics[i] = (struct page_tic){ places[i], texts[i] };
	}
	page->reach[axis == 'y'] = (struct page_reach){ low / 10, high * 10 };
	page_command(page, "set logscale %c", axis);
	page_command(page, "set %crange [%.10g:%.10g]", axis, low, high);
	page_tics(page, axis, tics, count, "");
}

double page_end(const struct page *page, char axis, double value)
{
	const struct page_reach *reach = &page->reach[axis == 'y'];

	return isnan(value) ? NAN : fmin(fmax(value, reach->low), reach->high);
}
