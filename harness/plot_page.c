// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_page.h"

#include "harness/cleanup.h"
#include "harness/file.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#define PAGE_WIDTH 960
#define MARGIN 24.0
#define CAPTION_HEIGHT 30.0
#define PANEL_TITLE_HEIGHT 26.0
#define LEGEND_ROW 19.0
#define LEGEND_FONT 10
#define TITLE_COLUMNS 80
#define CAPTION_COLUMNS 150
#define CAPTION_ROW 14
#define LEGEND_COLUMNS 48

static FILE *stream_open(char **text, size_t *size)
{
	FILE *stream = open_memstream(text, size);

	if (!stream)
		abort();
	return stream;
}

/* `text` becomes one element of the template's COMMAND. */
static void put_command(struct page *page, const char *text)
{
	fprintf(page->commands, "COMMAND[%zu] = ", ++page->command_count);
	plot_quote_command(page->commands, text);
	fputc('\n', page->commands);
}

void page_command(struct page *page, const char *format, ...)
{
	_free_ char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		abort();
	va_end(args);
	put_command(page, text);
}

void page_text(struct page *page, const char *before, const char *text, const char *after)
{
	_free_ char *command = NULL;
	size_t size;
	FILE *out = stream_open(&command, &size);

	fprintf(out, "%s ", before);
	plot_quote(out, text);
	fprintf(out, " %s", after);
	fclose(out);
	put_command(page, command);
}

/* Pixels from the top left; H is known to the script, and to us only after page_grid(). */
static void put_text(struct page *page, double x, double y, const char *text, const char *style)
{
	_free_ char *after = NULL;

	if (asprintf(&after, "at screen %.1f/W, screen 1-%.1f/H %s", x, y, style) < 0)
		abort();
	page_text(page, "set label", text, after);
}

void page_begin(struct page *page, const char *name, const char *title, const char *subtitle,
		const char *warning)
{
	_free_ char *short_title = plot_shorten(title, TITLE_COLUMNS);
	_free_ char *short_subtitle = plot_shorten(subtitle, CAPTION_COLUMNS);

	*page = (struct page){ .name = name, .width = PAGE_WIDTH };
	page->commands = stream_open(&page->commands_text, &page->commands_size);
	page->curves = stream_open(&page->curves_text, &page->curves_size);
	page->data = stream_open(&page->data_text, &page->data_size);
	page->first_command[0] = 1;
	put_text(page, MARGIN, 25, short_title, "left font FONT_BOLD.',15' tc rgb '#222222'");
	put_text(page, MARGIN, 47, short_subtitle, "left font FONT.',11' tc rgb '#555555'");
	page->header = 60;
	if (warning) {
		put_text(page, MARGIN, 66, warning, "left font FONT_BOLD.',11' tc rgb '#b03000'");
		page->header += 19;
	}
	page->legend_x = 0;
}

void page_legend(struct page *page, const char *text, unsigned colour, int dash)
{
	_free_ char *label = plot_shorten(text, LEGEND_COLUMNS);
	double mark = dash ? 24 : 12, middle;
	double width = mark + 6 + plot_text_width(label, LEGEND_FONT);

	if (page->legend_x == 0 || page->legend_x + width > page->width - MARGIN) {
		page->legend_x = MARGIN;
		page->header += LEGEND_ROW;
	}
	middle = page->header - 6;
	if (dash)
		page_command(page,
			     "set arrow from screen %.1f/W, screen 1-%.1f/H to screen %.1f/W, "
			     "screen 1-%.1f/H nohead lc rgb '#%06x' lw 2 dt %d",
			     page->legend_x, middle, page->legend_x + mark, middle, colour, dash);
	else
		page_command(page,
			     "set object rectangle from screen %.1f/W, screen 1-%.1f/H to screen "
			     "%.1f/W, screen 1-%.1f/H fc rgb '#%06x' fs solid noborder",
			     page->legend_x, middle - 6, page->legend_x + mark, middle + 6, colour);
	put_text(page, page->legend_x + mark + 6, middle, label,
		 "left font FONT.',10' tc rgb '#333333'");
	page->legend_x += width + 20;
}

void page_grid(struct page *page, const struct page_grid *grid)
{
	size_t columns = grid->columns < grid->count ? grid->columns : grid->count;
	size_t rows = (grid->count + columns - 1) / columns;
	double space =
		page->width - 2 * MARGIN - grid->indent - columns * (grid->left + grid->right);

	page->columns = columns;
	page->indent = grid->indent;
	page->left = grid->left;
	page->right = grid->right;
	page->bottom = grid->bottom;
	page->panel_width = space / columns;
	page->panel_height = grid->panel_height;
	page->header += 8;
	page->height = round(page->header +
			     rows * (PANEL_TITLE_HEIGHT + grid->panel_height + grid->bottom) +
			     CAPTION_HEIGHT);
}

void page_panel(struct page *page, const char *title)
{
	size_t column = page->panel_count % page->columns, row = page->panel_count / page->columns;
	double x = MARGIN + page->indent + page->left +
		   column * (page->left + page->panel_width + page->right);
	double y = page->header + PANEL_TITLE_HEIGHT +
		   row * (PANEL_TITLE_HEIGHT + page->panel_height + page->bottom);

	if (page->panel_count)
		page->first_command[page->panel_count] = page->command_count + 1;
	page->first_curve[page->panel_count++] = page->curve_count + 1;
	/* One a panel: gnuplot looks for a curve from the top of its block. */
	fprintf(page->data, "%s$data%zu << END\n", page->panel_count > 1 ? "END\n" : "",
		page->panel_count);
	page_command(page, "set lmargin at screen %.1f/W", x);
	page_command(page, "set rmargin at screen %.1f/W", x + page->panel_width);
	page_command(page, "set tmargin at screen 1-%.1f/H", y);
	page_command(page, "set bmargin at screen 1-%.1f/H", y + page->panel_height);
	if (*title)
		put_text(page, x, y - 12, title, "left font FONT_BOLD.',11' tc rgb '#333333'");
}

