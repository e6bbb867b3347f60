// SPDX-License-Identifier: GPL-2.0-only
#include "harness/plot_factor.h"

#include "harness/cleanup.h"
#include "harness/stats.h"

#include <math.h>
#include <string.h>

static size_t count_distinct(const struct plot_data *data, const char *factor)
{
	_free_ double *values = calloc(data->cell_count, sizeof(*values));
	size_t distinct = 1;

	if (!values)
		abort();
	for (size_t i = 0; i < data->cell_count; i++) {
		const json_t *value = json_object_get(data->cells[i].factors, factor);

		if (!json_is_number(value))
			return 0;
		values[i] = json_number_value(value);
	}
	stats_sort(values, data->cell_count);
	for (size_t i = 1; i < data->cell_count; i++)
		distinct += values[i] != values[i - 1];
	return distinct;
}

/* The numeric factor with the most values. */
static const char *find_factor(const struct plot_data *data)
{
	const char *best = NULL, *path;
	size_t most = 1;
	json_t *value;

	json_object_foreach ((json_t *)data->cells[0].factors, path, value) {
		size_t distinct = count_distinct(data, path);

		if (distinct > most) {
			most = distinct;
			best = path;
		}
	}
	return best;
}

/* What is the same in all cells tells none from another. */
static bool varies(const struct plot_data *data, const char *path)
{
	const json_t *first = json_object_get(data->cells[0].factors, path);

	for (size_t i = 1; i < data->cell_count; i++)
		if (!json_equal(first, json_object_get(data->cells[i].factors, path)))
			return true;
	return false;
}

/* "mode=nftables": the other factors. */
static char *group_label(const struct plot_data *data, size_t cell, const char *factor)
{
	const json_t *factors = data->cells[cell].factors;
	char *label = NULL;
	size_t size;
	FILE *out = open_memstream(&label, &size);
	const char *path;
	json_t *value;

	if (!out)
		abort();
	json_object_foreach ((json_t *)factors, path, value) {
		const char *dot = strrchr(path, '.');
		_free_ char *text = NULL;

		if (!strcmp(path, factor) || !varies(data, path))
			continue;
		text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
		fprintf(out, "%s%s=%s", ftell(out) > 0 ? "  " : "", dot ? dot + 1 : path,
			json_is_string(value) ? json_string_value(value) : text);
	}
	fclose(out);
	return label;
}

/* `known`: the groups' indices by their labels. */
static size_t find_group(struct factor_sweep *sweep, json_t *known, size_t cell)
{
	_free_ char *label = group_label(sweep->data, cell, sweep->factor);
	const json_t *index = json_object_get(known, label);

	if (index)
		return (size_t)json_integer_value(index);
	json_object_set_new_nocheck(known, label, json_integer((json_int_t)sweep->group_count));
	sweep->groups[sweep->group_count] = steal_ptr(label);
	return sweep->group_count++;
}

static int compare_places(const void *left, const void *right, void *context)
{
	size_t a = *(const size_t *)left, b = *(const size_t *)right;
	const double *x = context;

	return x[a] != x[b] ? (x[a] > x[b]) - (x[a] < x[b]) : (a > b) - (a < b);
}

bool factor_sweep_init(struct factor_sweep *sweep, const struct plot_data *data)
{
	_json_ json_t *known = json_object();

	*sweep = (struct factor_sweep){ .data = data, .factor = find_factor(data) };
	if (!sweep->factor)
		return false;
	sweep->groups = calloc(data->cell_count, sizeof(*sweep->groups));
	sweep->group_of = calloc(data->cell_count, sizeof(*sweep->group_of));
	sweep->order = calloc(data->cell_count, sizeof(*sweep->order));
	sweep->x = calloc(data->cell_count, sizeof(*sweep->x));
	if (!sweep->groups || !sweep->group_of || !sweep->order || !sweep->x)
		abort();
	sweep->low = INFINITY;
	sweep->high = -INFINITY;
	for (size_t i = 0; i < data->cell_count; i++) {
		const json_t *value = json_object_get(data->cells[i].factors, sweep->factor);

		sweep->x[i] = json_number_value(value);
		sweep->low = fmin(sweep->low, sweep->x[i]);
		sweep->high = fmax(sweep->high, sweep->x[i]);
		sweep->group_of[i] = find_group(sweep, known, i);
		sweep->order[i] = i;
	}
	qsort_r(sweep->order, data->cell_count, sizeof(*sweep->order), compare_places, sweep->x);
	return true;
}

void factor_sweep_done(struct factor_sweep *sweep)
{
	for (size_t i = 0; i < sweep->group_count; i++)
		free(sweep->groups[i]);
	free(sweep->groups);
	free(sweep->group_of);
	free(sweep->order);
	free(sweep->x);
}

bool factor_is_log(const struct factor_sweep *sweep)
{
	return sweep->low > 0 && sweep->high / sweep->low >= FACTOR_LOG_RATIO;
}

void factor_axis(struct page *page, const struct factor_sweep *sweep)
{
	const char *dot = strrchr(sweep->factor, '.');
	double room = (sweep->high - sweep->low) * 0.05;

	if (factor_is_log(sweep))
		page_axis_log(page, 'x', sweep->low / 1.3, sweep->high * 1.3, "");
	else
		page_axis_linear(page, 'x', sweep->low - room, sweep->high + room);
	page_text(page, "set xlabel", dot ? dot + 1 : sweep->factor, "offset 0,0.4");
}

const char *factor_group_title(const struct factor_sweep *sweep, size_t group)
{
	const char *label = sweep->groups[group], *equals = strchr(label, '=');

	return equals && !strstr(label, "  ") ? equals + 1 : label;
}
