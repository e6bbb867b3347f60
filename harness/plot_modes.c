// SPDX-License-Identifier: GPL-2.0-only
#include "harness/cleanup.h"
#include "harness/plot_charts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_CLUSTERS 24
#define MAX_BARS 512
#define REFERENCE_COLOUR 0xb4b4b4
#define HOW "Bars: mean of the batch means. Whiskers: 95 % interval."

/* A folder's cell; its bars stand side by side, in the order of its path. */
struct cluster {
	const struct plot_data *data;
	size_t cell, names[CHART_MAX_NAMES], name_count;
};

struct modes {
	struct cluster clusters[MAX_CLUSTERS];
	size_t cluster_count, slots; /* places for bars, a free one between clusters */
	const char *palette[CHART_MAX_NAMES]; /* segment names: a colour each */
	size_t palette_count;
	bool published; /* some have the source's own figures */
	const char *unit;
	double largest[DIRECTION_COUNT];
};

static size_t palette_index(struct modes *modes, const char *name)
{
	for (size_t i = 0; i < modes->palette_count; i++)
		if (!strcmp(modes->palette[i], name))
			return i;
	if (modes->palette_count == CHART_MAX_NAMES)
		return 0;
	modes->palette[modes->palette_count] = name;
	return modes->palette_count++;
}

static void note_heights(struct modes *modes, const struct cluster *cluster)
{
	const struct plot_data *data = cluster->data;

	for (size_t i = 0; i < cluster->name_count; i++) {
		const char *name = data->names[cluster->names[i]].text;

		palette_index(modes, name);
		for (int d = 0; d < DIRECTION_COUNT; d++) {
			const struct plot_series *series =
				plot_find(&data->cells[cluster->cell], cluster->names[i], d);

			if (series)
				modes->largest[d] =
					fmax(modes->largest[d], fmax(series->mean, series->high));
			modes->published |= !isnan(plot_reference_mean(data, name, d));
			modes->largest[d] =
				fmax(modes->largest[d], plot_reference_mean(data, name, d));
		}
	}
}

/* The folder's, where no unit was settled before. Mixing nanoseconds and instructions is an error.
 */
static int add_clusters(struct modes *modes, const struct plot_data *data, struct err *err)
{
	for (size_t cell = 0; cell < data->cell_count; cell++) {
		struct cluster *cluster = &modes->clusters[modes->cluster_count];
		const char *unit;

		if (modes->cluster_count == MAX_CLUSTERS)
			return err_usage(err, "more than %d cells to compare", MAX_CLUSTERS);
		*cluster = (struct cluster){ .data = data, .cell = cell };
		cluster->name_count = chart_segment_names(data, cluster->names, CHART_MAX_NAMES);
		if (!cluster->name_count)
			continue;
		unit = data->names[cluster->names[0]].unit;
		if (modes->unit && strcmp(modes->unit, unit))
			return err_usage(err, "'%s' is in %s, others are in %s", data->folder.dir,
					 unit, modes->unit);
		modes->unit = unit;
		modes->slots += cluster->name_count + 1;
		if (modes->slots > MAX_BARS)
			return err_usage(err, "more than %d segments to compare", MAX_BARS);
		note_heights(modes, cluster);
		modes->cluster_count++;
	}
	return 0;
}

static bool any_of(const struct modes *modes, enum direction direction)
{
	for (size_t i = 0; i < modes->cluster_count; i++)
		for (size_t k = 0; k < modes->clusters[i].name_count; k++)
			if (plot_has(modes->clusters[i].data, modes->clusters[i].names[k],
				     direction))
				return true;
	return false;
}

static const char *experiment_of(const struct plot_data *data)
{
	return json_string_value(json_object_get(data->folder.summary, "experiment"));
}

/* Two runs of one experiment are told apart by their folders. */
static const char *folder_label(const struct modes *modes, const struct plot_data *data)
{
	const char *slash = strrchr(data->folder.dir, '/');

	for (size_t i = 0; i < modes->cluster_count; i++)
		if (modes->clusters[i].data != data &&
		    !strcmp(experiment_of(modes->clusters[i].data), experiment_of(data)))
			return slash && slash[1] ? slash + 1 : data->folder.dir;
	return experiment_of(data);
}

static char *cluster_label(const struct modes *modes, const struct cluster *cluster)
{
	const char *cell = cluster->data->cells[cluster->cell].label;
	_free_ char *label = NULL;

	if (asprintf(&label, "%s%s%s", folder_label(modes, cluster->data), *cell ? " " : "", cell) <
	    0)
		abort();
	return plot_shorten(label, 28);
}

/* Names under the bars, the folder's name under them. */
static void put_labels(struct page *page, const struct modes *modes)
{
	struct page_tic tics[MAX_BARS];
	double at = 0.5;
	size_t count = 0;

	for (size_t i = 0; i < modes->cluster_count; i++) {
		const struct cluster *cluster = &modes->clusters[i];
		_free_ char *label = cluster_label(modes, cluster);
		char place[128];

		snprintf(place, sizeof(place),
			 "at first %.8g, graph 0 offset 0,-4.6 center font FONT_BOLD.',10' "
			 "tc rgb '#333333'",
			 at + (cluster->name_count - 1) / 2.0);
		page_text(page, "set label", label, place);
		for (size_t k = 0; k < cluster->name_count; k++, at++)
			tics[count++] =
				(struct page_tic){ at,
						   cluster->data->names[cluster->names[k]].text };
		at++;
	}
	page_tics(page, 'x', tics, count, "scale 0 rotate by -35 left font FONT.',9'");
}