/* Labels of tics are formats to gnuplot. */
static void put_tic(FILE *out, const struct page_tic *tic)
{
	_free_ char *format = calloc(2, strlen(tic->text) + 1);
	char *to = format;

	if (!format)
		abort();
	for (const char *from = tic->text; *from; from++) {
		*to++ = *from;
		if (*from == '%')
			*to++ = '%';
	}
	plot_quote(out, format);
	fprintf(out, " %.10g", tic->at);
}

void page_tics(struct page *page, char axis, const struct page_tic *tics, size_t count,
	       const char *after)
{
	_free_ char *command = NULL;
	size_t size;
	FILE *out = stream_open(&command, &size);

	fprintf(out, "set %ctics (", axis);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", out);
		put_tic(out, &tics[i]);
	}
	fprintf(out, ") %s", after);
	fclose(out);
	put_command(page, command);
}

void page_curve(struct page *page, unsigned colour, int dash, int point, double line_width)
{
	size_t curve = ++page->curve_count;

	fprintf(page->curves,
		"COLOUR[%zu] = 0x%06x; DASH[%zu] = %d; POINT[%zu] = %d; WIDTH[%zu] = %g\n", curve,
		colour, curve, dash, curve, point, curve, line_width);
	/* gnuplot counts blocks by the blank lines between them: none may be empty. */
	if (curve > page->first_curve[page->panel_count - 1])
		fputs("\n\n", page->data);
	fputs("NaN NaN NaN NaN NaN NaN NaN\n", page->data);
}

void page_row(struct page *page, const double *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (isnan(values[i]))
			fprintf(page->data, "%sNaN", i ? " " : "");
		else
			fprintf(page->data, "%s%.8g", i ? " " : "", values[i]);
	fputc('\n', page->data);
}

static void put_array(FILE *out, const char *name, const size_t *values, size_t count)
{
	fprintf(out, "array %s[%zu] = [", name, count);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%zu", i ? ", " : "", values[i]);
	fputs("]\n", out);
}

static void put_preamble(struct page *page, FILE *out)
{
	size_t curves = page->curve_count ? page->curve_count : 1;

	page->first_command[page->panel_count] = page->command_count + 1;
	page->first_curve[page->panel_count] = page->curve_count + 1;
	fprintf(out, "# Made by labrun plot. Draws %s.svg and %s.png: gnuplot %s.gp\n", page->name,
		page->name, page->name);
	fprintf(out, "NAME = '%s'; W = %.0f.0; H = %.0f.0; PANELS = %zu\n", page->name, page->width,
		page->height, page->panel_count);
	/* Of panel p: from the p-th to before the next; commands before the first are the page's.
	 */
	put_array(out, "FIRST_COMMAND", page->first_command, page->panel_count + 1);
	put_array(out, "FIRST_CURVE", page->first_curve, page->panel_count + 1);
	fprintf(out, "array COMMAND[%zu]\n%s", page->command_count, page->commands_text);
	fprintf(out, "array COLOUR[%zu]; array DASH[%zu]; array POINT[%zu]; array WIDTH[%zu]\n%s",
		curves, curves, curves, curves, page->curves_text);
	fprintf(out, "%sEND\n", page->data_text);
}

static int put_template(FILE *out, const char *name, struct err *err)
{
	_free_ char *path = file_data_path("plots", name, ".gp");
	_free_ char *text = NULL;
	int code = file_read(path, &text, NULL, err);

	if (!code)
		fprintf(out, "\n%s", text);
	return code;
}

/* Drawn with the last panel: in two lines if it takes them, and the page is the longer for it. */
static void put_caption(struct page *page, const char *caption)
{
	static const char style[] = "left font FONT.',9' tc rgb '#777777'";
	size_t bytes = plot_wrap(caption, CAPTION_COLUMNS);
	_free_ char *first = strndup(caption, bytes), *rest = NULL;

	if (!first)
		abort();
	put_text(page, MARGIN, page->height - 14, first, style);
	if (!caption[bytes])
		return;
	rest = plot_shorten(caption + bytes + strspn(caption + bytes, " "), CAPTION_COLUMNS);
	page->height += CAPTION_ROW;
	put_text(page, MARGIN, page->height - 14, rest, style);
}

int page_finish(struct page *page, const char *template, const char *caption, char **ret_text,
		struct err *err)
{
	_free_ char *script = NULL;
	size_t size;
	FILE *out;
	int code;

	put_caption(page, caption);
	fclose(page->commands);
	fclose(page->curves);
	fclose(page->data);
	page->commands = page->curves = page->data = NULL;
	out = stream_open(&script, &size);
	put_preamble(page, out);
	code = put_template(out, "style", err);
	if (!code)
		code = put_template(out, template, err);
	fclose(out);
	if (!code)
		*ret_text = steal_ptr(script);
	return code;
}

void page_done(struct page *page)
{
	if (page->commands)
		fclose(page->commands);
	if (page->curves)
		fclose(page->curves);
	if (page->data)
		fclose(page->data);
	free(page->commands_text);
	free(page->curves_text);
	free(page->data_text);
	*page = (struct page){ 0 };
}
