// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_hist_text.h"

#include "harness/cleanup.h"
#include "harness/format.h"
#include "harness/stats.h"
#include "harness/summary.h"
#include "harness/text.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define BAR_COLUMNS 52
#define LINEAR_BINS 20
/* From this median on microseconds read better. */
#define MICROSECOND_NS 1000

/* All cells of one series, so that they can be laid side by side. */
struct view {
	const struct plot_data *data;
	size_t name;
	double divisor;
	const char *unit; /* of what was divided */
	double step; /* in it */
	FILE *out;
};

static const struct plot_series *find(const struct plot_data *data, size_t cell, size_t name,
				      enum direction direction)
{
	const struct plot_series *series = plot_find(&data->cells[cell], name, direction);

	return series && series->count && !plot_one_a_batch(series) ? series : NULL;
}

/* The largest over cells and directions; 0 if there is no distribution. */
static double largest(const struct plot_data *data, size_t name, double p)
{
	double most = 0;

	for (size_t cell = 0; cell < data->cell_count; cell++)
		for (int d = 0; d < DIRECTION_COUNT; d++) {
			const struct plot_series *series = find(data, cell, name, d);

			if (series)
				most = fmax(most,
					    stats_percentile(series->sorted, series->count, p));
		}
	return most;
}

static struct view make_view(const struct plot_data *data, size_t name,
			     const struct hist_text *what, FILE *out)
{
	const char *unit = data->names[name].unit;
	bool time = !strcmp(unit, "ns");
	bool large = time && largest(data, name, 0.5) >= MICROSECOND_NS;
	struct view view = { data, name, large ? 1e3 : 1, large ? "us" : unit, 0, out };

	view.step = time ? what->step_ns / view.divisor : 0;
	if (!(view.step > 0))
		view.step =
			histogram_step_width(largest(data, name, 0.95) / view.divisor, LINEAR_BINS);
	return view;
}

static void print_bar(size_t count, size_t most, FILE *out)
{
	size_t length = (size_t)((double)count / (double)most * BAR_COLUMNS);

	fputc('|', out);
	for (size_t i = 0; i < BAR_COLUMNS; i++)
		fputc(i < length ? '@' : ' ', out);
	fputs("|\n", out);
}

/* From the first that holds any to the last; `open`: the last bin has no end. */
static void print_bins(const struct histogram *histogram, bool open, FILE *out)
{
	size_t first = histogram->count, last = 0, most = 0;

	for (size_t i = 0; i < histogram->count; i++) {
		if (!histogram->counts[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = histogram->counts[i] > most ? histogram->counts[i] : most;
	}
	for (size_t i = first; i <= last && most; i++) {
		char label[80];

		if (open && i + 1 == histogram->count)
			snprintf(label, sizeof(label), "[%.10g, ...)", histogram->edges[i]);
		else
			snprintf(label, sizeof(label), "[%.10g, %.10g)", histogram->edges[i],
				 histogram->edges[i + 1]);
		fprintf(out, "  %-18s %8zu ", label, histogram->counts[i]);
		print_bar(histogram->counts[i], most, out);
	}
}

static void print_head(const struct view *view, size_t cell, const struct plot_series *series)
{
	const struct plot_name *about = &view->data->names[view->name];
	const char *label = view->data->cells[cell].label;
	char min[FORMAT_MAX], mean[FORMAT_MAX], max[FORMAT_MAX];

	fputc('\n', view->out);
	text_put(view->out, "%s%s%s, %s: n %zu, min %s, mean %s, max %s\n", label,
		 *label ? ": " : "", about->text, direction_names[series->direction], series->count,
		 format_quantity(series->sorted[0], about->unit, min, sizeof(min)),
		 format_quantity(series->mean, about->unit, mean, sizeof(mean)),
		 format_quantity(series->sorted[series->count - 1], about->unit, max, sizeof(max)));
}

static void print_series(const struct view *view, size_t cell, const struct plot_series *series)
{
	_free_ double *scaled = calloc(series->count, sizeof(*scaled));
	struct histogram histogram;

	if (!scaled)
		abort();
	for (size_t i = 0; i < series->count; i++)
		scaled[i] = series->sorted[i] / view->divisor;
	print_head(view, cell, series);
	text_put(view->out, " powers of two (%s):\n", view->unit);
	histogram_log2(scaled, series->count, &histogram);
	print_bins(&histogram, false, view->out);
	histogram_free(&histogram);
	text_put(view->out, " steps of %.10g %s:\n", view->step, view->unit);
	histogram_steps(scaled, series->count, view->step, LINEAR_BINS, &histogram);
	print_bins(&histogram, true, view->out);
	histogram_free(&histogram);
}

static void print_name(const struct view *view)
{
	for (size_t cell = 0; cell < view->data->cell_count; cell++)
		for (int d = 0; d < DIRECTION_COUNT; d++) {
			const struct plot_series *series = find(view->data, cell, view->name, d);

			if (series)
				print_series(view, cell, series);
		}
}

static bool is_distribution(const struct plot_data *data, size_t name)
{
	for (size_t cell = 0; cell < data->cell_count; cell++)
		for (int d = 0; d < DIRECTION_COUNT; d++)
			if (find(data, cell, name, d))
				return true;
	return false;
}

static bool is_asked(const struct plot_data *data, size_t name, const struct hist_text *what)
{
	for (size_t i = 0; i < what->series_count; i++)
		if (!strcmp(what->series[i], data->names[name].text))
			return true;
	return !what->series_count;
}

static int check_names(const struct plot_data *data, const struct hist_text *what, struct err *err)
{
	for (size_t i = 0; i < what->series_count; i++) {
		bool known = false;

		for (size_t name = 0; name < data->name_count; name++)
			known |= !strcmp(what->series[i], data->names[name].text) &&
				 is_distribution(data, name);
		if (!known)
			return err_usage(err,
					 "'%s' has no series '%s' with more than a value a batch",
					 data->folder.dir, what->series[i]);
	}
	return 0;
}

int plot_hist_text(const struct plot_data *data, const struct hist_text *what, FILE *out,
		   struct err *err)
{
	int code = check_names(data, what, err);
	bool any = false;

	for (size_t name = 0; name < data->name_count && !code; name++)
		if (is_asked(data, name, what) && is_distribution(data, name)) {
			struct view view = make_view(data, name, what, out);

			print_name(&view);
			any = true;
		}
	if (!code && !any)
		return err_usage(err, "'%s' has no series with more than a value a batch",
				 data->folder.dir);
	return code;
}
