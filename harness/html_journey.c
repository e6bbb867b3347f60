// SPDX-License-Identifier: GPL-2.0-only
#include "harness/html_journey.h"

#include "harness/cleanup.h"
#include "harness/format.h"
#include "harness/html.h"
#include "harness/json_read.h"
#include "harness/plot_text.h"
#include "harness/samples.h"

#include <math.h>
#include <string.h>

/* In the drawing's own units, which are pixels at its natural size. */
#define WIDTH 960
#define PLACES_X 120
#define BARS_X 385
#define BARS_END 870
#define ROW 22
#define HEAD 30
#define TICS 5 /* at most about so many */
/* Beyond it nobody can take the drawing in. */
#define POINTS_MAX 1000

struct drawing {
	FILE *out;
	const json_t *cell, *path; /* the topology's list of points */
	double longest; /* of both directions, in the series' unit */
	const char *unit;
};

static const json_t *find_series(const json_t *cell, const char *name, const char *direction)
{
	const json_t *series;
	size_t i;

	json_array_foreach (json_object_get(cell, "series"), i, series)
		if (!strcmp(json_read_text(series, "name"), name) &&
		    !strcmp(json_read_text(series, "direction"), direction))
			return series;
	return NULL;
}

/* The median of the segment that begins at a point; NAN if it was not measured. */
static double median_at(const struct drawing *drawing, size_t point, enum direction direction)
{
	const char *name = json_read_text(json_array_get(drawing->path, point), "segment");
	const json_t *series = find_series(drawing->cell, name, direction_names[direction]);
	double median = series ? json_read_number(series, "p50") : NAN;

	return median >= 0 ? median : NAN;
}

static double total_of(const struct drawing *drawing, enum direction direction)
{
	double total = 0;

	for (size_t i = 0; i < json_array_size(drawing->path); i++)
		total += fmax(median_at(drawing, i, direction), 0);
	return total;
}

static size_t count_rows(const struct drawing *drawing, enum direction direction)
{
	size_t count = 0;

	for (size_t i = 0; i < json_array_size(drawing->path); i++)
		count += !isnan(median_at(drawing, i, direction));
	return count;
}

static double scale_x(const struct drawing *drawing, double value)
{
	double part = drawing->longest > 0 ? value / drawing->longest : 0;

	return BARS_X + part * (BARS_END - BARS_X);
}

static void put_label(const struct drawing *drawing, double x, double y, const char *class,
		      const char *text)
{
	fprintf(drawing->out, "<text x=\"%.1f\" y=\"%.1f\" class=\"%s\">", x, y, class);
	html_put_text(drawing->out, text);
	fputs("</text>\n", drawing->out);
}

/* "vm1:eth0" of "vm1:eth0:xmit": what a reply meets there has another role. */
static int device_length(const json_t *point)
{
	const char *text = json_read_text(point, "point");
	const char *role = strrchr(text, ':');

	return (int)(role ? (size_t)(role - text) : strlen(text));
}

static char *places_text(const struct drawing *drawing, size_t point, enum direction direction)
{
	size_t back = direction == DIRECTION_REPLY;
	const json_t *from = json_array_get(drawing->path, point + back);
	const json_t *to = json_array_get(drawing->path, point + 1 - back);
	char *text;

	if (asprintf(&text, "%.*s → %.*s", device_length(from), json_read_text(from, "point"),
		     device_length(to), json_read_text(to, "point")) < 0)
		abort();
	return text;
}

/* What is longer stands at the head only: it would not fit beside the last bar. */
static const char *short_unit(const struct drawing *drawing)
{
	return strlen(drawing->unit) <= 4 ? drawing->unit : "";
}

static void put_row(const struct drawing *drawing, size_t point, enum direction direction, double y,
		    double from)
{
	double median = median_at(drawing, point, direction), x = scale_x(drawing, from);
	double end = scale_x(drawing, from + median);
	_free_ char *places = places_text(drawing, point, direction);
	_free_ char *short_places = plot_shorten(places, 38), *name = NULL;
	char text[FORMAT_MAX];

	name = plot_shorten(json_read_text(json_array_get(drawing->path, point), "segment"), 16);
	put_label(drawing, 0, y + 15, "name", name);
	put_label(drawing, PLACES_X, y + 15, "faint", short_places);
	/* What takes next to nothing is seen all the same. */
	fprintf(drawing->out,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" class=\"%s\"/>\n", x,
		y + 4, fmax(end - x, 1.5), ROW - 8, direction_names[direction]);
	put_label(drawing, fmax(end, x + 1.5) + 5, y + 15, "value",
		  format_quantity(median, short_unit(drawing), text, sizeof(text)));
}