static void put_bar(struct page *page, double at, double half, double value, unsigned colour)
{
	if (!isnan(value))
		page_put(page, at, value, at - half, at + half, 0, value, colour);
}

static void put_bars(struct page *page, struct modes *modes, enum direction direction, double by)
{
	double at = 0.5;

	page_curve(page, 0, 1, 0, 1);
	for (size_t i = 0; i < modes->cluster_count; i++, at++) {
		const struct cluster *cluster = &modes->clusters[i];

		for (size_t k = 0; k < cluster->name_count; k++, at++) {
			const char *name = cluster->data->names[cluster->names[k]].text;
			double reference = plot_reference_mean(cluster->data, name, direction) / by;
			const struct plot_series *series = plot_find(
				&cluster->data->cells[cluster->cell], cluster->names[k], direction);
			double half = isnan(reference) ? 0.4 : 0.2;

			put_bar(page, isnan(reference) ? at : at - 0.2, half,
				series ? series->mean / by : NAN,
				plot_colour(palette_index(modes, name)));
			put_bar(page, at + 0.22, half, reference, REFERENCE_COLOUR);
		}
	}
}

static void put_whiskers(struct page *page, const struct modes *modes, enum direction direction,
			 double by)
{
	double at = 0.5;

	page_curve(page, 0, 1, 0, 1);
	for (size_t i = 0; i < modes->cluster_count; i++, at++) {
		const struct cluster *cluster = &modes->clusters[i];

		for (size_t k = 0; k < cluster->name_count; k++, at++) {
			const struct plot_series *series = plot_find(
				&cluster->data->cells[cluster->cell], cluster->names[k], direction);
			const char *name = cluster->data->names[cluster->names[k]].text;
			bool alone = isnan(plot_reference_mean(cluster->data, name, direction));

			if (series && !isnan(series->low) && !isnan(series->high))
				page_put(page, alone ? at : at - 0.2, series->mean / by,
					 series->low / by, series->high / by);
		}
	}
}

static void put_panel(struct page *page, struct modes *modes, enum direction direction)
{
	struct plot_scale scale = plot_scale_for(modes->largest[direction], modes->unit);
	char axis[64];

	page_panel(page, direction_names[direction]);
	page_axis_linear(page, 'y', 0, modes->largest[direction] / scale.divisor * 1.08);
	page_text(page, "set ylabel", plot_axis_title(&scale, modes->unit, axis, sizeof(axis)), "");
	page_command(page, "set xrange [-0.5:%zu-0.5]", modes->slots);
	put_labels(page, modes);
	put_bars(page, modes, direction, scale.divisor);
	put_whiskers(page, modes, direction, scale.divisor);
}

/* Where and how each folder was measured, by its name where that is not the same of all. */
static char *make_caption(const struct modes *modes)
{
	const struct plot_data *first = modes->clusters[0].data, *last = NULL;
	char *text = NULL;
	bool same = true;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		abort();
	for (size_t i = 0; i < modes->cluster_count; i++)
		same &= !strcmp(modes->clusters[i].data->caption, first->caption);
	for (size_t i = 0; i < modes->cluster_count && !same; i++) {
		const struct plot_data *data = modes->clusters[i].data;

		if (data != last)
			fprintf(out, "%s%s: %s", last ? "; " : "", folder_label(modes, data),
				data->caption);
		last = data;
	}
	fprintf(out, "%s. %s", same ? first->caption : "", HOW);
	fclose(out);
	return text;
}

static int draw(struct modes *modes, char **ret_script, struct err *err)
{
	_free_ char *caption = make_caption(modes);
	_page_ struct page page = { 0 };
	size_t panels = 0;

	for (int d = 0; d < DIRECTION_COUNT; d++)
		panels += any_of(modes, d);
	page_begin(&page, "modes", "Comparison between modes",
		   "What each segment of the path takes", NULL);
	for (size_t i = 0; i < modes->palette_count; i++)
		page_legend(&page, modes->palette[i], plot_colour(i), 0);
	if (modes->published)
		page_legend(&page, "as the paper has it", REFERENCE_COLOUR, 0);
	page_grid(&page, &(struct page_grid){ .count = panels,
					      .columns = 1,
					      .panel_height = 230,
					      .left = 56,
					      .right = 8,
					      .bottom = 84 });
	for (int d = 0; d < DIRECTION_COUNT; d++)
		if (any_of(modes, d))
			put_panel(&page, modes, d);
	return page_finish(&page, "segments", caption, ret_script, err);
}

int chart_modes(const struct plot_data *folders, size_t count, char **ret_script, struct err *err)
{
	struct modes modes = { 0 };

	for (size_t i = 0; i < count; i++) {
		int code = add_clusters(&modes, &folders[i], err);

		if (code)
			return code;
	}
	return modes.cluster_count ? draw(&modes, ret_script, err) : 0;
}