/* 1, 2 or 5 times a power of ten. */
static double tic_step(double longest)
{
	double power = pow(10, floor(log10(longest / TICS))), part = longest / TICS / power;

	return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
}

static void put_grid(const struct drawing *drawing, double top, double bottom)
{
	double step = drawing->longest > 0 ? tic_step(drawing->longest) : 1;
	char text[FORMAT_MAX];

	for (int i = 0; i * step <= drawing->longest; i++) {
		double x = scale_x(drawing, i * step);

		fprintf(drawing->out, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n",
			x, top, x, bottom);
		put_label(drawing, x, top - 4, "tic",
			  plot_quantity(i * step, drawing->unit, text, sizeof(text)));
	}
}

/* Returns how far down it reaches. */
static double put_direction(const struct drawing *drawing, enum direction direction, double top)
{
	size_t count = json_array_size(drawing->path), rows = count_rows(drawing, direction);
	double y = top + HEAD, from = 0;
	char total[FORMAT_MAX], head[FORMAT_MAX + 40];

	if (!rows)
		return top;
	format_quantity(total_of(drawing, direction), drawing->unit, total, sizeof(total));
	snprintf(head, sizeof(head), "%s: %s", direction_names[direction], total);
	put_label(drawing, 0, top + HEAD - 8, "head", head);
	put_grid(drawing, y, y + (double)rows * ROW);
	for (size_t i = 0; i < count; i++) {
		size_t point = direction == DIRECTION_REPLY ? count - 1 - i : i;
		double median = median_at(drawing, point, direction);

		if (isnan(median))
			continue;
		put_row(drawing, point, direction, y, from);
		from += median;
		y += ROW;
	}
	return y;
}

static size_t count_known(const json_t *cell, const json_t *path)
{
	struct drawing drawing = { .cell = cell, .path = path };

	return count_rows(&drawing, DIRECTION_REQUEST) + count_rows(&drawing, DIRECTION_REPLY);
}

static const json_t *find_path(const json_t *cell, const json_t *topologies)
{
	const json_t *topology, *best = NULL;
	size_t i, most = 0;

	json_array_foreach (topologies, i, topology) {
		const json_t *path = json_object_get(topology, "path");
		size_t known = json_array_size(path) <= POINTS_MAX ? count_known(cell, path) : 0;

		if (known > most) {
			most = known;
			best = path;
		}
	}
	return best;
}

static const char *unit_of(const json_t *cell, const json_t *path)
{
	for (size_t i = 0; i < json_array_size(path); i++)
		for (int d = 0; d < DIRECTION_COUNT; d++) {
			const json_t *series = find_series(
				cell, json_read_text(json_array_get(path, i), "segment"),
				direction_names[d]);

			if (series)
				return json_read_text(series, "unit");
		}
	return "";
}

bool html_has_journey(const json_t *cell, const json_t *topologies)
{
	return find_path(cell, topologies);
}

void html_put_journey(FILE *out, const json_t *cell, const json_t *topologies)
{
	struct drawing drawing = { .out = out, .cell = cell, .path = find_path(cell, topologies) };
	size_t rows;
	double y;

	if (!drawing.path)
		return;
	drawing.unit = unit_of(cell, drawing.path);
	drawing.longest =
		fmax(total_of(&drawing, DIRECTION_REQUEST), total_of(&drawing, DIRECTION_REPLY));
	rows = count_known(cell, drawing.path);
	fprintf(out,
		"<figure class=\"wide\"><svg class=\"journey\" viewBox=\"0 0 %d %zu\" role=\"img\" "
		"aria-label=\"the packet's way\">\n",
		WIDTH, 2 * (HEAD + 12) + rows * ROW);
	y = put_direction(&drawing, DIRECTION_REQUEST, 0);
	put_direction(&drawing, DIRECTION_REPLY, y ? y + 12 : 0);
	fputs("</svg></figure>\n", out);
}
